"""Where a plan's customers stand, on both databases: what each pays for their period, against what it cost."""

from __future__ import annotations

from functools import partial

import msgspec
from sqlalchemy import Connection
from tests.answering.test_store import receipt
from tests.billing.subscribers import Books, act, at, story, won
from tests.db.opened import Place

from solvent.answering import store as answering_store
from solvent.answering.receipt import Receipt
from solvent.answering.standing_store import standing_of, standings_of
from solvent.app.report import Span
from solvent.app.stands import Stands, stands_of
from solvent.billing.add_coupon import add_coupon
from solvent.billing.buy_pack import buy_pack
from solvent.billing.coupon import FOR_EVER, Coupon
from solvent.billing.included import Included
from solvent.billing.pack import Pack
from solvent.billing.plan import Plan, Seats, Trial, net_of
from solvent.billing.standing_store import terms_of
from solvent.identity.store import change_customer
from solvent.margin import store as margin_store
from solvent.margin.line import MarginKey, MarginSums
from solvent.margin.store import Folded
from solvent.values.ids import AnswerId, CustomerId, new_id
from solvent.values.instant import NEVER_US
from solvent.values.period import day_number, zone

SEOUL = zone("Asia/Seoul")
PACK = Pack("more", won(5_500), Included("answers", 100), 90)
CREW = Plan(
    name="crew", price=won(11_000), included=(Included("answers", 100),), seats=Seats(1, won(11_000), 9),
    packs=(PACK,), beyond="overage", overage_most=won(90_000), fixed_month=won(1_000),
)  # fmt: skip
BIG = Plan(name="crew-big", price=won(33_000))
TRIED = Plan(
    name="tried", price=won(11_000), included=(Included("answers", 9),), trial=Trial(14, (Included("answers", 5),))
)
MARCH_9 = at("2026-03-09T12:00:00")
NOW = at("2026-03-20T12:00:00")
TODAY = day_number(NOW, SEOUL)
LATELY = Span(TODAY - 29, TODAY)
COST = won(12_000).grains


def _used(
    customer: CustomerId, plan: str, day: int, cost: int, charge: int = 0, granted: int = 0
) -> tuple[MarginKey, MarginSums]:
    sums = MarginSums(answers=3, charge_grains=charge, granted_grains=granted, cost_grains=cost)
    return MarginKey(day, customer, plan, "m"), sums


def _receipt(customer: CustomerId, at_us: int, number: int) -> Receipt:
    return msgspec.structs.replace(
        receipt(number), id=AnswerId(new_id("ans", at_us, number)), customer=customer, at_us=at_us
    )


async def _stands(books: Books, plan: str) -> Stands:
    found = await books.database.read(lambda connection: stands_of(Folded(connection), plan, LATELY, "KRW", SEOUL))
    assert found is not None
    return found


async def _customers(books: Books) -> dict[str, CustomerId]:
    """Everybody on the same plan and everybody costs the same, more than its price: they pay in other ways too."""
    names = ("base", "seats", "packs", "wallet", "gift", "coupon", "quiet", "changed", "closed")
    ids = {name: await books.customer(CustomerId(f"cus_{name}")) for name in names}
    await books.publish(CREW, BIG)
    half = Coupon("HALF", "percent", 500, 0, "", FOR_EVER, 0, 0, NEVER_US, 0, "")
    await add_coupon(half, act(MARCH_9), books.database)
    for name, id in ids.items():
        plan = "crew-big" if name == "changed" else "crew"
        wish = {"seats": 3} if name == "seats" else {"coupon": "HALF"} if name == "coupon" else {}
        await books.subscribe(plan, MARCH_9, id, **wish)
    await books.change("crew", at("2026-03-19T12:00:00"), "now", ids["changed"])
    await buy_pack(ids["packs"], "more", "invoice", act(MARCH_9 + 5), books.database)
    return ids


def test_who_pays_more_than_the_fee_has_a_line_of_their_own(place: Place) -> None:
    async def tell(books: Books) -> None:
        ids = await _customers(books)
        paid_by = {"wallet": (won(5_000).grains, 0), "gift": (won(5_000).grains, won(5_000).grains)}

        def answer(connection: Connection) -> None:
            day = day_number(MARCH_9, SEOUL) + 1
            lines = [
                _used(id, "crew", day, COST, *paid_by.get(name, (0, 0))) for name, id in ids.items() if name != "quiet"
            ]
            margin_store.add(connection, lines)
            change_customer(connection, ids["closed"], state="closed")

        await books.database.write(answer)
        found = await _stands(books, "crew")
        fee, seat = net_of(CREW, won(11_000)).grains, net_of(CREW, won(22_000)).grains
        paid = {
            "base": fee, "seats": fee + seat, "packs": fee + net_of(CREW, won(5_500)).grains, "gift": fee,
            "wallet": fee + won(5_000).grains, "coupon": net_of(CREW, won(5_500)).grains,
        }  # fmt: skip
        seen = {one.customer.removeprefix("cus_"): one for one in found.line.people}
        changed = seen.pop("changed")
        assert {name: one.used.paid_grains for name, one in seen.items()} == paid
        assert changed.used.paid_grains > fee, "ten days of the dearer plan are paid too"
        assert all(one.used.room_grains == one.used.paid_grains - won(1_000).grains for one in seen.values())
        sides = {name: one.side for name, one in seen.items()}
        assert sides == {
            "base": "past", "gift": "past", "coupon": "past", "seats": "under", "packs": "near", "wallet": "near",
        }  # fmt: skip
        assert (found.line.quiet, found.others, found.given) == (1, 1, 0)

    story(place, tell)


def test_many_at_once_stand_where_each_stands_alone(place: Place) -> None:
    async def tell(books: Books) -> None:
        ids = await _customers(books)

        def answer(connection: Connection) -> None:
            """On the day of the period's beginning too: before it, and after."""
            first = day_number(MARCH_9, SEOUL)
            lines, receipts = [], []
            for number, id in enumerate(ids.values()):
                lines += [_used(id, "crew", first + day, number + day, 7 * number, number) for day in (-1, 0, 1, 5)]
                receipts += [_receipt(id, MARCH_9 + offset_us, number) for offset_us in (-3_600_000_000, 1)]
            margin_store.add(connection, lines)
            answering_store.append(connection, receipts)

        await books.database.write(answer)

        def both(connection: Connection) -> None:
            everybody = [*ids.values(), CustomerId("cus_nobody"), CustomerId("cus_kim")]
            found = standings_of(Folded(connection), everybody, TODAY, SEOUL)
            assert set(found) == set(ids.values())
            for id, many in found.items():
                terms = terms_of(connection, id)
                assert terms is not None
                assert standing_of(Folded(connection), id, terms, SEOUL) == many
            assert found[ids["wallet"]].earlier.answers == 1

        await books.database.read(both)

    story(place, tell)


def test_a_trial_has_no_line_and_a_plan_without_a_price_none_either(place: Place) -> None:
    async def tell(books: Books) -> None:
        await books.publish(TRIED)
        await books.subscribe("tried", MARCH_9)
        found = await _stands(books, "tried")
        assert (found.line.people, found.line.quiet, found.others, found.given) == ([], 0, 0, 1)
        for plan in ("free", "nobody"):
            look = partial(stands_of, plan=plan, lately=LATELY, currency="KRW", in_zone=SEOUL)
            assert await books.database.read(look) is None

    story(place, tell)
