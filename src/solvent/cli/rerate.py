"""`solvent prices rerate`: answers that a wrong price rated, rated anew; the differences are posted beside the old."""

from __future__ import annotations

import asyncio

import click

from solvent.answering.correct_prices import correct_prices
from solvent.answering.correction import Book
from solvent.answering.correction_store import Corrected, Order
from solvent.app.business import Business, open_business
from solvent.app.cards import read_cards
from solvent.app.routes import read_exchanges
from solvent.audit.act import Act, fingerprint
from solvent.cli.here import Here, Screen, changes, who
from solvent.cli.options import load_config
from solvent.pricing.rate_card import RateCard
from solvent.values.errors import Invalid, NotFound
from solvent.values.ids import AnswerId, new_id
from solvent.values.instant import instant
from solvent.values.money import Money
from solvent.values.period import day_number


@click.command("rerate")
@click.argument("card")
@click.option("--book", type=click.Choice(["cost", "price"]), required=True, help="What we pay, or what they pay.")
@click.option("--since", required=True, metavar="DATE", help="Answers asked from this date on.")
@click.option("--until", default="", metavar="DATE", help="Until before this one  [default: now].")
@click.option(
    "--collect", is_flag=True,
    help="Let customers pay for answers that turn out dearer, from what is free in their wallets  [default: the house "
    "bears it].",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@changes
def rerate(
    here: Here,
    card: str,
    book: Book,
    since: str,
    until: str,
    collect: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
) -> None:
    """Rate the answers of a corrected CARD anew, and post the differences. Nothing is rewritten.

    First say what was wrong: add an entry to the card, of the same date with `corrects`, or of the right date.
    """
    config, near = load_config(here.config_file, here.data)
    cards = read_cards(near, read_exchanges(config)).get(card)
    if not cards:
        raise NotFound("no_such_rate_card", f"there is no rate card {card!r} with a price", param="card")

    async def live() -> Corrected:
        async with open_business(config, here.data, near) as business:
            order = _order(business, book, cards, since, until, collect=collect)
            return await correct_prices(order, _act(business, order, here), business.database, write=not dry_run)

    done = asyncio.run(live())
    here.show(done, lambda screen: _print(done, screen, config.currency, dry_run=dry_run))


def _order(
    business: Business, book: Book, cards: tuple[RateCard, ...], since: str, until: str, *, collect: bool
) -> Order:
    now = business.now_us()
    from_us, until_us = instant(since, "--since"), instant(until, "--until") if until else now
    if not 0 <= from_us < until_us:
        raise Invalid("bad_request", f"--since {since} is not before --until {until or 'now'}", param="since")
    from_id, until_id = (AnswerId(new_id("ans", at_us, 0)) for at_us in (from_us, until_us))
    return Order(book, cards[0].name, cards, from_id, until_id, day_number(now, business.time_zone), collect)


def _act(business: Business, order: Order, here: Here) -> Act:
    now = business.now_us()
    key = here.idempotency_key or new_id("cmd", now, business.entropy())
    versions = [card.version for card in order.cards]
    asked = fingerprint("prices.correct", order.book, order.from_id, order.until_id, order.collect, *versions)
    return Act(f"cli:{who()}", key, asked, now)


def _print(done: Corrected, screen: Screen, currency: str, *, dry_run: bool) -> None:
    amounts = {
        name: screen.say.money(Money(grains, currency))
        for name, grains in (("cost", done.cost_grains), ("charge", done.charge_grains), ("loss", done.overrun_grains))
    }
    word = "would_correct" if dry_run else "corrected"
    screen.word(word, answers=done.answers, corrected=done.corrected, **amounts)
    if done.unpriced:
        screen.word("not_corrected", count=done.unpriced)
