"""A customer's month: what they asked, what it came to, and how their wallet went from one balance to the next."""

from __future__ import annotations

from typing import Literal

import msgspec

from solvent.invoicing.profile import Profile
from solvent.invoicing.tax import round_half_away, vat_ratio
from solvent.values.ids import CustomerId
from solvent.values.money import GRAINS_PER_MINOR_UNIT


class ModelUse(msgspec.Struct, frozen=True):
    """Answers of one model. charge_grains: what was paid for them; included_grains: at list price, by a plan."""

    model: str
    answers: int
    input_tokens: int
    output_tokens: int
    charge_grains: int
    included_grains: int


class PotUse(msgspec.Struct, frozen=True):
    """Allowances, or gifts that expire, of one unit: given + what was there - used - expired = left."""

    kind: Literal["allowance", "grant"]
    unit: str
    given: int
    used: int
    expired: int
    left: int


class Wallet(msgspec.Struct, frozen=True, kw_only=True):
    """How a wallet moved in a month, in grains.

    paid_in: top-ups. gifts: given, less what was taken back. used: for answers. paid_out: refunds and chargebacks.
    expired: never used, now ours. gifts_used, gifts_left: gifts in it are used before what was paid in.
    """

    opening: int = 0
    paid_in: int = 0
    gifts: int = 0
    used: int = 0
    paid_out: int = 0
    expired: int = 0
    gifts_used: int = 0
    gifts_left: int = 0

    @property
    def closing(self) -> int:
        """What it held at the end of the month."""
        return self.opening + self.paid_in + self.gifts - self.used - self.paid_out - self.expired


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One customer's month in one currency; month: such as 202611.

    on_account: used of no wallet, for an invoice to ask for. vat: inside what was used of paid money, in whole minor
    units; what is less or more than whole is carried to the next month, so that months sum to it.
    """

    customer: CustomerId
    currency: str
    month: int
    wallet: Wallet
    on_account: int = 0
    vat: int = 0
    vat_carried: int = 0
    models: tuple[ModelUse, ...] = ()
    pots: tuple[PotUse, ...] = ()


def with_gifts_first(moved: Wallet, gifts_before: int) -> Wallet:
    """Say how much of a wallet's use was gifts: those it had before and those of the month go first."""
    available = max(0, gifts_before + moved.gifts)
    used = min(max(0, moved.used), available)
    left = max(0, min(available - used, moved.closing))
    return msgspec.structs.replace(moved, gifts_used=used, gifts_left=left)


def vat_on_use(moved: Wallet, profile: Profile, carried_before: int) -> tuple[int, int]:
    """The VAT inside what was used of paid money: whole minor units in grains, and what is carried on.

    Only where amounts contain VAT: else it was added when the money came in, or there is none. What is carried is at
    most half a minor unit, so the months of a customer never drift from their use. Gifts are no supply for money.
    """
    due = 0
    if profile.tax.treatment == "inclusive":
        numerator, denominator = vat_ratio(profile.tax)
        due = round_half_away((moved.used - moved.gifts_used) * numerator, denominator)
    exact = carried_before + due
    whole = round_half_away(exact, GRAINS_PER_MINOR_UNIT) * GRAINS_PER_MINOR_UNIT
    return whole, exact - whole
