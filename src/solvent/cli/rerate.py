"""`solvent prices rerate`: answers that a wrong price rated, rated anew; the differences are posted beside the old."""

from __future__ import annotations

import click

from solvent.answering.correction import Book
from solvent.cli.here import Here, Screen, changes
from solvent.console import prices
from solvent.console.prices import CorrectedBody
from solvent.values.money import money


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
    body = {"card": card, "book": book, "from": since, "until": until, "collect": collect}
    done = here.ask(prices.PREVIEW if dry_run else prices.CORRECT, body=body)
    here.show(done, lambda screen: _print(done, screen, dry_run=dry_run))


def _print(done: CorrectedBody, screen: Screen, *, dry_run: bool) -> None:
    amounts = {
        name: screen.say.money(money(amount, done.currency))
        for name, amount in (("cost", done.cost), ("charge", done.charge), ("loss", done.overrun))
    }
    word = "would_correct" if dry_run else "corrected"
    screen.word(word, answers=done.answers, corrected=done.corrected, **amounts)
    if done.unpriced:
        screen.word("not_corrected", count=done.unpriced)
