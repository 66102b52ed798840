"""Operations on prices: the cards in force, their history, and answers that a wrong card rated. Cards are files."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from solvent.answering.correct_prices import correct_prices
from solvent.answering.correction import Book
from solvent.answering.correction_store import Corrected, Order
from solvent.app.price_bodies import CardBody, card_body
from solvent.console.members import DATE, PATH
from solvent.console.operation import Asked, Nothing, Operation, Page, PageQuery, page_of, reading
from solvent.pricing.rate_card import RateCard
from solvent.values.errors import Invalid, NotFound
from solvent.values.ids import AnswerId, new_id
from solvent.values.instant import instant
from solvent.values.money import Money, plain
from solvent.values.period import day_number

CardName = Annotated[str, PATH, Meta(description="a card's name, such as openai/gpt-5")]


class PricesQuery(PageQuery, forbid_unknown_fields=True, kw_only=True):
    """Which cards."""

    prefix: Annotated[str, PATH, Meta(description="how their names begin, such as openai/")] = ""
    at: Annotated[str, DATE, Meta(description="as of this date; now when left out")] = ""


class CardQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Which card."""

    card: CardName


class CardsBody(msgspec.Struct, kw_only=True):
    """Every dated entry of a card, from old to new."""

    object: Literal["list"] = "list"
    data: list[CardBody]


class Correction(msgspec.Struct, forbid_unknown_fields=True, rename={"since": "from"}):
    """Answers that a wrong card rated. First add to the card what is right, with `corrects`."""

    card: CardName
    book: Annotated[Book, Meta(description="cost: what we pay; price: what they pay")]
    since: Annotated[str, DATE, Meta(description="answers asked from this date on: 2026-11-01 (UTC)")]
    until: Annotated[str, DATE, Meta(description="until before this one; now when left out")] = ""
    collect: Annotated[
        bool, Meta(description="customers pay for answers that turn out dearer, from what is free in their wallets")
    ] = False


class CorrectedBody(msgspec.Struct, kw_only=True):
    """What came of it. answers: looked at; corrected: that changed; unpriced: with no price in force any more.

    Amounts are what the receipts become more by, in all; overrun is borne by the house.
    """

    object: Literal["price.correction"] = "price.correction"
    answers: int
    corrected: int
    unpriced: int
    cost: str
    charge: str
    granted: str
    included: str
    overrun: str
    currency: str


async def prices(asked: Asked[PricesQuery, Nothing]) -> Page[CardBody]:
    """List the rate cards in force, by name."""
    query = asked.query
    at_us = instant(query.at, "at") if query.at else asked.business.now_us()
    books = await asyncio.to_thread(asked.business.cards)
    named = (dated for name, dated in sorted(books.items()) if name.startswith(query.prefix) and name > query.cursor)
    cards = [card for dated in named for card in _in_force(dated, at_us)]
    rows, cursor = page_of(cards[: query.limit + 1], query.limit, lambda card: card.name)
    return Page([card_body(card) for card in rows], cursor)


def _in_force(dated: tuple[RateCard, ...], at_us: int) -> list[RateCard]:
    return [card for card in dated if card.valid_from_us <= at_us][-1:]


async def history(asked: Asked[CardQuery, Nothing]) -> CardsBody:
    """Show every dated entry of one card, from old to new."""
    return CardsBody(data=[card_body(card) for card in await _dated(asked, asked.query.card)])


async def _dated(asked: Asked[CardQuery, Nothing] | Asked[Nothing, Correction], name: str) -> tuple[RateCard, ...]:
    found = (await asyncio.to_thread(asked.business.cards)).get(name)
    if not found:
        raise NotFound("no_such_card", f"there is no rate card {name[:80]!r} with a price", param="card")
    return found


async def preview(asked: Asked[Nothing, Correction]) -> CorrectedBody:
    """Say what rating the answers of a corrected card anew would come to. Nothing is changed."""
    done = await correct_prices(await _order(asked), asked.act, asked.business.database, write=False)
    return _corrected(done, asked.business.currency)


async def correct(asked: Asked[Nothing, Correction]) -> CorrectedBody:
    """Rate the answers of a corrected card anew, and post the differences beside the old rows."""
    done = await correct_prices(await _order(asked), asked.act, asked.business.database)
    return _corrected(done, asked.business.currency)


async def _order(asked: Asked[Nothing, Correction]) -> Order:
    body, now_us = asked.body, asked.act.at_us
    cards = await _dated(asked, body.card)
    from_us, until_us = instant(body.since, "from"), instant(body.until, "until") if body.until else now_us
    if not 0 <= from_us < until_us:
        raise Invalid("bad_request", f"from: {body.since} is not before {body.until or 'now'}", param="from")
    from_id, until_id = (AnswerId(new_id("ans", at_us, 0)) for at_us in (from_us, until_us))
    day = day_number(now_us, asked.business.time_zone)
    return Order(body.book, body.card, cards, from_id, until_id, day, body.collect)


def _corrected(done: Corrected, currency: str) -> CorrectedBody:
    def text(grains: int) -> str:
        return plain(Money(grains, done.currency or currency))

    return CorrectedBody(
        answers=done.answers, corrected=done.corrected, unpriced=done.unpriced, cost=text(done.cost_grains),
        charge=text(done.charge_grains), granted=text(done.granted_grains), included=text(done.included_grains),
        overrun=text(done.overrun_grains), currency=done.currency or currency,
    )  # fmt: skip


LIST = reading("/v1/prices", "prices.read", prices, PricesQuery, Page[CardBody])
HISTORY = reading("/v1/prices/history", "prices.read", history, CardQuery, CardsBody)
PREVIEW = Operation(
    "POST", "/v1/prices/rerate/preview", "prices.read", preview, Nothing, Correction, CorrectedBody, is_reading=True
)
CORRECT = Operation(
    "POST", "/v1/prices/rerate", "prices.write", correct, Nothing, Correction, CorrectedBody, is_money=True
)
OPERATIONS = (LIST, HISTORY, PREVIEW, CORRECT)
