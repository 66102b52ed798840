"""A pot: an account that answers may be drawn from, and what it is good for."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.values.ids import CustomerId

# In the order in which an answer is paid: what the plan includes, gifts, prepaid money, on account.
Kind = Literal["allowance", "grant", "wallet", "overage", "budget", "watch"]
# So much of an allowance is no limit, and still sums without end in 64 bits: a billion answers, a trillion tokens.
UNLIMITED: Final = {"ANSWERS": 10**9, "TOKENS": 10**12}
WATCHING: Final[tuple[Kind, ...]] = ("budget", "watch")  # what counts what answers come to, instead of paying for them


class Pot(msgspec.Struct, frozen=True):
    """Its fields are the columns of `pots`, in their order. How much is in it is the account's balance.

    unit: see `ledger.unit`. kind: a budget is not drawn from to pay but limits what is drawn; a watch only counts it.
    classes: the model classes it pays for, separated by spaces; "" for all.
    opens_us, expires_us: it is good from the first until just before the second; NEVER_US for ever.
    alert_grains: an alarm is raised when so much of it is used; 0 for none.
    """

    account: str
    unit: str
    customer: CustomerId
    kind: Kind
    classes: str
    opens_us: int
    expires_us: int
    alert_grains: int = 0


def limits(pot: Pot) -> bool:
    """Whether it counts what answers come to, instead of paying for them."""
    return pot.kind in WATCHING


def is_good(pot: Pot, model_class: str, at_us: int) -> bool:
    """Whether a pot pays for this class of model now."""
    return pot.opens_us <= at_us < pot.expires_us and (not pot.classes or model_class in pot.classes.split(" "))


def drawing_order(pot: Pot) -> tuple[int, int, str]:
    """Sorts pots into the order they are drawn from: by kind, and the soonest to expire first."""
    kinds = ("allowance", "grant", "wallet", "overage", "budget", "watch")
    return kinds.index(pot.kind), pot.expires_us, pot.account
