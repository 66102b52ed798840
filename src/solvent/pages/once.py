"""What a form asks for, as an act. One that is sent twice, by a double click say, has its effect once."""

from __future__ import annotations

from typing import Final

from solvent.audit.act import Act, fingerprint
from solvent.pages.site import FORM_TOKEN
from solvent.pages.visit import Visit
from solvent.values.errors import Invalid
from solvent.values.limits import FORM_MARK_CHARACTERS_MAX

ONCE: Final = "once"  # the member that tells one drawing of a form from the next


def mark_of(visit: Visit) -> str:
    """What makes a form that is sent twice one act. Raises Invalid where the form came without it."""
    mark = visit.form.get(ONCE, "")
    if not mark.isalnum() or len(mark) > FORM_MARK_CHARACTERS_MAX:
        raise Invalid("form_not_whole", "this form came without its key; load the page again and send it once more")
    return mark


def act_of(visit: Visit, now_us: int, *, secret: tuple[str, ...] = ()) -> Act:
    """The act behind the form that was sent. secret: members that nothing may be kept of. Raises as `mark_of` does."""
    said = sorted((name, text) for name, text in visit.form.items() if name not in (FORM_TOKEN, ONCE, *secret))
    return Act(visit.caller.key, f"page/{mark_of(visit)}", fingerprint(visit.here, said), now_us)
