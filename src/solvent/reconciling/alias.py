"""Models by the names bills have for them: with dates, regions and versions, or as AWS and people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from solvent.values.errors import Invalid
from solvent.values.limits import BILL_ALIASES_MAX

_BEFORE: Final = re.compile(r"^(?:.*/|(?:[a-z-]+\.)+(?=[a-z]))")  # openai/..., us.anthropic....
_AFTER: Final = re.compile(r"(?:@.*|-v\d+(?::\d+)?|-latest)$")
_DATE: Final = re.compile(r"[-@_ ](?:20\d{6}|20\d\d-\d\d-\d\d|\d{2}-20\d{2}|\d{4})(?=$|[-@_ :])")
_PART: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

Key = tuple[str, ...]


def key_of(name: str) -> Key:
    """The parts of a name in one order, without dates, regions, versions and whose it is: `Claude4.6Sonnet` and
    `us.anthropic.claude-sonnet-4-6-20260201-v1:0` have the same."""
    bare = _AFTER.sub("", _BEFORE.sub("", name.strip()))
    return tuple(sorted(part.lower() for part in _PART.findall(_DATE.sub("", bare))))


def aliases_of(text: str) -> dict[str, str]:
    """Names of a bill with ours, as `theirs=ours; theirs=ours`. Raises Invalid naming the one that is none."""
    found: dict[str, str] = {}
    for entry in (part.strip() for part in text.split(";")):
        theirs, equals, ours = (part.strip() for part in entry.rpartition("="))
        if not entry:
            continue
        if not (equals and theirs and ours):
            message = f"{entry[:60]!r}: write a name of the bill, =, and the upstream's name in our books"
            raise Invalid("bad_bill_terms", message, param="aliases")
        found[theirs] = ours
    if len(found) > BILL_ALIASES_MAX:
        raise Invalid("bad_bill_terms", f"more than {BILL_ALIASES_MAX} aliases; leave some out", param="aliases")
    return found


def known_as(theirs: Iterable[str], ours: Iterable[str], aliases: Mapping[str, str]) -> dict[str, str]:
    """Which of our upstreams' names each name of a bill is; "" for one that is none of them, or might be several.

    An alias holds whether or not our books have that name; the same name comes next, then the one name that is alike:
    of several, the one without a date.
    """
    ours = set(ours)
    alike: dict[Key, list[str]] = {}
    for name in sorted(ours):
        alike.setdefault(key_of(name), []).append(name)
    found: dict[str, str] = {}
    for name in theirs:
        near = alike.get(key_of(name), []) if key_of(name) else []
        plain = [one for one in near if not _DATE.search(one)]
        only = near if len(near) == 1 else plain
        found[name] = aliases.get(name) or (name if name in ours else only[0] if len(only) == 1 else "")
    return found
