"""`solvent alarms`: what a person must look at."""

from __future__ import annotations

from typing import get_args

import click

from solvent.audit.alarm import Kind
from solvent.cli.here import Here, Screen, looks, paged
from solvent.console import alarms
from solvent.console.alarms import AlarmBody

_COLUMNS = {"at": "left", "kind": "left", "alarm_subject": "left", "alarm_says": "left"}
_MONEY = {"amount", "paid", "cost", "billed"}


@click.command("alarms")
@click.option("--kind", type=click.Choice(get_args(Kind)), help="Of one kind.")
@click.option("--subject", default="", help="About whom or what: an id.")
@click.option("--since", default="", help="Days like 7d (today counts), or a date.")
@paged
@looks
def command(here: Here, kind: str | None, subject: str, since: str, limit: int, cursor: str) -> None:
    """List what a person must look at, newest first."""
    query = {"kind": kind, "subject": subject, "since": since, "limit": limit, "cursor": cursor}
    found = here.ask(alarms.LIST, query=query)
    here.show(found, lambda screen: screen.page(found, _COLUMNS, lambda one: _row(one, screen), "no_alarms"))


def _row(alarm: AlarmBody, screen: Screen) -> list[str]:
    details = dict(alarm.details)
    for name in _MONEY & details.keys():
        details[name] = screen.money(details[name], details["currency"])
    if "then" in details:
        details["then"] = screen.say(f"then_{details['then']}")
    says = screen.say(f"alarm_{alarm.kind}").format_map(details)
    return [screen.minute(alarm.at), alarm.kind, alarm.subject, says]
