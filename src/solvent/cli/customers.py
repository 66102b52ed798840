"""`solvent customers`: open, list, suspend, close; and their keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from solvent.cli.here import Here, Screen, changes, looks, paged
from solvent.cli.key_words import KEY_COLUMNS, changed_key, issued_key, key_row
from solvent.cli.paying import print_due_of_plan
from solvent.cli.rotate_key import rotate_key_command
from solvent.console import customers, invoices, keys
from solvent.console.customers import CustomerBody
from solvent.console.invoices import ProfileBody
from solvent.identity.caller import USES

_COLUMNS = {"id": "left", "name": "left", "plan": "left", "state": "left", "since": "left"}


@click.group("customers")
def command() -> None:
    """Open, list, suspend and close customers; issue, change, rotate and revoke their keys."""


@command.command("list")
@click.option("--search", default="", help="A part of the name, or the beginning of the id.")
@click.option("--state", type=click.Choice(["active", "suspended", "closed"]), help="Only those in this state.")
@paged
@looks
def list_(here: Here, search: str, state: str | None, limit: int, cursor: str) -> None:
    """List customers, newest first."""
    query = {"search": search, "state": state, "limit": limit, "cursor": cursor}
    found = here.ask(customers.LIST, query=query)
    here.show(found, lambda screen: screen.page(found, _COLUMNS, lambda one: _row(one, screen), "no_customers"))


@command.command("show")
@click.argument("customer")
@looks
def show(here: Here, customer: str) -> None:
    """Show one customer."""
    found = here.ask(customers.SHOW, {"customer": customer})
    here.show(found, lambda screen: _print(found, screen))


@command.command("open")
@click.argument("name")
@click.option("--plan", required=True, help="The name of a plan on sale.")
@click.option("--grant", help="Money for the wallet, as a gift.")
@click.option("--seats", type=int, default=0, help="How many  [default: those included].")
@click.option("--pays", type=click.Choice(["card", "invoice"]), default=None,
              help="By what they save, or by invoices  [default: card with --rail, else invoice].")  # fmt: skip
@click.option("--coupon", default="", help="A code to take first.")
@click.option("--rail", default="", help="Over which rail what is due is paid.")
@changes
def open_(
    here: Here, name: str, plan: str, grant: str | None, seats: int, pays: str | None, coupon: str, rail: str
) -> None:  # fmt: skip
    """Open a customer on a plan, with a first key that is shown this once."""
    body = {
        "name": name, "plan": plan, "grant": grant, "seats": seats, "pays": pays, "coupon": coupon, "rail": rail,
    }  # fmt: skip
    made = here.ask(customers.OPEN, body=body)

    def print_it(screen: Screen) -> None:
        _print(made, screen)
        issued_key(made.api_key, screen)
        print_due_of_plan(made.outcome, screen)

    here.show(made, print_it)


@command.command("rename")
@click.argument("customer")
@click.argument("name")
@changes
def rename(here: Here, customer: str, name: str) -> None:
    """Give a customer another name."""
    made = here.ask(customers.RENAME, {"customer": customer}, body={"name": name})
    here.show(made, lambda screen: screen.word("customer_renamed", name=made.name))


@command.command("suspend")
@click.argument("customer")
@changes
def suspend(here: Here, customer: str) -> None:
    """Refuse a customer's questions until it is lifted."""
    made = here.ask(customers.SUSPEND, {"customer": customer})
    here.show(made, lambda screen: screen.word("customer_suspended", name=made.name, id=made.id))


@command.command("resume")
@click.argument("customer")
@changes
def resume(here: Here, customer: str) -> None:
    """Let a suspended customer ask again."""
    made = here.ask(customers.RESUME, {"customer": customer})
    here.show(made, lambda screen: screen.word("customer_resumed", name=made.name))


@command.command("close")
@click.argument("customer")
@changes
def close(here: Here, customer: str) -> None:
    """Close a customer for good: every key is revoked. The books keep what was booked."""
    made = here.ask(customers.CLOSE, {"customer": customer})
    here.show(made, lambda screen: screen.word("customer_closed", name=made.name, id=made.id))


@command.command("keys")
@click.argument("customer")
@paged
@looks
def keys_(here: Here, customer: str, limit: int, cursor: str) -> None:
    """List a customer's keys, newest first."""
    found = here.ask(keys.LIST, {"customer": customer}, {"limit": limit, "cursor": cursor})
    here.show(found, lambda screen: screen.page(found, KEY_COLUMNS, lambda key: key_row(key, screen), "no_keys"))


def _limits(command: Callable[..., None]) -> Callable[..., None]:
    """The options of what a key may do, as they are for a new key and for one that is changed."""
    for option in reversed((
        click.option("--model", "models", multiple=True, help="One that it may ask, and no other; may be repeated."),
        click.option("--address", "addresses", multiple=True,
                     help="One it may be used from, and no other, or a network: 10.0.0.0/8; may be repeated."),
        click.option("--use", "uses", multiple=True, type=click.Choice(USES),
                     help="What it may be used for, and nothing else; may be repeated."),
        click.option("--user-header", help='The header in which its holder says whom it asks for; "" for none.'),
    )):  # fmt: skip
        command = option(command)
    return command


@command.command("issue-key")
@click.argument("customer")
@click.option("--name", default="", help="Your word for it.")
@click.option("--expires", help="Until when it is good: 2027-01-01 (UTC).")
@_limits
@changes
def issue_key(here: Here, customer: str, **members: object) -> None:
    """Issue one more key, which is shown this once."""
    made = here.ask(keys.ISSUE, {"customer": customer}, body=members)
    here.show(made, lambda screen: issued_key(made.api_key, screen))


@command.command("change-key")
@click.argument("key")
@_limits
@click.option("--all-models", is_flag=True, help="It may ask every model.")
@click.option("--all-addresses", is_flag=True, help="It may be used from everywhere.")
@click.option("--all-uses", is_flag=True, help="It may be used for everything.")
@changes
def change_key(here: Here, key: str, user_header: str | None, **limits: Any) -> None:
    """Change what a key may do, by its id: from the next call on."""
    body: dict[str, object] = {"user_header": user_header}
    for name in ("models", "addresses", "uses"):
        if limits[name] and limits[f"all_{name}"]:
            raise click.UsageError(f"--all-{name} excludes naming some of them.")
        body[name] = limits[name] if limits[name] or limits[f"all_{name}"] else None
    made = here.ask(keys.CHANGE, {"key": key}, body=body)
    here.show(made, lambda screen: changed_key(made, screen))


command.add_command(rotate_key_command(keys.ROTATE))


@command.command("revoke-key")
@click.argument("key")
@changes
def revoke_key(here: Here, key: str) -> None:
    """Revoke a key, by its id: from the next call on it opens nothing."""
    made = here.ask(keys.REVOKE, {"key": key})
    here.show(made, lambda screen: screen.word("key_revoked", hint=made.hint))


@command.command("profile")
@click.argument("customer")
@looks
def profile(here: Here, customer: str) -> None:
    """Show whom a customer's documents are made out to, and how they are taxed."""
    found = here.ask(invoices.PROFILE, {"customer": customer})
    here.show(found, lambda screen: _print_profile(found, screen))


@command.command("change-profile")
@click.argument("customer")
@click.option("--legal-name", help="As registered.")
@click.option("--registration-number", help="Of the business: ten digits in Korea.")
@click.option("--address", help="Of the business.")
@click.option("--country", help="Two letters: KR.")
@click.option("--language", type=click.Choice(["ko", "en"]), help="Of their documents.")
@click.option("--email", help="Where they read about invoices.")
@click.option("--treatment", type=click.Choice(["inclusive", "exclusive", "reverse_charge", "none"]), help="Of VAT.")
@click.option("--rate-permille", type=int, help="The rate of VAT: 100 is ten percent.")
@changes
def change_profile(here: Here, customer: str, **members: object) -> None:
    """Change whom a customer's documents are made out to, and how they are taxed: from now on."""
    made = here.ask(invoices.PUT_PROFILE, {"customer": customer}, body=members)

    def print_it(screen: Screen) -> None:
        _print_profile(made, screen)
        screen.word("profile_changed")

    here.show(made, print_it)


def _print_profile(one: ProfileBody, screen: Screen) -> None:
    names = ("legal_name", "registration_number", "address", "country", "language", "email")
    tax = f"{one.tax.treatment}, {one.tax.rate_permille} ‰"
    screen.facts({name: getattr(one, name) for name in names} | {"tax": tax})


def _row(one: CustomerBody, screen: Screen) -> list[str]:
    return [one.id, one.name, one.plan or "", screen.say(one.state), screen.day(one.created_at)]


def _print(one: CustomerBody, screen: Screen) -> None:
    state, since = screen.say(one.state), screen.day(one.created_at)
    screen.facts({"id": one.id, "name": one.name, "plan": one.plan or "", "state": state, "since": since})
    if one.charged_back:
        screen.word("charged_back", id=one.id)
