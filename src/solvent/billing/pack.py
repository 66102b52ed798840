"""Packs: so much for so long, paid once, before it is used.

A pack's money is not in a wallet: it is earned as the pack is used, and what is left when it expires is breakage.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from solvent.billing.included import Included
from solvent.values.ids import CustomerId
from solvent.values.money import Money

PurchaseState = Literal["waiting", "given", "returned", "canceled"]


class Pack(msgspec.Struct, frozen=True):
    """One pack on sale with a plan.

    price: what it costs, tax included. gives: what is in it; nothing rolls over. valid_days: 24 hours each.
    """

    name: str
    price: Money
    gives: Included
    valid_days: int


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """A pack that a customer asked for. Its fields are the columns of `pack_purchases`, in their order.

    plan, version: whose pack of that name it is. account: the pot it gave; "" while it waits to be paid.
    invoice: "" while there is none.
    """

    id: str
    customer: CustomerId
    plan: str
    version: int
    pack: str
    state: PurchaseState
    account: str
    invoice: str
    asked_us: int
    expires_us: int
