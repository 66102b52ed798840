"""`solvent prices`: the two price books: what is in force, where it comes from, what changed, what was wrong."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import click

from solvent.app.build import now_us
from solvent.app.cards import read_cards
from solvent.app.price_bodies import CardBody, PricesBody, card_body, sheet_of_card
from solvent.app.price_list import published_prices
from solvent.app.prices import Imported, import_prices, our_sheets, their_sheets
from solvent.app.routes import read_exchanges
from solvent.cli.here import Here, Screen, looks
from solvent.cli.options import load_config
from solvent.cli.rerate import rerate
from solvent.pricing.rate_card import RateCard
from solvent.pricing.reconcile import Disagreement, Reconciliation, in_our_names, reconcile
from solvent.pricing.sheet import telling
from solvent.values.errors import Invalid, NotFound
from solvent.values.instant import instant
from solvent.values.money import decimal

EXIT_DISAGREES = 1
_PERCENT = 100

_CARDS = {
    "card": "left", "from": "left", "currency": "left", "input": "right", "cached_input": "right", "output": "right",
    "besides": "left",
}  # fmt: skip
_PRICES = {"price": "left", "served": "left", "above": "right", "amount": "right"}
_IMPORTED = {"card": "left", "file": "left", "outcome": "left", "left_out": "left"}
_SIDES = {"card": "left", "price": "left", "above": "right", "ours": "right", "theirs": "right", "off": "right"}
_DATES = {"card": "left", "price": "left", "above": "right", "before": "right", "after": "right", "off": "right"}

_at = click.option("--at", default="", metavar="DATE", help="As of this date  [default: now].")


@click.group("prices")
def command() -> None:
    """Look at prices, import them, hold them beside another list, correct them."""


@command.command("list")
@click.argument("prefix", default="")
@_at
@looks
def list_cards(here: Here, prefix: str, at: str) -> None:
    """List the rate cards in force: those that begin with PREFIX, such as openai/."""
    at_us = _instant(at)
    cards = [
        card for name, dated in _books(here).items() if name.startswith(prefix) for card in _in_force(dated, at_us)
    ]
    bodies = [card_body(card) for card in sorted(cards, key=lambda card: card.name)]

    def print_it(screen: Screen) -> None:
        screen.table(_CARDS, [_card(one, screen) for one in bodies], "no_cards")
        if bodies:
            screen.word("per_million")

    here.show(bodies, print_it)


@command.command("show")
@click.argument("card")
@click.option("--all", "history", is_flag=True, help="Every dated entry, not only the one in force.")
@_at
@looks
def show(here: Here, card: str, history: bool, at: str) -> None:  # noqa: FBT001
    """Show every price of one CARD, in each tier and tariff."""
    dated = _books(here).get(card)
    if dated is None:
        raise NotFound(
            "no_such_card", f"there is no rate card {card!r}; `solvent prices list` names them", param="card"
        )
    bodies = [card_body(one) for one in (dated if history else _in_force(dated, _instant(at)))]

    def print_it(screen: Screen) -> None:
        for one in bodies:
            screen.facts({"version": one.version, "currency": one.currency, "source": one.source})
            screen.facts({"assumed": ", ".join(one.assumed)})
            screen.table(_PRICES, _every_price(one), "no_cards")
        screen.word("per_million" if bodies else "no_cards")

    here.show(bodies, print_it)


@command.command("import")
@click.option("--provider", "providers", multiple=True, metavar="NAME", help="As the list calls it; may be repeated.")
@click.option("--model", "models", multiple=True, metavar="NAME", help="As the list calls it; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="Every provider and model of the list.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@looks
def import_list(
    here: Here,
    providers: tuple[str, ...],
    models: tuple[str, ...],
    everything: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
) -> None:
    """Add prices of the installed genai-prices list to rate_cards/. What is there is never rewritten."""
    if not providers and not models and not everything:
        raise Invalid("bad_request", "say which prices: --provider NAME, --model NAME, or --all", param="provider")
    _, near = load_config(here.config_file, here.data)
    done = import_prices(near, published_prices(providers, models), now_us(), write=not dry_run)
    counts = {outcome: sum(one.outcome == outcome for one in done) for outcome in ("new", "added", "unchanged", "left")}

    def print_it(screen: Screen) -> None:
        told = [one for one in done if one.outcome != "unchanged" or one.left_out]
        screen.table(_IMPORTED, [_imported(one, screen) for one in told], "no_price_changes")
        screen.word("imported_dry" if dry_run else "imported", **counts)

    here.show(done, print_it)


@command.command("reconcile")
@click.option("--against", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="A second list: a table, OpenRouter's models, or a map; .gz too.")  # fmt: skip
@click.option("--tolerance", default="1%", show_default=True, help="How far apart two prices may be.")
@_at
@looks
def hold_beside(here: Here, against: Path, tolerance: str, at: str) -> None:
    """Compare our cards with a second list; exits with 1 when prices disagree."""
    _, near = load_config(here.config_file, here.data)
    at_us, apart = _instant(at), _share(tolerance)
    ours = our_sheets(near, at_us)
    found = reconcile(ours, in_our_names(their_sheets(against, at_us), ours), apart)

    def print_it(screen: Screen) -> None:
        if found.disagreements:
            screen.table(_SIDES, [_sides(one) for one in found.disagreements], "no_price_changes")
        if found.one_sided:
            screen.table(_SIDES, [_sides(one) for one in found.one_sided], "no_price_changes")
        screen.word("reconciled", tolerance=tolerance, **_counts(found))

    here.show(found, print_it)
    if found.disagreements:
        sys.exit(EXIT_DISAGREES)


@command.command("diff")
@click.argument("prefix", default="")
@click.option("--since", required=True, metavar="DATE", help="Prices as of this date.")
@click.option("--until", default="", metavar="DATE", help="Compared with prices as of this one  [default: now].")
@looks
def diff(here: Here, prefix: str, since: str, until: str) -> None:
    """List what changed between two dates, on cards that begin with PREFIX."""
    books = {name: dated for name, dated in _books(here).items() if name.startswith(prefix)}
    before, after = (
        {name: sheet_of_card(card) for name, dated in books.items() for card in _in_force(dated, at_us)}
        for at_us in (_instant(since), _instant(until))
    )
    found = reconcile(before, after, Fraction(0))
    changed = [*found.disagreements, *found.one_sided]

    def print_it(screen: Screen) -> None:
        screen.table(_DATES, [_sides(one) for one in changed], "no_price_changes")
        for name in found.only_theirs:
            screen.line(f"+ {name}")
        for name in found.only_ours:
            screen.line(f"- {name}")

    here.show(found, print_it)


command.add_command(rerate)


def _books(here: Here) -> dict[str, tuple[RateCard, ...]]:
    config, near = load_config(here.config_file, here.data)
    return read_cards(near, read_exchanges(config))


def _in_force(dated: Sequence[RateCard], at_us: int) -> list[RateCard]:
    """The card valid at an instant, with all its hours; none where none is."""
    return [card for card in dated if card.valid_from_us <= at_us][-1:]


def _instant(text: str) -> int:
    return instant(text, "--at") if text else now_us()


def _share(text: str) -> Fraction:
    """A percentage such as "1%" or "0.5" as a share."""
    share = decimal(text.removesuffix("%").strip(), "--tolerance") / _PERCENT
    if not 0 <= share <= 1:
        raise Invalid("bad_request", f"--tolerance: {text} is not from 0% to 100%", param="tolerance")
    return share


def _counts(found: Reconciliation) -> dict[str, int]:
    names = ("disagreements", "one_sided", "only_ours", "only_theirs")
    return {"compared": found.compared} | {name: len(getattr(found, name)) for name in names}


def _card(one: CardBody, screen: Screen) -> list[str]:
    shown = ("input", "cached_input", "output")
    besides = [name for name in one.prices if name in ("answer", "engine_hour", "kilowatt_hour", "web_search")]
    besides += [f"> {tier.above_input_tokens:,}" for tier in one.tiers] + list(one.tariffs)
    besides += [f"{hours.from_hour}-{hours.until_hour} UTC" for hours in one.hours]
    prices = [one.prices.get(name, "") for name in shown]
    return [one.card, screen.day(one.since), one.currency, *prices, ", ".join(besides)]


def _every_price(one: CardBody) -> list[list[str]]:
    plain = PricesBody(prices=one.prices, tiers=one.tiers)
    served: list[tuple[str, PricesBody]] = [("", plain), *one.tariffs.items()]
    for hours in one.hours:
        time = f"{hours.from_hour}-{hours.until_hour}"
        served += [(time, hours.plain), *((f"{time} {name}", prices) for name, prices in hours.tariffs.items())]
    rows = []
    for how, prices in served:
        for above, texts in (("", prices.prices), *((f"{t.above_input_tokens:,}", t.prices) for t in prices.tiers)):
            rows += [[name, how, above, text] for name, text in telling(texts, one.assumed).items()]
    return rows


def _imported(one: Imported, screen: Screen) -> list[str]:
    return [one.card, one.file, screen.say(one.outcome), "; ".join(one.left_out)]


def _sides(one: Disagreement) -> list[str]:
    above = f"{one.above_tokens:,}" if one.above_tokens else ""
    off = "" if one.off_permyriad is None else f"{one.off_permyriad / _PERCENT:+.2f} %"
    return [one.card, one.price, above, one.ours, one.theirs, off]
