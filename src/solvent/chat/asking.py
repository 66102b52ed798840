"""What a form asks for, as an act, and whence. One that is sent twice, by a double click say, has its effect once."""

from __future__ import annotations

from typing import Final

from solvent.app.build import App
from solvent.app.calling import address_of
from solvent.app.config import trusted_proxies
from solvent.audit.act import Act, fingerprint
from solvent.pages.site import FORM_TOKEN
from solvent.pages.visit import Visit
from solvent.values.errors import Invalid
from solvent.values.limits import FORM_MARK_CHARACTERS_MAX

MARK: Final = "once"  # the member that tells one drawing of a form from the next


def act_of(visit: Visit, now_us: int, *, secret: tuple[str, ...] = ()) -> Act:
    """The act behind a form. secret: members that nothing may be kept of.

    Raises Invalid where the form has no mark.
    """
    mark = visit.form.get(MARK, "")
    if not mark.isalnum() or len(mark) > FORM_MARK_CHARACTERS_MAX:
        raise Invalid("bad_form", "the form was not sent whole; load the page again and send it once more")
    said = sorted((name, text) for name, text in visit.form.items() if name not in (FORM_TOKEN, MARK, *secret))
    return Act(visit.caller.key, f"page/{mark}", fingerprint(visit.request.url.path, said), now_us)


def place_of(app: App, visit: Visit) -> str:
    """The address that something is asked from."""
    return str(address_of(visit.request.scope, trusted_proxies(app.config)) or "unknown")
