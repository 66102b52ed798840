"""Credit an invoice, whole or in part: a credit note mirrors its lines, and what was paid of it can be given back."""

from __future__ import annotations

from collections.abc import Sequence

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import invoice_store
from solvent.billing.proposal_store import settle
from solvent.db.port import Connection, Database
from solvent.invoicing.credit import Part
from solvent.invoicing.invoice import Invoice, InvoiceId


async def credit_invoice(
    id: InvoiceId, parts: Sequence[Part] | None, act: Act, database: Database, *, remark: str = ""
) -> tuple[Invoice, bool]:
    """parts: None for all that is left. Returns the credit note, and whether it is new.

    Raises NotFound, Invalid for a part that is none, and Conflict for more than is left of the invoice.
    """

    def work(connection: Connection) -> tuple[Invoice, bool]:
        def effect() -> Invoice:
            reference = f"credit/{id}/{act.actor}/{act.key}"
            note = invoice_store.credit(connection, id, parts, act.at_us, reference, remark)
            settle(connection, id, act.at_us)
            return note

        return once(connection, act, "invoice.credit", id, effect, Invoice)

    return await database.write(work)
