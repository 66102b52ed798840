"""`solvent bills`: what providers bill, held against the books; what is left is posted to suspense."""

from __future__ import annotations

import base64
from pathlib import Path

import click

from solvent.cli.here import Here, Screen, changes, looks, paged
from solvent.console import bills
from solvent.console.bill_bodies import BillBody, BillDetail, ResidualBody, ResidualLineBody
from solvent.values.errors import Invalid
from solvent.values.limits import BILL_BYTES_MAX

_BILLS = {
    "at": "left", "bill_provider": "left", "bill_days": "left", "billed": "right", "bill_booked": "right",
    "residual": "right", "bill_share": "right", "state": "left", "id": "left",
}  # fmt: skip
_LINES = {
    "day": "left", "model": "left", "answers": "right", "billed": "right", "bill_booked": "right",
    "residual": "right", "bill_share": "right",
}  # fmt: skip
_BESIDE = {"bill_kind": "left", "bill_named": "left", "bill_days": "left", "amount": "right"}
_PLACES = 4


@click.group("bills")
def command() -> None:
    """Hold what providers bill against the books; the rest is in suspense."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--provider", required=True, help="Who billed, as the books call them, such as openai.")
@click.option(
    "--map", "columns", multiple=True, metavar="WHAT=COLUMN",
    help="Which column says date, amount, model, currency, kind or what; dates=iso|unix|mdy|dmy; only=COLUMN:TEXT. "
    "May be repeated  [default: known by its columns].",
)  # fmt: skip
@click.option(
    "--alias", "aliases", multiple=True, metavar="THEIRS=OURS",
    help="What a name in the bill is in the books. May be repeated.",
)  # fmt: skip
@click.option("--currency", default="", help="Of the bill, where no column says it.")
@click.option("--rate", default="", help="One unit of it in the books' currency  [default: the books' own, by day].")
@click.option("--rate-date", default="", metavar="DATE", help="The date of that rate.")
@click.option("--source", default="bill", show_default=True, help="Who says so.")
@click.option("--time-zone", default="UTC", show_default=True, help="Whose days the bill's are.")
@click.option("--from", "since", default="", metavar="DATE", help="Its first day  [default: of the rows].")
@click.option("--until", default="", metavar="DATE", help="Its last day  [default: of the rows].")
@click.option("--again", is_flag=True, help="Take it although it was taken before.")
@click.option("--dry-run", is_flag=True, help="Only say what would be posted.")
@changes
def import_bill(
    here: Here, file: Path, columns: tuple[str, ...], aliases: tuple[str, ...], dry_run: bool, **terms: object  # noqa: FBT001
) -> None:  # fmt: skip
    """Take the bill or export in FILE (CSV or JSON, also packed with gzip), and post its residual to suspense.

    The same file is taken once. A newer export of the same days reverses the older one first.
    """
    body = {
        **terms, "from": terms["since"], "file": _sent(file), "file_name": file.name, "columns": "; ".join(columns),
        "aliases": "; ".join(aliases),
    }  # fmt: skip
    del body["since"]
    if dry_run:
        seen = here.ask(bills.PREVIEW, body=body)
        here.show(seen, lambda screen: _print_detail(seen, screen))
        return
    done = here.ask(bills.IMPORT, body=body)

    def print_it(screen: Screen) -> None:
        screen.word("bill_taken" if done.is_new else "bill_known", id=done.bill.id)
        for old in done.replaced:
            screen.word("bill_reversed", id=old)
        _print_bill(done.bill, screen)

    here.show(done, print_it)


@command.command("list")
@click.option("--provider", default="", help="Of one provider.")
@paged
@looks
def list_bills(here: Here, provider: str, limit: int, cursor: str) -> None:
    """List bills, newest first."""
    found = here.ask(bills.LIST, query={"provider": provider, "limit": limit, "cursor": cursor})
    here.show(found, lambda screen: screen.page(found, _BILLS, lambda one: _row(one, screen), "no_bills"))


@command.command("show")
@click.argument("bill")
@looks
def show(here: Here, bill: str) -> None:
    """Show a BILL, what it has beside usage, and the names in it that nobody knows."""
    found = here.ask(bills.SHOW, {"bill": bill})
    here.show(found, lambda screen: _print_detail(found, screen))


@command.command("residual")
@click.argument("bill")
@click.option(
    "--by", type=click.Choice(["line", "day", "model"]), default="line", show_default=True,
    help="By day and model, or summed by one of them.",
)  # fmt: skip
@looks
def residual(here: Here, bill: str, by: str) -> None:
    """Show what a BILL has beyond the books, by day and model."""
    found = here.ask(bills.RESIDUAL, {"bill": bill}, {"by": by})
    here.show(found, lambda screen: _print_residual(found, screen))


def _sent(file: Path) -> str:
    """Raises Invalid for what cannot be read, or is too large."""
    try:
        if file.stat().st_size > BILL_BYTES_MAX:
            message = f"{file} is larger than {BILL_BYTES_MAX:,} bytes; export fewer days"
            raise Invalid("bill_too_large", message, param="file")
        return base64.b64encode(file.read_bytes()).decode()
    except OSError as wrong:
        raise Invalid("cannot_read_file", f"{file} cannot be read: {wrong.strerror}", param="file") from None


def _print_bill(bill: BillBody, screen: Screen) -> None:
    def amount(text: str) -> str:
        return screen.money(text, bill.currency)

    share = bill.share or "–"
    screen.facts(
        {
            "id": bill.id, "bill_provider": bill.provider,
            "bill_days": f"{bill.first} – {bill.last} ({bill.time_zone})",
            "bill_file": f"{bill.file_name} ({bill.layout}, {bill.rows:,})", "billed": amount(bill.billed),
            "bill_booked": amount(bill.booked), "residual": f"{amount(bill.residual)} ({share})",
            "bill_beside": amount(bill.beside) if bill.beside != "0" else "", "bill_rates": bill.rates,
            "bill_left_out": f"{bill.left_out:,}" if bill.left_out else "",
            "bill_replaced_by": bill.replaced_by or "",
        }
    )  # fmt: skip
    if bill.is_over:
        screen.word("bill_over")


def _print_detail(found: BillDetail, screen: Screen) -> None:
    _print_bill(found.bill, screen)
    currency = found.bill.currency
    for one in found.unknown:
        screen.word("bill_unknown", named=one.named or "–", amount=screen.money(one.billed, currency))
    if found.beside:
        rows = [
            [one.kind, one.named, f"{one.first} – {one.last}", f"{one.amount} {found.bill.bill_currency}"]
            for one in found.beside
        ]
        screen.table(_BESIDE, rows, "no_bills")
    screen.table(_LINES, [_line(one, currency, screen) for one in found.days], "no_bills")


def _print_residual(found: ResidualBody, screen: Screen) -> None:
    screen.table(_LINES, [_line(one, found.currency, screen) for one in found.data], "no_bills")


def _row(bill: BillBody, screen: Screen) -> list[str]:
    amounts = (screen.money(text, bill.currency) for text in (bill.billed, bill.booked, bill.residual))
    state = screen.say("bill_was_replaced" if bill.replaced_by else "bill_is_over" if bill.is_over else "bill_is_near")
    days = f"{bill.first} – {bill.last}"
    return [screen.minute(bill.at), bill.provider, days, *amounts, bill.share or "–", state, bill.id]


def _line(line: ResidualLineBody, currency: str, screen: Screen) -> list[str]:
    model = (
        screen.say("all_models")
        if line.model is None
        else line.model or (screen.say("failed_attempts") if line.is_known else "–")
    )
    amounts = (screen.money(text, currency, None) for text in (line.billed, line.booked, line.residual))
    name = model if line.is_known else f"{model} (?)"
    return [line.day or "", name, f"{line.answers:,}", *amounts, line.share or "–"]
