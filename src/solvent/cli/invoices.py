"""`solvent invoices`: the documents, as tables and as PDF; credit notes, and payments that came by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from solvent.cli.here import Here, Screen, changes, looks, paged
from solvent.cli.paying import print_payment
from solvent.console import documents, invoices
from solvent.console.invoices import InvoiceBody, InvoiceDetail
from solvent.invoicing.invoice import State

_INVOICES = {
    "number": "left", "state": "left", "customer": "left", "total": "right", "is_still_due": "right", "issued": "left",
    "due_by": "left",
}  # fmt: skip
_LINES = {"line": "left", "since": "left", "until": "left", "supply": "right", "vat": "right", "amount": "right"}


@click.group("invoices")
def command() -> None:
    """Look at invoices, print and credit them, and take payments in."""


@command.command("list")
@click.option("--customer", default="", help="Only those of this customer.")
@click.option(
    "--state",
    type=click.Choice(get_args(State)),
    help="Only those in this state.",
)
@click.option("--since", default="", help="Days like 7d (today counts), or a date.")
@paged
@looks
def list_(here: Here, customer: str, state: str | None, since: str, limit: int, cursor: str) -> None:
    """List invoices and credit notes, newest first."""
    query = {"customer": customer, "state": state, "since": since, "limit": limit, "cursor": cursor}
    found = here.ask(invoices.LIST, query=query)
    here.show(found, lambda screen: screen.page(found, _INVOICES, lambda one: _row(one, screen), "no_invoices"))


@command.command("show")
@click.argument("invoice")
@looks
def show(here: Here, invoice: str) -> None:
    """Show one document, by its number or id, with its lines and what corrected it."""
    found = here.ask(invoices.SHOW, {"invoice": invoice})
    here.show(found, lambda screen: _print(found, screen))


@command.command("pdf")
@click.argument("invoice")
@click.option("--language", type=click.Choice(["ko", "en"]), help="The customer's own when left out.")
@click.option("--into", type=click.Path(dir_okay=False, path_type=Path), help="The file  [default: NUMBER.pdf here].")
@looks
def pdf(here: Here, invoice: str, language: str | None, into: Path | None) -> None:
    """Print a document as PDF."""
    file = into or Path(f"{invoice.replace('/', '-')}.pdf")
    here.save(documents.INVOICE, {"invoice": invoice}, {"language": language}, into=file)
    here.show({"file": str(file)}, lambda screen: screen.word("exported", file=file))


@command.command("credit")
@click.argument("invoice")
@click.option("--line", "lines", multiple=True, metavar="LINE:AMOUNT", help="Part of one line; may be repeated.")
@click.option("--remark", default="", help="Printed under the lines.")
@changes
def credit(here: Here, invoice: str, lines: tuple[str, ...], remark: str) -> None:
    """Credit an invoice: all that is left of it, or parts of its lines."""
    parts = [_part(line) for line in lines]
    made = here.ask(invoices.CREDIT, {"invoice": invoice}, body={"parts": parts, "remark": remark})
    total = made.total.removeprefix("-")
    here.show(
        made, lambda screen: screen.word("credit_note", number=made.number, amount=screen.money(total, made.currency))
    )


@command.command("received")
@click.argument("invoice")
@click.argument("amount")
@click.option("--into", default="bank", show_default=True, help="Where it is: the account cash:bank.")
@changes
def received(here: Here, invoice: str, amount: str, into: str) -> None:
    """Mark an invoice paid, whole or in part, by money that came without an order of ours."""
    made = here.ask(invoices.RECEIVE, {"invoice": invoice}, body={"amount": amount, "into": into})
    here.show(made, lambda screen: _print_standing(made, screen))


@command.command("returned")
@click.argument("invoice")
@click.argument("amount")
@click.option("--out-of", default="bank", show_default=True, help="Where it was: the account cash:bank.")
@changes
def returned(here: Here, invoice: str, amount: str, out_of: str) -> None:
    """Send back what came without an order of ours and is too much by now."""
    made = here.ask(invoices.GIVE_BACK, {"invoice": invoice}, body={"amount": amount, "out_of": out_of})
    here.show(made, lambda screen: _print_standing(made, screen))


@command.command("write-off")
@click.argument("invoice")
@changes
def write_off(here: Here, invoice: str) -> None:
    """Give up what an invoice still asks for: nobody expects that it is ever paid."""
    made = here.ask(invoices.WRITE_OFF, {"invoice": invoice})
    here.show(made, lambda screen: _print_standing(made, screen))


@command.command("pay")
@click.argument("invoice")
@click.option("--rail", required=True, help="Over which rail: see `solvent payments rails`.")
@click.option("--save-method", "saves_method", is_flag=True, help="Also keep what they pay with, for renewals.")
@changes
def pay(here: Here, invoice: str, rail: str, saves_method: bool) -> None:  # noqa: FBT001
    """Ask a customer to pay an invoice, and say how they do."""
    made = here.ask(invoices.PAY, {"invoice": invoice}, body={"rail": rail, "saves_method": saves_method})
    here.show(made, lambda screen: print_payment(made, screen))


def _part(text: str) -> dict[str, object]:
    line, colon, amount = text.partition(":")
    if not (colon and line.isascii() and line.isdigit() and len(line) < 6):
        raise click.BadParameter(f"{text!r} is not like 1:5000, the line and how much of it", param_hint="--line")
    return {"line": int(line), "amount": amount}


def _row(one: InvoiceBody, screen: Screen) -> list[str]:
    due = screen.money(one.due, one.currency) if one.due != "0" else ""
    state = screen.say(f"invoice_{one.state}") if one.kind == "invoice" else screen.say("is_credit_note")
    total = screen.money(one.total, one.currency)
    days = [screen.day(one.issued_at), screen.day(one.due_at) if due else ""]
    return [one.number, state, one.customer_name, total, due, *days]


def _print(found: InvoiceDetail, screen: Screen) -> None:
    one = found.invoice
    _print_standing(one, screen)
    rows = [
        [f"{line.line}. {screen.say(f'line_{line.kind}')} {line.text}", screen.day(line.start), screen.day(line.end),
         screen.money(line.supply, one.currency), screen.money(line.vat, one.currency),
         screen.money(line.amount, one.currency)]
        for line in found.lines
    ]  # fmt: skip
    screen.table(_LINES, rows, "no_lines")
    for note in found.credit_notes:
        amount = screen.money(note.total.removeprefix("-"), note.currency)
        screen.word("credit_note", number=note.number, amount=amount)


def _print_standing(one: InvoiceBody, screen: Screen) -> None:
    sums = (one.paid, one.written_off, one.due)
    paid, given_up, due = (screen.money(text, one.currency) if text != "0" else "" for text in sums)
    screen.facts(
        {
            "number": one.number, "id": one.id, "customer": one.customer_name,
            "state": screen.say(f"invoice_{one.state}"), "total": screen.money(one.total, one.currency), "paid": paid,
            "written_off": given_up, "is_still_due": due, "due_by": screen.day(one.due_at) if due else "",
        }
    )  # fmt: skip
