"""`solvent payments`: orders, refunds, transfers to the bank, payouts, and what nobody can explain yet."""

from __future__ import annotations

import click

from solvent.cli.here import Here, Screen, changes, looks, paged
from solvent.cli.paying import print_order, print_payment
from solvent.console import mismatches, payments, suspense
from solvent.console.checkouts import OrderBody
from solvent.console.ledger import TransferBody
from solvent.console.mismatches import MismatchBody
from solvent.console.payments import PaymentDetail, RefundBody

_ORDERS = {
    "id": "left", "customer": "left", "purpose": "left", "amount": "right", "rail": "left", "state": "left",
    "at": "left",
}  # fmt: skip
_RAILS = {"rail": "left", "currencies": "left"}
_METHODS = {"id": "left", "rail": "left", "method": "left", "since": "left"}
_SUSPENSE = {"at": "left", "amount": "right", "debit": "left", "credit": "left", "reference": "left", "id": "left"}
_MISMATCHES = {"at": "left", "rail": "left", "order": "left", "amount": "right", "why": "left"}

_currency = click.option("--currency", default="", help="Of the amounts  [default: the books' own].")


@click.group("payments")
def command() -> None:
    """Look at payments; confirm transfers, refund, charge, book payouts."""


@command.command("list")
@click.option("--customer", default="", help="Only those of this customer.")
@paged
@looks
def list_(here: Here, customer: str, limit: int, cursor: str) -> None:
    """List payment orders, newest first."""
    found = here.ask(payments.LIST, query={"customer": customer, "limit": limit, "cursor": cursor})
    here.show(found, lambda screen: screen.page(found, _ORDERS, lambda one: _row(one, screen), "no_orders"))


@command.command("show")
@click.argument("order")
@looks
def show(here: Here, order: str) -> None:
    """Show one order, and what went back of it."""
    found = here.ask(payments.SHOW, {"order": order})
    here.show(found, lambda screen: _print(found, screen))


@command.command("mismatches")
@paged
@looks
def mismatches_(here: Here, limit: int, cursor: str) -> None:
    """List what processors told that does not agree with its order. Nothing of it is booked."""
    found = here.ask(mismatches.LIST, query={"limit": limit, "cursor": cursor})
    here.show(found, lambda screen: screen.page(found, _MISMATCHES, lambda one: _told(one, screen), "no_mismatches"))


@command.command("look-up")
@click.argument("order")
@changes
def look_up(here: Here, order: str) -> None:
    """Ask the processor how an order stands, and book what it says."""
    made = here.ask(payments.LOOK_UP, {"order": order})
    here.show(made, lambda screen: print_order(made, screen))


@command.command("confirm")
@click.argument("id")
@click.argument("amount")
@click.option("--memo", default="", help="What the bank statement says.")
@click.option("--from-suspense", is_flag=True, help="It came before, and was booked to suspense.")
@changes
def confirm(here: Here, id: str, amount: str, memo: str, from_suspense: bool) -> None:  # noqa: FBT001
    """Confirm that the transfer of an order came, or that the transfer of a refund was sent."""
    body = {"amount": amount, "memo": memo, "from_suspense": from_suspense}
    made = here.ask(payments.CONFIRM, {"order": id}, body=body)
    here.show(made, lambda screen: print_order(made, screen))


@command.command("refund")
@click.argument("order")
@click.argument("amount")
@click.option("--why", default="", help="For people.")
@click.option("--force", is_flag=True, help="What is not free in the wallet is our loss.")
@changes
def refund(here: Here, order: str, amount: str, why: str, force: bool) -> None:  # noqa: FBT001
    """Refund a payment, whole or in part."""
    made = here.ask(payments.REFUND, {"order": order}, body={"amount": amount, "why": why, "force": force})
    here.show(made, lambda screen: _print_refund(made, screen))


@command.command("chargeback")
@click.argument("order")
@click.argument("amount")
@click.option("--dispute", required=True, help="The bank's or processor's id of it.")
@click.option("--state", type=click.Choice(["open", "lost", "won"]), required=True, help="How it stands.")
@changes
def chargeback(here: Here, order: str, amount: str, dispute: str, state: str) -> None:
    """Book a chargeback that the processor does not tell by itself."""
    made = here.ask(
        payments.CHARGEBACK, {"order": order}, body={"dispute": dispute, "state": state, "amount": amount}
    )  # fmt: skip
    here.show(made, lambda screen: print_order(made, screen))


@command.command("charge")
@click.argument("customer")
@click.argument("purpose")
@click.argument("amount")
@click.option("--name", default="Solvent", show_default=True, help="What the customer reads.")
@click.option("--method", default="", help="A saved method's id  [default: the newest].")
@changes
def charge(here: Here, customer: str, purpose: str, amount: str, name: str, method: str) -> None:
    """Charge what a customer saved. PURPOSE: top_up, or invoice:ID."""
    body = {"purpose": purpose, "amount": amount, "name": name, "method": method}
    made = here.ask(payments.CHARGE, {"customer": customer}, body=body)
    here.show(made, lambda screen: print_order(made, screen))


@command.command("methods")
@click.argument("customer")
@looks
def methods(here: Here, customer: str) -> None:
    """List what a customer saved to pay with."""
    found = here.ask(payments.METHODS, {"customer": customer})

    def print_it(screen: Screen) -> None:
        rows = [[one.id, one.rail, one.label, screen.day(one.created_at)] for one in found.data]
        screen.table(_METHODS, rows, "no_methods")

    here.show(found, print_it)


@command.command("save-method")
@click.argument("customer")
@click.option("--rail", required=True, help="Over which rail: see `solvent payments rails`.")
@changes
def save_method(here: Here, customer: str, rail: str) -> None:
    """Ask a customer for something to charge later, and say where they give it."""
    made = here.ask(payments.SAVE, {"customer": customer}, body={"rail": rail})
    here.show(made, lambda screen: print_payment(made, screen))


@command.command("rails")
@looks
def rails(here: Here) -> None:
    """List the rails customers can pay over."""
    found = here.ask(payments.RAILS)

    def print_it(screen: Screen) -> None:
        screen.table(_RAILS, [[one.rail, ", ".join(one.currencies)] for one in found.data], "no_rails")

    here.show(found, print_it)


@command.command("payout")
@click.argument("rail")
@click.argument("received")
@click.argument("cleared")
@click.option("--fee", default="0", show_default=True, help="What was kept of them and is not booked yet.")
@_currency
@click.option("--received-currency", default="", help="Of what came  [default: the same].")
@changes
def payout(
    here: Here, rail: str, received: str, cleared: str, fee: str, currency: str, received_currency: str
) -> None:  # fmt: skip
    """Book what a processor has sent to the bank: RECEIVED, for payments that come to CLEARED."""
    body = {
        "rail": rail, "received": received, "cleared": cleared, "fee": fee, "currency": currency,
        "received_currency": received_currency,
    }  # fmt: skip
    made = here.ask(suspense.PAYOUT, body=body)
    here.show(made, lambda screen: screen.word("booked", id=made.id))


@command.command("suspense")
@paged
@looks
def suspense_(here: Here, limit: int, cursor: str) -> None:
    """List money that came and nobody could explain, and where it went."""
    found = here.ask(suspense.SUSPENDED, query={"limit": limit, "cursor": cursor})
    here.show(found, lambda screen: screen.page(found, _SUSPENSE, lambda one: _moved(one, screen), "no_transfers"))


@command.command("suspend")
@click.argument("rail")
@click.argument("amount")
@click.option("--note", default="", help="What is known of it.")
@click.option("--out", "goes_out", is_flag=True, help="It was sent back, and is in suspense no more.")
@_currency
@changes
def suspend(here: Here, rail: str, amount: str, note: str, goes_out: bool, currency: str) -> None:  # noqa: FBT001
    """Book money that came and matches no order, until somebody can explain it."""
    body = {"rail": rail, "amount": amount, "note": note, "goes_out": goes_out, "currency": currency}
    made = here.ask(suspense.SUSPEND, body=body)
    here.show(made, lambda screen: screen.word("booked", id=made.id))


def _row(one: OrderBody, screen: Screen) -> list[str]:
    amount, state = screen.money(one.amount, one.currency), screen.say(f"order_{one.state}")
    return [one.id, one.customer, one.purpose, amount, one.rail, state, screen.minute(one.created_at)]


def _told(one: MismatchBody, screen: Screen) -> list[str]:
    return [screen.minute(one.seen_at), one.rail, one.order or "", one.amount or "", one.why]


def _print(found: PaymentDetail, screen: Screen) -> None:
    print_order(found.order, screen)
    for refund in found.refunds:
        _print_refund(refund, screen)
    for dispute in found.disputes:
        screen.word("disputed", id=dispute.id, amount=screen.money(dispute.amount, dispute.currency))


def _print_refund(refund: RefundBody, screen: Screen) -> None:
    amount, state = screen.money(refund.amount, refund.currency), screen.say(f"refund_{refund.state}")
    screen.word("refunded", id=refund.id, amount=amount, state=state)


def _moved(one: TransferBody, screen: Screen) -> list[str]:
    amount = screen.money(one.amount, one.unit)
    return [screen.minute(one.at), amount, one.debit, one.credit, one.reference, one.id]
