"""What a customer can still use: what the plan includes, packs, gifts, the wallet, and use on account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from solvent.billing import quota_store
from solvent.billing.included import NO_LIMIT
from solvent.billing.quota import is_of_pack
from solvent.db.port import Connection
from solvent.ledger import pot_store
from solvent.ledger import unit as units
from solvent.ledger.account import wallet
from solvent.ledger.pot import Pot, drawing_order, limits
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US

Source = Literal["plan", "pack", "gift", "wallet", "account"]


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """One pot, as a customer thinks of it.

    unit: see `ledger.unit`. left, given: pieces or grains of it; given 0 where there is no such number, as in a wallet.
    classes: of models it pays for; "" for all. ends_us: NEVER_US for never. is_endless: it never runs out.
    """

    source: Source
    unit: str
    left: int
    given: int
    classes: str
    ends_us: int
    is_endless: bool = False

    @property
    def used(self) -> int:
        """Of what was given."""
        return max(0, self.given - self.left)


def holdings_of(connection: Connection, customer: CustomerId, currency: str, now_us: int) -> list[Holding]:
    """In the order in which they are used. The wallet is always there."""
    pots = [pot for pot in pot_store.pots_of(connection, customer, now_us) if pot.opens_us <= now_us]
    paying = sorted((pot for pot in pots if not limits(pot)), key=drawing_order)
    left = pot_store.left_of(connection, [pot.account for pot in paying])
    quotas = {quota.account: quota for quota in quota_store.open_of_customer(connection, customer)}
    held = []
    for pot in paying:
        quota = quotas.get(pot.account)
        held.append(
            Holding(
                source=_source(pot), unit=pot.unit, left=left.get((pot.account, pot.unit), (0, 0))[1],
                given=quota.issued if quota else 0, classes=pot.classes, ends_us=pot.expires_us,
                is_endless=quota is not None and quota.place.startswith(NO_LIMIT),
            )
        )  # fmt: skip
    if all(pot.account != wallet(customer) for pot in paying):
        held.append(Holding(source="wallet", unit=currency, left=0, given=0, classes="", ends_us=NEVER_US))
    return held


def _source(pot: Pot) -> Source:
    if pot.kind == "allowance":
        return "pack" if is_of_pack(pot) else "plan"
    return "gift" if pot.kind == "grant" else "wallet" if pot.kind == "wallet" else "account"


def foremost(held: Sequence[Holding]) -> Holding:
    """What the first sentence is about: what the plan gives, answers before anything else; or else the wallet."""
    of_plan = [one for one in held if one.source == "plan"]
    answers = [one for one in of_plan if one.unit == units.ANSWERS]
    counted = [one for one in answers if not one.is_endless]
    for found in (counted, answers, of_plan):
        if found:
            return max(found, key=lambda one: one.given)
    return next(one for one in held if one.source == "wallet")
