"""The rails that money comes over, and who is told in the same transaction when it has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from solvent.billing.order import INVOICE, METHOD, TOP_UP, PaymentOrder
from solvent.db.port import Connection
from solvent.payments.port import PaymentProcessor
from solvent.values.errors import Invalid, NotFound, Refused

# Books what an order of another purpose pays for, once, in the transaction in which it becomes paid. What it returns
# is kept: with the purpose it turned out to have paid for, such as the invoice that began with it.
OnPaid = Callable[[Connection, PaymentOrder, int], PaymentOrder | None]


class Rails(msgspec.Struct, frozen=True):
    """processors: by rail. on_paid: by the first word of a purpose, for purposes that are not known here."""

    processors: Mapping[str, PaymentProcessor]
    on_paid: Mapping[str, OnPaid] = {}

    def processor(self, rail: str) -> PaymentProcessor:
        """Raises NotFound for a rail that is not configured."""
        found = self.processors.get(rail)
        if found is None:
            known = ", ".join(sorted(self.processors)) or "none"
            message = f"there is no payment rail {rail[:60]!r}; configured are: {known}"
            raise NotFound("no_such_rail", message, param="rail")
        return found

    def demand_currency(self, rail: str, currency: str) -> None:
        """Raises Refused when a rail does not take a currency."""
        taken = self.processor(rail).currencies
        if currency not in taken:
            message = f"{rail} does not take {currency}; it takes {', '.join(sorted(taken))}"
            raise Refused("currency_not_taken", message, param="currency")

    def demand_purpose(self, kind: str) -> None:
        """Raises Invalid for a purpose that nobody here would book."""
        if kind not in (TOP_UP, METHOD, INVOICE) and kind not in self.on_paid:
            raise Invalid("bad_purpose", f"nobody here books payments for {kind[:60]!r}", param="purpose")
