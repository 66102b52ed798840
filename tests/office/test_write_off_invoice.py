"""An invoice that nobody expects to be paid is written off once, and not while a plan waits for it."""

from __future__ import annotations

import pytest
from tests.billing.subscribers import KIM, Books, act, at, story, won
from tests.db.opened import Place

from solvent.billing.cancel import cancel
from solvent.billing.plan import Plan
from solvent.invoicing.invoice import InvoiceId
from solvent.ledger.account import BAD_DEBT, invoiced
from solvent.office.write_off_invoice import write_off_invoice
from solvent.values.errors import Conflict, NotFound

NOW_US = at("2026-11-01")
PLUS = Plan(name="plus", price=won(30_000))


def test_an_invoice_is_written_off_once_and_not_while_a_plan_waits_for_it(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.publish(PLUS)
        await books.subscribe("plus", NOW_US, pays="invoice")
        ((invoice, _),) = await books.invoices()
        with pytest.raises(Conflict, match="end the plan first"):
            await write_off_invoice(invoice.id, act(NOW_US, "off"), books.database)
        await cancel(KIM, act(NOW_US, "end"), books.database, at="now")
        given_up, is_new = await write_off_invoice(invoice.id, act(NOW_US, "off"), books.database)
        assert (given_up, is_new) == (won(30_000), True)
        assert await write_off_invoice(invoice.id, act(NOW_US, "off"), books.database) == (won(30_000), False)
        assert await books.balance(BAD_DEBT) == -won(30_000).grains
        assert await books.balance(invoiced(KIM)) == 0
        with pytest.raises(Conflict, match="nothing to write off"):
            await write_off_invoice(invoice.id, act(NOW_US, "again"), books.database)
        with pytest.raises(NotFound):
            await write_off_invoice(InvoiceId("inv_0"), act(NOW_US, "other"), books.database)
        await books.check()

    story(place, tell)
