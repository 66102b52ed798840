"""`solvent months`: closing a month, its profit and loss, its balance sheet, and customers' statements."""

from __future__ import annotations

from pathlib import Path

import click

from solvent.cli.here import Here, Screen, changes, looks
from solvent.console import documents, months
from solvent.console.months import BooksBody, BooksLineBody, MonthBody, StatementBody

_MONTHS = {
    "month": "left",
    "closed_on": "left",
    "statements": "right",
    "used": "right",
    "vat": "right",
    "proof": "left",
}
_LINES = {"section": "left", "account": "left", "amount": "right"}
_STATEMENTS = {
    "month": "left", "opening": "right", "paid_in": "right", "gifts": "right", "used": "right", "paid_out": "right",
    "closing": "right", "vat": "right",
}  # fmt: skip


@click.group("months")
def command() -> None:
    """Close months; look at profit and loss, balance sheets and statements."""


@command.command("list")
@looks
def list_(here: Here) -> None:
    """List the closed months, newest first, and say which is next."""
    found = here.ask(months.LIST)

    def print_it(screen: Screen) -> None:
        rows = []
        for one in found.data:
            used, vat = (
                ", ".join(screen.money(getattr(w, n), w.currency) for w in one.wallets) for n in ("used", "vat")
            )
            count = sum(w.statements for w in one.wallets)
            rows.append([one.month, screen.day(one.closed_at), f"{count:,}", used, vat, one.proof[:16]])
        screen.table(_MONTHS, rows, "no_months")
        if found.next:
            screen.word("next_month", month=found.next)

    here.show(found, print_it)


@command.command("show")
@click.argument("month")
@looks
def show(here: Here, month: str) -> None:
    """Show the profit and loss and the balance sheet of a MONTH such as 2026-11, closed or not."""
    found = here.ask(months.SHOW, {"month": month})
    here.show(found, lambda screen: _print(found, screen))


@command.command("close")
@click.argument("month")
@changes
def close(here: Here, month: str) -> None:
    """Close a MONTH that is over: nothing is booked into it any more. Closing it again gives the same."""
    made = here.ask(months.CLOSE, {"month": month})
    here.show(made, lambda screen: screen.word("month_closed", month=made.month, proof=made.proof, chain=made.chain))


@command.command("statements")
@click.argument("customer")
@looks
def statements(here: Here, customer: str) -> None:
    """List a customer's statements of closed months."""
    found = here.ask(months.STATEMENTS, {"customer": customer})

    def print_it(screen: Screen) -> None:
        screen.table(_STATEMENTS, [_statement(one, screen) for one in found.data], "no_statements")

    here.show(found, print_it)


@command.command("statement-pdf")
@click.argument("customer")
@click.argument("month")
@click.option("--language", type=click.Choice(["ko", "en"]), help="The customer's own when left out.")
@click.option("--currency", default="", help="Of the statement  [default: the books' own].")
@click.option("--into", type=click.Path(dir_okay=False, path_type=Path), help="The file  [default: here].")
@looks
def statement_pdf(
    here: Here, customer: str, month: str, language: str | None, currency: str, into: Path | None
) -> None:  # fmt: skip
    """Print a customer's statement of a closed month as PDF."""
    file = into or Path(f"{customer}-{month}.pdf".replace("/", "-"))
    query = {"language": language, "currency": currency}
    here.save(documents.STATEMENT, {"customer": customer, "month": month}, query, into=file)
    here.show({"file": str(file)}, lambda screen: screen.word("exported", file=file))


def _print(found: MonthBody, screen: Screen) -> None:
    if not found.books:
        screen.word("no_accounts")
    for books in found.books:
        screen.word("books_closed" if books.is_closed else "books_open", month=books.month, currency=books.currency)
        screen.table(_LINES, _lines(books.profit_and_loss, books, screen), "no_lines")
        screen.word("profit", amount=_amount(books.profit, books, screen))
        screen.table(_LINES, _lines(books.balance_sheet, books, screen), "no_lines")
        screen.word("profit_so_far", amount=_amount(books.profit_so_far, books, screen))


def _lines(lines: list[BooksLineBody], books: BooksBody, screen: Screen) -> list[list[str]]:
    return [[screen.say(line.section), line.account, _amount(line.amount, books, screen)] for line in lines]


def _amount(text: str, books: BooksBody, screen: Screen) -> str:
    """All in one number of decimals, so that they add up in view."""
    return screen.money(text, books.currency, 2)


def _statement(one: StatementBody, screen: Screen) -> list[str]:
    names = ("opening", "paid_in", "gifts", "used", "paid_out", "closing", "vat")
    return [one.month, *(screen.money(getattr(one, name), one.currency) for name in names)]
