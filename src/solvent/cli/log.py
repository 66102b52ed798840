"""`solvent log`: what the request log keeps of questions and answers."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from solvent.app.logged_body import LoggedBody, LoggedTexts
from solvent.cli.here import Here, Screen, changes, looks, paged
from solvent.console import request_log

_COLUMNS = {
    "id": "left", "at": "left", "logged_customer": "left", "logged_model": "left", "logged_task": "left",
    "logged_keep": "left", "asked_characters": "right", "told_characters": "right",
}  # fmt: skip


@click.group("log")
def command() -> None:
    """List and read what the request log keeps of questions and answers; forget it, and keep nothing of a customer.

    Nothing is kept unless [request_log] or a plan says so.
    """


@command.command("list")
@click.option("--customer", default="", help="Only this one's: an id.")
@click.option("--model", default="", help="Only of this model.")
@click.option("--since", default="", help="Days like 7d (today counts), or a date.")
@paged
@looks
def list_(here: Here, **query: object) -> None:
    """List what is kept, newest first, without its texts."""
    found = here.ask(request_log.LIST, query=query)
    here.show(found, lambda screen: screen.page(found, _COLUMNS, lambda one: _row(one, screen), "nothing_logged"))


@command.command("show")
@click.argument("answer")
@looks
def show(here: Here, answer: str) -> None:
    """Read what was asked and told, by the answer's id. That you read it is on record."""
    found = here.ask(request_log.SHOW, {"answer": answer})
    here.show(found, lambda screen: _print(found, screen))


@command.command("forget")
@click.option("--customer", required=True, help="Whose: an id.")
@changes
def forget(here: Here, customer: str) -> None:
    """Delete all that is kept of a customer. Receipts stay."""
    made = here.ask(request_log.FORGET, {"customer": customer})
    here.show(made, lambda screen: screen.word("log_forgotten", count=made.answers, id=made.customer))


@command.command("keep")
@click.argument("customer")
@click.argument("keep", type=click.Choice(["plan", "none"]))
@changes
def keep(here: Here, customer: str, keep: str) -> None:
    """Keep nothing of a customer's answers from now on (none), or again what their plan says (plan)."""
    made = here.ask(request_log.KEEP, {"customer": customer}, body={"keep": keep})
    here.show(made, lambda screen: screen.word(f"log_keeps_{made.keep}", id=made.customer))


def _row(one: LoggedBody, screen: Screen) -> list[str]:
    return [
        one.id, screen.minute(one.at), one.customer, one.model, one.task, screen.say(f"keep_{one.keep}"),
        f"{one.asked_characters:,}", f"{one.told_characters:,}",
    ]  # fmt: skip


def _print(one: LoggedTexts, screen: Screen) -> None:
    facts = dict(zip(_COLUMNS, _row(one, screen), strict=True))
    screen.facts({**facts, "key": one.key, "kept_until": screen.day(one.kept_until)})
    if one.keep != "text":
        screen.word("no_texts_kept")
        return
    for heading, side in (("logged_asked", one.asked), ("logged_told", one.told)):
        screen.line(f"\n{screen.say(heading)}")
        screen.line(_indented(side))


def _indented(side: Any) -> str:
    return msgspec.json.format(bytes(side), indent=2).decode()
