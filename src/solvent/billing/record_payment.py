"""Record that an invoice was paid outside of any payment processor: into the bank, or in cash."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import invoice_store
from solvent.db.port import Connection, Database
from solvent.invoicing import store
from solvent.invoicing.invoice import InvoiceId, due_grains
from solvent.ledger.account import CASH
from solvent.values.errors import Conflict
from solvent.values.money import Money


async def record_payment(
    invoice: InvoiceId, amount: Money | None, database: Database, act: Act, place: str = "bank"
) -> Money:
    """amount: None for all that is due. place: where the money is, as in cash:<place>. Returns what was booked.

    Raises NotFound, Invalid for another currency, and Conflict when nothing is due, or less than was paid.
    """

    def work(connection: Connection) -> Money:
        def effect() -> Money:
            known, standing = store.invoice_by_id(connection, invoice)
            paid = amount or Money(due_grains(known.total.grains, standing), known.currency)
            if paid.grains <= 0:
                raise Conflict("invoice_not_due", "nothing of this invoice is due", param="invoice")
            invoice_store.pay(connection, invoice, paid, f"{CASH}:{place}", act.at_us, f"{act.actor}/{act.key}")
            return paid

        return once(connection, act, "invoice.pay", invoice, effect, Money)[0]

    return await database.write(work)
