"""What VAT, fees and expenses moved between two instants is found, and what answers moved is not in it."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection
from tests.db.opened import Place

from solvent.ledger import store
from solvent.ledger.spent_store import spent_beside
from solvent.ledger.transfer import posting
from solvent.values.ids import TransferId
from solvent.values.money import Money

CARD = "receivable:processor:toss"
ROWS = (
    (10, CARD, "vat:payable", 100, "KRW", "ord_1"),
    (11, "expense:payment_fees:toss", CARD, 30, "KRW", "ord_1"),
    (11, "expense:payment_fees:toss", CARD, 2, "USD", "ord_1"),
    (12, "vat:payable", CARD, 40, "KRW", "ref_1"),
    (13, "cost:api:acme", "payable:acme", 500, "KRW", "ans_1"),
    (13, "expense:house_loss", "revenue:answers", 5, "KRW", "ans_1"),
    (14, "cost:engine:idle", "accrued:engine", 9, "KRW", "idle/2026-11-01"),
    (20, CARD, "vat:payable", 1_000, "KRW", "ord_2"),
)


def test_the_rows_of_a_span_are_summed_by_account_and_unit(place: Place) -> None:
    def story(connection: Connection) -> None:
        for n, (at_us, debit, credit, grains, unit, cause) in enumerate(ROWS):
            row = posting(TransferId(f"{cause}.{n}"), at_us, debit, credit, Money(grains, unit), cause)
            store.append(connection, [row])
        assert spent_beside(connection, 10, 20) == {
            ("vat:payable", "KRW"): -60, ("expense:payment_fees:toss", "KRW"): 30,
            ("expense:payment_fees:toss", "USD"): 2, ("cost:engine:idle", "KRW"): 9,
        }  # fmt: skip
        assert spent_beside(connection, 20, 21) == {("vat:payable", "KRW"): -1_000}
        assert spent_beside(connection, 15, 20) == {}

    async def live() -> None:
        async with place.opened() as database:
            await database.write(story)

    asyncio.run(live())
