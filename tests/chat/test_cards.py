"""What comes of removing a card is what the books would do without it: also for use that no plan's price asks for."""

from __future__ import annotations

from sqlalchemy import Connection
from tests.billing.subscribers import FREE, KIM, Books, at, story
from tests.db.opened import Place

from solvent.billing.payment_store import SavedMethod, save_method
from solvent.billing.plan import Plan
from solvent.chat.cards import Removal, removal_of
from solvent.ledger.account import REVENUE_OVERAGE, unbilled
from solvent.ledger.store import append
from solvent.ledger.transfer import posting
from solvent.values.ids import TransferId
from solvent.values.money import money

METERED = Plan(name="metered", price=money("0", "KRW"), beyond="overage", overage_most=money("50000", "KRW"))
MARCH = at("2026-03-01T00:00:00")


def _save(connection: Connection, *names: str) -> None:
    for number, name in enumerate(names):
        save_method(connection, SavedMethod(f"pm_{name}", KIM, "toss", f"handle-{name}", "", name, number))


async def _removed(books: Books, name: str) -> Removal:
    return await books.database.read(lambda connection: removal_of(connection, KIM, f"pm_{name}"))


def test_a_plan_of_no_price_whose_use_is_invoiced_needs_its_card(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.publish(METERED, FREE)
        await books.database.write(lambda connection: _save(connection, "old", "new"))
        await books.subscribe("metered", MARCH, pays="card")
        found = {name: await _removed(books, name) for name in ("old", "new")}
        assert {name: one.after for name, one in found.items()} == {"old": "beside", "new": "another"}
        assert not any(one.loses_use for one in found.values())

    story(place, tell)


def test_use_that_waits_for_its_invoice_needs_the_card_when_the_plan_does_not_any_more(place: Place) -> None:
    def use(connection: Connection) -> None:
        row = posting(TransferId("ans_1"), MARCH, unbilled(KIM), REVENUE_OVERAGE, money("700", "KRW"), "ans_1")
        append(connection, [row])

    async def tell(books: Books) -> None:
        await books.database.write(lambda connection: _save(connection, "only"))
        assert (await _removed(books, "only")).after == "unused", "on no plan, and nothing is owed"
        await books.subscribe("free", MARCH, pays="card")
        assert (await _removed(books, "only")).after == "unused"
        await books.database.write(use)
        asked = await _removed(books, "only")
        assert (asked.after, asked.loses_use) == ("use", True)

    story(place, tell)


def test_the_only_card_of_a_plan_pays_for_use_beside_the_price(place: Place) -> None:
    async def tell(books: Books) -> None:
        team = Plan(name="crew", price=money("9900", "KRW"), beyond="overage", overage_most=money("50000", "KRW"))
        await books.publish(METERED, team)
        await books.database.write(lambda connection: _save(connection, "only"))
        await books.subscribe("metered", MARCH, pays="card")
        assert ((await _removed(books, "only")).after) == "use"
        await books.change("crew", MARCH + 1, pays="invoice")
        assert (await _removed(books, "only")).after == "unused", "it is invoiced"

    story(place, tell)
