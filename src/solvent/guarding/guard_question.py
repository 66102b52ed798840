"""Have a question looked at before it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from solvent.guarding.acts import Acts
from solvent.guarding.guard_members import guard_members
from solvent.guarding.rule import Rule
from solvent.values.errors import Refused

_decode = msgspec.json.Decoder().decode


async def guard_question(
    members: Mapping[str, msgspec.Raw], rules: Sequence[Rule], acts: Acts
) -> Mapping[str, msgspec.Raw]:
    """Its members, masked where a rule says so.

    Raises Refused where something is blocked or cannot be read, Unavailable where a guard fails, Invalid for what is
    nested too deeply.
    """
    if any(rule.action != "note" for rule in rules):
        for name in ("prompt", "input"):
            if name in members and _has_tokens(members[name]):
                message = f"{name}: guards cannot read tokens; send the text they stand for"
                raise Refused("guard_blocked", message, param=name)
    return await guard_members(members, rules, acts)


def _has_tokens(raw: msgspec.Raw) -> bool:
    """Whether it is numbers instead of text, or has them."""
    if bytes(raw)[:1] != b"[":
        return False
    return any(isinstance(part, int | list) for part in _decode(raw))
