"""Whom to open as a customer."""

from __future__ import annotations

import msgspec

from solvent.billing.subscription import Pays
from solvent.values.money import Money


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to open, with the secret of their first key ("" for who opens themselves).

    plan: the name of one on sale. seats: 0 for those included. pays: see `billing.subscription`. coupon: "" for none.
    currency: of the wallet. gift: money for it; None for none.
    """

    name: str
    plan: str
    currency: str
    secret: str = ""
    seats: int = 0
    pays: Pays = "invoice"
    coupon: str = ""
    gift: Money | None = None

    def __repr__(self) -> str:
        return f"Opening({self.name!r}, {self.plan!r})"
