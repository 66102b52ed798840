"""`solvent subscriptions`: who is on which plan, what a change comes to, and packs beside the plan."""

from __future__ import annotations

import click

from solvent.cli.here import Here, Screen, changes, looks
from solvent.cli.paying import print_due, print_due_of_plan
from solvent.console import coupons, seats, subscriptions
from solvent.console.coupons import BoughtBody
from solvent.console.subscriptions import HistoryBody, OutcomeBody, QuoteBody, SubscriptionBody

_HISTORY = {"plan": "left", "version": "right", "state": "left", "since": "left", "until": "left", "id": "left"}
_LINES = {"line": "left", "since": "left", "until": "left", "amount": "right"}
_USERS = {"seat_user": "left", "since": "left", "seat": "left"}
_PACKS = {"pack": "left", "state": "left", "since": "left", "expires": "left", "id": "left"}

_pays = click.option("--pays", type=click.Choice(["card", "invoice"]), default=None,
                     help="By what they save, or by invoices  [default: card with --rail, else invoice].")  # fmt: skip
_pays_now = click.option("--pays", type=click.Choice(["card", "invoice"]), default=None,
                         help="From then on by what is saved, or by invoices  [default: as now].")  # fmt: skip
_seats = click.option("--seats", type=int, default=0, help="How many  [default: those included].")
_coupon = click.option("--coupon", default="", help="A code to take first.")
_rail = click.option("--rail", default="", help="Over which rail what is due is paid.")
_newest = click.option("--newest-terms", is_flag=True, help="Also for the plan they are on.")


@click.group("subscriptions")
def command() -> None:
    """Put customers on plans, change and cancel them; sell packs."""


@command.command("show")
@click.argument("customer")
@looks
def show(here: Here, customer: str) -> None:
    """Show what a customer is on, and was on before."""
    found = here.ask(subscriptions.SHOW, {"customer": customer})
    here.show(found, lambda screen: _print_history(found, screen))


@command.command("begin")
@click.argument("customer")
@click.argument("plan")
@_seats
@_pays
@_coupon
@_rail
@changes
def begin(here: Here, customer: str, plan: str, seats: int, pays: str | None, coupon: str, rail: str) -> None:
    """Put a customer on a plan."""
    body = {"plan": plan, "seats": seats, "pays": pays, "coupon": coupon, "rail": rail}
    made = here.ask(subscriptions.BEGIN, {"customer": customer}, body=body)
    here.show(made, lambda screen: _print_outcome(made, screen))


@command.command("quote")
@click.argument("customer")
@click.argument("plan")
@_seats
@_pays_now
@_newest
@looks
def quote(here: Here, customer: str, plan: str, seats: int, pays: str | None, newest_terms: bool) -> None:  # noqa: FBT001
    """Say what a plan would come to for a customer from now on. Nothing is changed."""
    body = {"plan": plan, "seats": seats, "pays": pays, "newest_terms": newest_terms}
    made = here.ask(subscriptions.QUOTE, {"customer": customer}, body=body)
    here.show(made, lambda screen: _print_quote(made, screen))


@command.command("change")
@click.argument("customer")
@click.argument("plan")
@_seats
@_pays_now
@_coupon
@_rail
@click.option("--when", type=click.Choice(["as_fits", "now", "period_end"]), default="as_fits", show_default=True,
              help="as_fits: dearer now, cheaper at the end of the period.")  # fmt: skip
@_newest
@changes
def change(
    here: Here, customer: str, plan: str, seats: int, pays: str | None, coupon: str, rail: str, when: str,
    newest_terms: bool,  # noqa: FBT001
) -> None:  # fmt: skip
    """Change a customer's plan or seats, with proration."""
    body = {
        "plan": plan, "seats": seats, "pays": pays, "coupon": coupon, "rail": rail, "when": when,
        "newest_terms": newest_terms,
    }  # fmt: skip
    made = here.ask(subscriptions.CHANGE, {"customer": customer}, body=body)
    here.show(made, lambda screen: _print_outcome(made, screen))


@command.command("cancel")
@click.argument("customer")
@click.option("--at", type=click.Choice(["period_end", "now"]), default="period_end", show_default=True,
              help="now: what is paid is gone.")  # fmt: skip
@click.option("--give-back", "gives_back", is_flag=True, help="With --at now: credit what is not used of the period.")
@changes
def cancel(here: Here, customer: str, at: str, gives_back: bool) -> None:  # noqa: FBT001
    """Cancel a customer's plan."""
    made = here.ask(subscriptions.CANCEL, {"customer": customer}, body={"at": at, "gives_back": gives_back})
    here.show(made, lambda screen: _print_outcome(made, screen))


@command.command("keep")
@click.argument("customer")
@changes
def keep(here: Here, customer: str) -> None:
    """Keep a plan after all: neither canceled nor changed at the end of the period."""
    made = here.ask(subscriptions.KEEP, {"customer": customer})
    here.show(made, lambda screen: _print(made, screen))


@command.command("seats")
@click.argument("customer")
@looks
def seats_(here: Here, customer: str) -> None:
    """List the users of a customer who took seats."""
    found = here.ask(seats.LIST, {"customer": customer})

    def print_it(screen: Screen) -> None:
        rows = [
            [one.user, screen.day(one.since), screen.say("seated" if one.is_seated else "not_seated")]
            for one in found.data
        ]
        screen.table(_USERS, rows, "no_seats")

    here.show(found, print_it)


@command.command("free-seat")
@click.argument("customer")
@click.argument("user")
@changes
def free_seat(here: Here, customer: str, user: str) -> None:
    """Take a user's seat away, so that another may take it."""
    made = here.ask(seats.FREE, {"customer": customer}, body={"user": user})
    here.show(made, lambda screen: screen.word("seat_freed", user=made.user))


@command.command("packs")
@click.argument("customer")
@looks
def packs(here: Here, customer: str) -> None:
    """List the packs a customer bought."""
    found = here.ask(coupons.PACKS, {"customer": customer})

    def print_it(screen: Screen) -> None:
        rows = [
            [one.pack, screen.say(f"pack_{one.state}"), screen.day(one.asked_at), screen.day(one.expires_at), one.id]
            for one in found.data
        ]
        screen.table(_PACKS, rows, "no_packs")

    here.show(found, print_it)


@command.command("buy-pack")
@click.argument("customer")
@click.argument("pack")
@_pays
@_rail
@changes
def buy_pack(here: Here, customer: str, pack: str, pays: str | None, rail: str) -> None:
    """Buy a pack of a customer's plan."""
    made = here.ask(coupons.BUY, {"customer": customer}, body={"pack": pack, "pays": pays, "rail": rail})
    here.show(made, lambda screen: _print_bought(made, screen))


@command.command("return-pack")
@click.argument("pack")
@changes
def return_pack(here: Here, pack: str) -> None:
    """Take a pack back, by its id: its share of the price is credited."""
    made = here.ask(coupons.RETURN, {"pack": pack})
    here.show(made, lambda screen: screen.word("credited", amount=screen.money(made.credited, made.currency)))


def _print_history(found: HistoryBody, screen: Screen) -> None:
    if found.current:
        _print(found.current, screen)
    rows = [
        [one.plan, str(one.version), screen.say(f"sub_{one.state}"), screen.day(one.started_at),
         screen.day(one.ended_at), one.id]
        for one in found.history
    ]  # fmt: skip
    screen.table(_HISTORY, rows, "no_subscription")


def _print(one: SubscriptionBody, screen: Screen) -> None:
    state = screen.say(f"sub_{one.state}")
    seats = f"{one.seats:,}" if one.seats > 1 else ""
    screen.facts(
        {
            "id": one.id, "plan": f"{one.plan} ({one.version})", "state": state,
            "plan_price": screen.money(one.price, one.currency), "seats": seats, "coupon": one.coupon or "",
            "period": f"{screen.day(one.period.start)} ~ {screen.day(one.period.end)}",
        }
    )  # fmt: skip
    if one.cancel_at_end:
        screen.word("ends_then", day=screen.day(one.period.end))
    if one.next:
        screen.word("changes_then", plan=one.next.plan, day=screen.day(one.period.end))
    if one.unpaid_invoice:
        screen.word("unpaid", invoice=one.unpaid_invoice)


def _print_outcome(made: OutcomeBody, screen: Screen) -> None:
    _print(made.subscription, screen)
    if made.credited != "0":
        screen.word("credited", amount=screen.money(made.credited, made.currency))
    print_due_of_plan(made, screen)


def _print_quote(made: QuoteBody, screen: Screen) -> None:
    rows = [
        [f"{screen.say(f'line_{one.kind}')} {one.text}", screen.day(one.start), screen.day(one.end),
         screen.money(one.amount, made.currency)]
        for one in made.lines
    ]  # fmt: skip
    if rows:
        screen.table(_LINES, rows, "no_lines")
    amounts = {name: screen.money(getattr(made, name), made.currency) for name in ("due", "given_back", "each_period")}
    screen.word("quoted", plan=made.plan, **amounts)


def _print_bought(made: BoughtBody, screen: Screen) -> None:
    screen.facts({"id": made.pack.id, "pack": made.pack.pack, "state": screen.say(f"pack_{made.pack.state}")})
    again = f"subscriptions buy-pack {made.pack.customer} {made.pack.pack}"
    ask_with = f"invoices pay {made.pack.invoice}" if made.pack.invoice else again
    print_due(made.due, made.currency, made.payment, ask_with, screen)
