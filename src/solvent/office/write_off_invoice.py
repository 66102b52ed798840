"""Write off an invoice that nobody expects to be paid any more: what it still asks for is our loss."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import invoice_store, subscription_store
from solvent.db.port import Connection, Database
from solvent.invoicing.invoice import InvoiceId
from solvent.values.errors import Conflict
from solvent.values.money import Money


async def write_off_invoice(id: InvoiceId, act: Act, database: Database) -> tuple[Money, bool]:
    """Returns how much was given up, VAT included, and whether this is new.

    Raises NotFound, and Conflict when nothing is due, for a credit note, and for an invoice that a running
    subscription waits for: that is ended first, which credits the time it cannot be used.
    """

    def work(connection: Connection) -> tuple[Money, bool]:
        def effect() -> Money:
            _demand_nobody_waits(connection, id)
            return invoice_store.write_off(connection, id, act.at_us, f"{act.actor}/{act.key}")

        return once(connection, act, "invoice.write_off", id, effect, Money)

    return await database.write(work)


def _demand_nobody_waits(connection: Connection, id: InvoiceId) -> None:
    waits = subscription_store.of_invoice(connection, id)
    if waits is not None and waits.state in ("active", "past_due", "trialing"):
        message = (
            f"the plan {waits.plan} of {waits.customer} runs and waits for this invoice; end the plan first, or credit "
            "the invoice"
        )
        raise Conflict("invoice_of_running_plan", message, param="invoice")
