"""`solvent audit`: who changed what."""

from __future__ import annotations

import click

from solvent.cli.here import Here, Screen, looks, paged
from solvent.console.audit import LIST, ChangeBody

_COLUMNS = {"at": "left", "by": "left", "action": "left", "subject": "left"}


@click.command("audit")
@click.option("--subject", default="", help="To whom or what: an id.")
@click.option("--actor", default="", help='By whom: a key\'s id, "system" for jobs, or cli:NAME.')
@click.option("--since", default="", help="Days like 7d (today counts), or a date.")
@paged
@looks
def command(here: Here, subject: str, actor: str, since: str, limit: int, cursor: str) -> None:
    """List who changed what, newest first."""
    query = {"subject": subject, "actor": actor, "since": since, "limit": limit, "cursor": cursor}
    found = here.ask(LIST, query=query)
    here.show(found, lambda screen: screen.page(found, _COLUMNS, lambda one: _row(one, screen), "no_changes"))


def _row(change: ChangeBody, screen: Screen) -> list[str]:
    who = change.actor
    if change.actor_role:
        who = f"{change.actor_name} ({screen.say(change.actor_role)})"
    return [screen.minute(change.at), who, change.action, change.subject]
