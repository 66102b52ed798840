"""`solvent operators`: the keys and people that run the place, and the way back in when a key or a phone is lost."""

from __future__ import annotations

from typing import Final

import click

from solvent.cli.here import Here, Screen, changes, looks, paged
from solvent.cli.key_words import KEY_COLUMNS, issued_key, key_row
from solvent.cli.rotate_key import rotate_key_command
from solvent.console import keys, people
from solvent.identity.caller import OPERATOR_ROLES

PEOPLE_COLUMNS: Final = dict.fromkeys(("id", "email", "name", "role", "state", "second_factor"), "left")


@click.group("operators")
def command() -> None:
    """List, issue, rotate and revoke the keys that run the place, and help its people back in."""


@command.command("list")
@paged
@looks
def list_(here: Here, limit: int, cursor: str) -> None:
    """List operators' keys, newest first."""
    found = here.ask(keys.LIST_OPERATORS, query={"limit": limit, "cursor": cursor})
    here.show(found, lambda screen: screen.page(found, KEY_COLUMNS, lambda key: key_row(key, screen), "no_keys"))


@command.command("issue-key")
@click.argument("role", type=click.Choice(OPERATOR_ROLES))
@click.option("--name", default="", help="Your word for it.")
@click.option("--expires", help="Until when it is good: 2027-01-01 (UTC).")
@changes
def issue_key(here: Here, role: str, name: str, expires: str | None) -> None:
    """Issue a key with a role, which is shown this once."""
    made = here.ask(keys.ISSUE_OPERATOR, body={"role": role, "name": name, "expires": expires})
    here.show(made, lambda screen: issued_key(made.api_key, screen))


command.add_command(rotate_key_command(keys.ROTATE_OPERATOR))


@command.command("revoke-key")
@click.argument("key")
@changes
def revoke_key(here: Here, key: str) -> None:
    """Revoke an operator's key, by its id. The last owner's stays."""
    made = here.ask(keys.REVOKE_OPERATOR, {"key": key})
    here.show(made, lambda screen: screen.word("key_revoked", hint=made.hint))


@command.command("people")
@looks
def people_(here: Here) -> None:
    """List the people who sign in to run the place, and what second factor they have."""
    found = here.ask(people.LIST)

    def row(one: people.PersonBody, screen: Screen) -> list[str]:
        second = ", ".join(screen.say(f"second_{kind}") for kind in one.second_factor) or screen.say("second_none")
        return [one.id, one.email, one.name, one.role, one.state, second]

    here.show(found, lambda screen: screen.table(PEOPLE_COLUMNS, [row(one, screen) for one in found.data], "no_people"))


@command.command("reset-second-factor")
@click.argument("person")
@changes
def reset_second_factor(here: Here, person: str) -> None:
    """Take every second factor away from somebody who lost theirs, by id or e-mail address: they sign in without.

    Every session of theirs ends.
    """
    made = here.ask(people.RESET, {"person": person})
    here.show(made, lambda screen: screen.word("second_reset", email=made.email))
