"""`solvent ledger`: accounts and transfers, the verification of the books, and their export."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from solvent.cli.here import Here, Screen, looks, paged
from solvent.console import ledger
from solvent.console.ledger import AccountBody, TransferBody, VerdictBody

EXIT_WRONG = 1

_ACCOUNTS = {
    "account": "left", "unit": "left", "debits": "right", "credits": "right", "balance": "right", "side": "left",
    "held": "right",
}  # fmt: skip
_TRANSFERS = {
    "at": "left", "id": "left", "debit": "left", "credit": "left", "amount": "right", "unit": "left", "state": "left",
    "reference": "left",
}  # fmt: skip


@click.group("ledger")
def command() -> None:
    """Look at accounts and transfers; verify and export the books."""


@command.command("accounts")
@click.argument("prefix", default="")
@paged
@looks
def accounts(here: Here, prefix: str, limit: int, cursor: str) -> None:
    """List accounts with their balances: those that begin with PREFIX, such as wallet: or revenue."""
    found = here.ask(ledger.ACCOUNTS, query={"prefix": prefix, "limit": limit, "cursor": cursor})
    here.show(found, lambda screen: screen.page(found, _ACCOUNTS, lambda one: _account(one, screen), "no_accounts"))


@command.command("show")
@click.argument("account")
@click.option("--answers", is_flag=True, help="Also what answers moved; that is slow in large books.")
@paged
@looks
def show(here: Here, account: str, answers: bool, limit: int, cursor: str) -> None:  # noqa: FBT001
    """List the transfers of one account, newest first."""
    query = {"account": account, "answers": answers, "limit": limit, "cursor": cursor}
    found = here.ask(ledger.TRANSFERS, query=query)
    here.show(found, lambda screen: screen.page(found, _TRANSFERS, lambda one: _transfer(one, screen), "no_transfers"))


@command.command("cause")
@click.argument("cause")
@paged
@looks
def cause(here: Here, cause: str, limit: int, cursor: str) -> None:
    """List every transfer that one answer, or another cause, made."""
    found = here.ask(ledger.TRANSFERS, query={"cause": cause, "limit": limit, "cursor": cursor})
    here.show(found, lambda screen: screen.page(found, _TRANSFERS, lambda one: _transfer(one, screen), "no_transfers"))


@command.command("verify")
@click.option("--head", default="", help="A head of the chain that was kept: 1234:9f86d0...")
@looks
def verify(here: Here, head: str) -> None:
    """Verify the books: every link of the chain, every sum, every hold's end, every balance that is kept."""
    found = here.ask(ledger.VERIFY, query={"head": head})
    here.show(found, lambda screen: _verdict(found, screen))
    if not found.is_clean:
        sys.exit(EXIT_WRONG)


@command.command("export")
@click.option("--format", "form", type=click.Choice(["beancount"]), default="beancount", show_default=True,
              help="Whose language to write it in.")  # fmt: skip
@click.option("--into", type=click.Path(dir_okay=False, path_type=Path), help="The file  [default: standard output].")
@looks
def export(here: Here, form: str, into: Path | None) -> None:
    """Export the journal, with our balances at its end for the other program to compare with its sums."""
    here.save(ledger.EXPORT, query={"format": form}, into=into)
    if into is not None:
        here.show({"file": str(into)}, lambda screen: screen.word("exported", file=into))


def _account(one: AccountBody, screen: Screen) -> list[str]:
    side = screen.say(one.side) if one.side != "none" else ""
    held = one.held if one.held != "0" else ""
    return [one.account, one.unit, one.debits, one.credits, one.balance, side, held]


def _transfer(one: TransferBody, screen: Screen) -> list[str]:
    amount = one.amount if one.state != "voided" else f"({one.held})"
    return [
        screen.minute(one.at),
        one.id,
        one.debit,
        one.credit,
        amount,
        one.unit,
        screen.say(one.state),
        one.reference,
    ]


def _verdict(found: VerdictBody, screen: Screen) -> None:
    if found.is_clean:
        screen.word("books_clean", transfers=found.transfers, open_holds=found.open_holds, head=found.head)
        return
    screen.word("books_wrong", count=len(found.problems), transfers=found.transfers)
    for problem in found.problems:
        screen.line(problem)
