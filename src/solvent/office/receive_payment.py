"""Receive a payment of an invoice that came without an order of ours: seen on a bank statement, or in cash."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import invoice_store
from solvent.billing.proposal_store import settle
from solvent.db.port import Connection, Database
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.invoice import Invoice, InvoiceId, payable_grains
from solvent.ledger.account import CASH
from solvent.values.errors import Conflict
from solvent.values.money import Money, minor_units, plain


async def receive_payment(
    id: InvoiceId, amount: Money, into: str, act: Act, database: Database
) -> tuple[Invoice, bool]:
    """into: where the money is now: "bank" is the account cash:bank. Returns the invoice, and whether this is new.

    The subscription that waited for it goes on when all is paid. Raises NotFound, Invalid for another currency or a
    part of its smallest unit, and Conflict for more than is due.
    """

    minor_units(amount)

    def work(connection: Connection) -> tuple[Invoice, bool]:
        def effect() -> Invoice:
            _demand_due(connection, id, amount)
            reference = f"{act.actor}/{act.key}"
            paid = invoice_store.pay(connection, id, amount, f"{CASH}:{into}", act.at_us, reference)
            settle(connection, id, act.at_us)
            return paid

        return once(connection, act, "invoice.receive", id, effect, Invoice)

    return await database.write(work)


def _demand_due(connection: Connection, id: InvoiceId, amount: Money) -> None:
    invoice, standing = invoicing_store.invoice_by_id(connection, id)
    due = Money(payable_grains(invoice.total.grains, standing), invoice.currency)
    if amount.currency == due.currency and not 0 < amount.grains <= due.grains:
        message = (
            f"the invoice still asks for {plain(due)} {due.currency}; {plain(amount)} came. Book at most what it asks "
            "for, and the rest to suspense"
        )
        raise Conflict("invoice_not_due", message, param="amount")
