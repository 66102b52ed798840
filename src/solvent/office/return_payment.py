"""Return what came for an invoice without an order of ours and is too much by now: credited, or paid twice."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import invoice_store
from solvent.db.port import Connection, Database
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.invoice import Invoice, InvoiceId, due_grains
from solvent.ledger.account import CASH
from solvent.values.errors import Conflict
from solvent.values.money import Money, minor_units, plain


async def return_payment(
    id: InvoiceId, amount: Money, out_of: str, act: Act, database: Database
) -> tuple[Invoice, bool]:
    """out_of: where the money was: "bank" is the account cash:bank. Returns the invoice, and whether this is new.

    What an order of ours paid is refunded there instead, so that its processor knows of it. Raises NotFound, Invalid
    for a part of a currency's smallest unit, and Conflict for more than the invoice has too much.
    """
    minor_units(amount)

    def work(connection: Connection) -> tuple[Invoice, bool]:
        def effect() -> Invoice:
            _demand_too_much(connection, id, amount)
            reference = f"{act.actor}/{act.key}"
            return invoice_store.give_back(connection, id, amount, f"{CASH}:{out_of}", act.at_us, reference)

        return once(connection, act, "invoice.return", id, effect, Invoice)

    return await database.write(work)


def _demand_too_much(connection: Connection, id: InvoiceId, amount: Money) -> None:
    invoice, standing = invoicing_store.invoice_by_id(connection, id)
    over = Money(max(0, -due_grains(invoice.total.grains, standing)), invoice.currency)
    if amount.currency == over.currency and not 0 < amount.grains <= over.grains:
        message = (
            f"the invoice has {plain(over)} {over.currency} too much, and only that can go back; credit it first, or "
            "refund the payment"
        )
        raise Conflict("invoice_not_paid", message, param="amount")
