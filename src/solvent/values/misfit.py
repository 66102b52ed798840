"""What is wrong with JSON that does not fit its shape, said by the name of the member at fault."""

from __future__ import annotations

import re
from typing import Any

from solvent.values.errors import Invalid

_PATH = re.compile(r" - at `\$\.?(.*)`\Z")


def misfit(words: str) -> Invalid:
    """msgspec's words name the place as a path; that is our `param`."""
    place = _PATH.search(words)
    missing: Any = re.search(r"missing required field `(\w+)`", words)
    param = ".".join(part for part in (place[1] if place else "", missing[1] if missing else "") if part)
    return Invalid("bad_request", f"{param or 'the body'}: {_PATH.sub('', words)}", param=param or None)
