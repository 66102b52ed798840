"""What the database says of the pots and terms behind one question: read and leased in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from solvent.billing.standing import Standing
from solvent.ledger.pot import Pot, is_good, limits


class Known(msgspec.Struct, frozen=True):
    """What this process has of a pot already: what is spare, and what to lease at once."""

    spare: int
    slice: int


class Found(msgspec.Struct):
    """leased: grains newly leased, by account. dry: the accounts of which there is no more; those that are
    `elsewhere` may get some back from answers under way. posted: money in them, whether or not it is set aside.
    """

    pots: list[Pot]
    standing: Standing | None
    leased: dict[str, int] = {}
    dry: set[str] = set()
    elsewhere: set[str] = set()
    posted: int = 0


def matters(pot: Pot, scopes: Sequence[str], model_class: str, at_us: int) -> bool:
    """Whether a pot pays for or limits an answer of this class of model, asked in these scopes."""
    if limits(pot):
        return pot.account.startswith(tuple(f"budget:{scope}:" for scope in scopes))
    return is_good(pot, model_class, at_us)
