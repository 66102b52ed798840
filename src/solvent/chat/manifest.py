"""What makes the chat something that can be installed: its name, icons, where it begins, and what it says offline."""

from __future__ import annotations

from typing import Final

from starlette.responses import FileResponse, Response

from solvent.identity.person import LANGUAGES
from solvent.pages.drawing import WEB
from solvent.pages.visit import Visit

_SIZES: Final = (192, 512)


async def show_manifest(visit: Visit) -> Response:
    """The manifest, as browsers read it."""
    icons = [
        {"src": f"/static/icons/{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in _SIZES
        for purpose in ("any", "maskable")
    ]
    told = {
        "name": visit.house, "short_name": visit.house, "start_url": "/", "scope": "/", "display": "standalone",
        "background_color": "#ffffff", "theme_color": "#ffffff", "lang": visit.visitor.language, "icons": icons,
    }  # fmt: skip
    response = visit.json(told)
    response.headers["content-type"] = "application/manifest+json"
    return response


async def show_worker(_visit: Visit) -> Response:
    """The script that runs beside the pages, at the top: from there it reaches all of them."""
    return FileResponse(WEB / "js" / "worker.js", media_type="text/javascript")


async def show_offline(visit: Visit) -> Response:
    """That there is no network, in both languages: it is kept for whoever uses this browser then."""
    keys = ("pages.offline", "pages.offline_why", "pages.again")
    own_first = sorted(LANGUAGES, key=lambda language: language != visit.visitor.language)
    said = {language: [visit.words_in(language, key) for key in keys] for language in own_first}
    return visit.page("chat/offline.html", said=said)
