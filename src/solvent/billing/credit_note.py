"""Credit an invoice, in parts or whole: the only way to correct one, since what was issued never changes."""

from __future__ import annotations

from collections.abc import Sequence

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import invoice_store
from solvent.db.port import Connection, Database
from solvent.invoicing import store
from solvent.invoicing.credit import Part
from solvent.invoicing.invoice import Invoice, InvoiceId


async def credit_note(
    invoice: InvoiceId, parts: Sequence[Part] | None, remark: str, database: Database, act: Act
) -> Invoice:
    """parts: None for all that is left. remark: why, as printed. Returns the note; the same act gives the same note.

    Raises NotFound, Invalid for a part that is none, and Conflict for more than is left.
    """

    def work(connection: Connection) -> Invoice:
        def effect() -> str:
            reference = f"credit/{act.actor}/{act.key}"
            return invoice_store.credit(connection, invoice, parts, act.at_us, reference, remark).id

        id, _ = once(connection, act, "invoice.credit", invoice, effect, str)
        return store.invoice_by_id(connection, InvoiceId(id))[0]

    return await database.write(work)
