"""How pages look to whoever visits: their language and theme, kept in their browser, and with their account."""

from __future__ import annotations

from starlette.responses import Response

from solvent.pages.site import own_path
from solvent.pages.visit import Visit, keep
from solvent.pages.visitor import LANGUAGE, THEME
from solvent.values.errors import Invalid


async def change_looks(visit: Visit) -> Response:
    """Take what was chosen, and go back."""
    response = visit.go(own_path(visit.form.get("next", ""), "/"))
    language, theme = visit.form.get("language", ""), visit.form.get("theme", "")
    if language and language not in ("ko", "en"):
        raise Invalid("bad_request", "language: choose ko or en", param="language")
    if theme and theme not in ("auto", "light", "dark"):
        raise Invalid("bad_request", "theme: choose auto, light or dark", param="theme")
    for name, chosen in ((LANGUAGE, language), (THEME, theme)):
        if chosen:
            keep(response, name, chosen, visit.request, http_only=True)
    return response
