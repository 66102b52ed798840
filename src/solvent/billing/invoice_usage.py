"""Invoice what a customer used on account and no invoice has asked for yet."""

from __future__ import annotations

from collections.abc import Sequence

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import invoice_store
from solvent.billing.on_account import Used, on_account_lines
from solvent.db.port import Connection, Database
from solvent.invoicing import store
from solvent.invoicing.invoice import Invoice, InvoiceDraft, InvoiceId
from solvent.values.ids import CustomerId
from solvent.values.instant import US_PER_S
from solvent.values.money import Money

DAY_US = 86_400 * US_PER_S


async def invoice_usage(
    customer: CustomerId,
    currency: str,
    used: Sequence[Used],
    from_us: int,
    due_days: int,
    database: Database,
    act: Act,
) -> Invoice | None:
    """used: how it came about, see `on_account_lines`. from_us: since when. None when it comes to less than half a
    minor unit; the rest of one waits for the next invoice.
    """

    def work(connection: Connection) -> Invoice | None:
        def effect() -> str:
            waiting = Money(invoice_store.unbilled_grains(connection, customer, currency), currency)
            lines = on_account_lines(customer, waiting, used, from_us, act.at_us)
            if not lines:
                return ""
            draft = InvoiceDraft(
                customer=customer, currency=currency, lines=lines, reference=f"usage/{act.actor}/{act.key}",
                from_us=from_us, until_us=act.at_us, due_us=act.at_us + due_days * DAY_US,
            )  # fmt: skip
            return invoice_store.issue(connection, draft, act.at_us).id

        id, _ = once(connection, act, "invoice.usage", customer, effect, str)
        return store.invoice_by_id(connection, InvoiceId(id))[0] if id else None

    return await database.write(work)
