"""`solvent customers`: open, list, suspend, close; and their keys."""

from __future__ import annotations

import click

from solvent.cli.here import Here, Screen, changes, looks, paged
from solvent.cli.key_words import KEY_COLUMNS, issued_key, key_row
from solvent.console import customers, keys
from solvent.console.customers import CustomerBody

_COLUMNS = {"id": "left", "name": "left", "plan": "left", "state": "left", "since": "left"}


@click.group("customers")
def command() -> None:
    """Open, list, suspend and close customers; issue and revoke their keys."""


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
@changes
def open_(here: Here, name: str, plan: str, grant: str | None) -> None:
    """Open a customer, with a first key that is shown this once."""
    made = here.ask(customers.OPEN, body={"name": name, "plan": plan, "grant": grant})

    def print_it(screen: Screen) -> None:
        _print(made, screen)
        issued_key(made.api_key, screen)

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
    here.show(made, lambda screen: screen.word("customer_closed", name=made.name))


@command.command("keys")
@click.argument("customer")
@paged
@looks
def keys_(here: Here, customer: str, limit: int, cursor: str) -> None:
    """List a customer's keys, newest first."""
    found = here.ask(keys.LIST, {"customer": customer}, {"limit": limit, "cursor": cursor})
    here.show(found, lambda screen: screen.page(found, KEY_COLUMNS, lambda key: key_row(key, screen), "no_keys"))


@command.command("issue-key")
@click.argument("customer")
@click.option("--name", default="", help="Your word for it.")
@click.option("--expires", help="Until when it is good: 2027-01-01 (UTC).")
@changes
def issue_key(here: Here, customer: str, name: str, expires: str | None) -> None:
    """Issue one more key, which is shown this once."""
    made = here.ask(keys.ISSUE, {"customer": customer}, body={"name": name, "expires": expires})
    here.show(made, lambda screen: issued_key(made.api_key, screen))


@command.command("revoke-key")
@click.argument("key")
@changes
def revoke_key(here: Here, key: str) -> None:
    """Revoke a key, by its id: from the next call on it opens nothing."""
    made = here.ask(keys.REVOKE, {"key": key})
    here.show(made, lambda screen: screen.word("key_revoked", hint=made.hint))


def _row(one: CustomerBody, screen: Screen) -> list[str]:
    return [one.id, one.name, one.plan or "", screen.say(one.state), screen.day(one.created_at)]


def _print(one: CustomerBody, screen: Screen) -> None:
    state, since = screen.say(one.state), screen.day(one.created_at)
    screen.facts({"id": one.id, "name": one.name, "plan": one.plan or "", "state": state, "since": since})
