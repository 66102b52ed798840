"""`solvent wallet`: what a customer may spend, what came in and went out, gifts and top-ups."""

from __future__ import annotations

import click

from solvent.cli.here import Here, Screen, changes, looks, paged
from solvent.cli.paying import print_payment
from solvent.console import wallets
from solvent.console.wallets import MovementBody, PotBody, WalletBody
from solvent.ledger.unit import ANSWERS, TOKENS

_POTS = {"kind": "left", "is_left": "right", "is_free": "right", "classes": "left", "expires": "left"}
_COUNTED = {ANSWERS: "unit_answers", TOKENS: "unit_tokens"}
_MOVES = {"at": "left", "amount": "right", "other": "left", "reference": "left"}


@click.group("wallet")
def command() -> None:
    """Look at what customers may spend; give and ask for money."""


@command.command("show")
@click.argument("customer")
@looks
def show(here: Here, customer: str) -> None:
    """Show what a customer may spend now, in the order it is used."""
    found = here.ask(wallets.SHOW, {"customer": customer})
    here.show(found, lambda screen: _print(found, screen))


@command.command("movements")
@click.argument("customer")
@click.option("--answers", is_flag=True, help="Also what each answer was charged; slow in large books.")
@paged
@looks
def movements(here: Here, customer: str, answers: bool, limit: int, cursor: str) -> None:  # noqa: FBT001
    """List what came into a wallet and left it, newest first."""
    query = {"answers": answers, "limit": limit, "cursor": cursor}
    found = here.ask(wallets.MOVEMENTS, {"customer": customer}, query)
    here.show(found, lambda screen: screen.page(found, _MOVES, lambda one: _move(one, screen), "no_movements"))


@command.command("grant")
@click.argument("customer")
@click.argument("amount")
@click.option("--expires", help="Until when it may be spent: 2027-01-01 (UTC)  [default: for ever].")
@changes
def grant(here: Here, customer: str, amount: str, expires: str | None) -> None:
    """Give a customer money to spend on answers."""
    made = here.ask(wallets.GRANT, body={"customer": customer, "amount": amount, "expires": expires})
    here.show(made, lambda screen: screen.word("granted", amount=screen.money(made.amount, made.currency)))


@command.command("top-up")
@click.argument("customer")
@click.argument("amount")
@click.option("--rail", required=True, help="Over which rail: see `solvent payments rails`.")
@click.option("--save-method", "saves_method", is_flag=True, help="Also keep what they pay with, to charge it later.")
@changes
def top_up(here: Here, customer: str, amount: str, rail: str, saves_method: bool) -> None:  # noqa: FBT001
    """Ask a customer for money for their wallet, and say how they pay."""
    body = {"amount": amount, "rail": rail, "saves_method": saves_method}
    made = here.ask(wallets.TOP_UP, {"customer": customer}, body=body)
    here.show(made, lambda screen: print_payment(made, screen))


def _print(found: WalletBody, screen: Screen) -> None:
    screen.facts({"balance": screen.money(found.balance, found.currency)})
    screen.table(_POTS, [_pot(one, screen) for one in found.pots], "no_pots")


def _pot(one: PotBody, screen: Screen) -> list[str]:
    kind = screen.say(f"pot_{one.kind}")
    left, free = (_amount(amount, one.unit, screen) for amount in (one.left, one.free))
    return [kind, left, free, ", ".join(one.classes), screen.minute(one.expires_at)]


def _amount(amount: str, unit: str, screen: Screen) -> str:
    """Money, or what is worth money, as money; answers and tokens with their word."""
    if unit in _COUNTED:
        return f"{int(amount):,} {screen.say(_COUNTED[unit])}"
    return screen.money(amount, unit.partition(".")[0])


def _move(one: MovementBody, screen: Screen) -> list[str]:
    return [screen.minute(one.at), screen.money(one.amount, one.currency), one.other, one.reference]
