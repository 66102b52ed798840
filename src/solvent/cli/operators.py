"""`solvent operators`: the keys that run the place, and the way back in when the owner's is lost."""

from __future__ import annotations

import click

from solvent.cli.here import Here, changes, looks, paged
from solvent.cli.key_words import KEY_COLUMNS, issued_key, key_row
from solvent.cli.rotate_key import rotate_key_command
from solvent.console import keys
from solvent.identity.caller import OPERATOR_ROLES


@click.group("operators")
def command() -> None:
    """List, issue, rotate and revoke the keys that run the place."""


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
