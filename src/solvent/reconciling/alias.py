"""Models by the names bills have for them: with dates, regions and versions, or as AWS and people write them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from solvent.values.errors import Invalid
from solvent.values.limits import BILL_ALIASES_MAX

_BEFORE: Final = re.compile(r"^(?:.*/|(?:[a-z-]+\.)+(?=[a-z]))")  # openai/..., us.anthropic....
_AFTER: Final = re.compile(r"(?:@default|-latest|:\d+)$")
_FIRST: Final = re.compile(r"[-@_ ]v1$")  # of AWS: the first version of a name is the name
_DATE: Final = re.compile(r"[-@_ ](20\d{6}|20\d\d-\d\d-\d\d|\d{2}-20\d{2}|\d{4})(?=$|[-@_ :])")
_PART: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

Key = tuple[str, ...]


def key_of(name: str) -> Key:
    """The parts of a name in one order, without dates, regions and whose it is: `Claude4.6Sonnet` and
    `us.anthropic.claude-sonnet-4-6-20260201-v1:0` have the same; another version has another."""
    bare = _DATE.sub("", _FIRST.sub("", _AFTER.sub("", _BEFORE.sub("", name.strip()))))
    return tuple(sorted(part.lower() for part in _PART.findall(bare)))


def date_of(name: str) -> str:
    """The date in a name, its digits alone; "" for none."""
    found = _DATE.search(name)
    return found[1].replace("-", "") if found else ""


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
    """Which of the names that we know each name of a bill is; "" for one that is none of them, or might be several.

    ours: those on our books, and in the price book. An alias holds whether or not it is one of them; the same name
    comes next, then the only one that is alike and of the same date. Where only one of the two says a date, they are
    one if nothing else on either side could be: two dates, or two versions, are two models.
    """
    ours = set(ours)
    alike: dict[Key, list[str]] = {}
    for name in sorted(ours):
        alike.setdefault(key_of(name), []).append(name)
    found: dict[str, str] = {}
    loose: dict[str, str] = {}
    for name in dict.fromkeys(theirs):
        near = alike.get(key_of(name), []) if key_of(name) else []
        same = [one for one in near if date_of(one) == date_of(name)]
        found[name] = aliases.get(name) or (name if name in ours else same[0] if len(same) == 1 else "")
        undated = [one for one in near if not (date_of(name) and date_of(one))]
        if not found[name] and len(undated) == 1:
            loose[name] = undated[0]
    taken = Counter([*(is_it for name, is_it in found.items() if name not in aliases), *loose.values()])
    only = {name: is_it for name, is_it in loose.items() if taken[is_it] == 1}
    return {name: is_it or only.get(name, "") for name, is_it in found.items()}
