"""Carries an operation out on the books of this machine, and shows what came of it: to people, or as JSON.

The operations are those of the API (console/operations.py). They work whether or not a service is running, and
every change is on the record under the name of whoever typed it.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar
from zoneinfo import ZoneInfo

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from solvent.app.business import open_business
from solvent.app.http import Download
from solvent.cli.asked import asked_for
from solvent.cli.options import config_option, data_option, json_option, load_config
from solvent.cli.whole_file import whole_file
from solvent.cli.wording import Speaker, speaker
from solvent.console.carry_out import act_behind, carry_out, read_members, read_path
from solvent.console.operation import Operation, Page
from solvent.values.ids import new_id
from solvent.values.limits import PAGE_ROWS, PAGE_ROWS_MAX
from solvent.values.money import MINOR_DIGITS, money
from solvent.values.period import zone

R = TypeVar("R")
T = TypeVar("T")
Command = Callable[..., None]
_UNDER = "idempotency_key"
PIPED_COLUMNS = 1_000


@dataclass(frozen=True)
class Here:
    """One command: where the books are, and how to answer. idempotency_key: "" for a new one."""

    data: Path
    config_file: Path | None
    as_json: bool
    idempotency_key: str = ""

    def ask(
        self, operation: Operation[Any, Any, R], path: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None, body: Mapping[str, object] | None = None,
    ) -> R:  # fmt: skip
        """What came of an operation. Members that are None are left out, and empty ones of a query.

        Raises what the operation raises.
        """
        return asyncio.run(self._live(operation, path or {}, query or {}, body or {}, _as_it_is))

    def save(
        self, operation: Operation[Any, Any, Download], path: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None, *, into: Path | None,
    ) -> None:  # fmt: skip
        """Write the file that comes of an operation: whole or not at all; to standard output for None."""

        async def write(file: Download, out: BinaryIO) -> None:
            async for part in file.parts:
                out.write(part)

        if into is None:
            then = partial(write, out=sys.stdout.buffer)
            asyncio.run(self._live(operation, path or {}, query or {}, {}, then))
            return
        with whole_file(into, "into") as out:
            asyncio.run(self._live(operation, path or {}, query or {}, {}, partial(write, out=out)))

    def step(self, name: str) -> Here:
        """The same command for one of several things: each has its own key."""
        key = f"{self.idempotency_key}/{name}" if self.idempotency_key else ""
        return replace(self, idempotency_key=key)

    async def _live(
        self, operation: Operation[Any, Any, R], path: Mapping[str, str], query: Mapping[str, object],
        body: Mapping[str, object], then: Callable[[R], Awaitable[T]],
    ) -> T:  # fmt: skip
        asked = read_members({n: v for n, v in query.items() if v not in (None, "")}, operation.query, "the options")
        told = read_members({n: v for n, v in body.items() if v is not None}, operation.body, "the options")
        config, near = load_config(self.config_file, self.data)
        async with open_business(config, self.data, near) as business:
            now_us = business.now_us()
            key = self.idempotency_key or new_id("cmd", now_us, business.entropy())
            act = act_behind(operation, read_path(path), told, actor_here(), key, now_us)
            return await then(await carry_out(operation, business, act, path, asked, told))

    def show(self, result: object, print_it: Callable[[Screen], None]) -> None:
        """As JSON, the very body the API would send, when that was asked for; else as `print_it` says it to people."""
        if self.as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
        else:
            config, _ = load_config(self.config_file, self.data)
            print_it(Screen(speaker(), zone(config.time_zone)))


class Screen:
    """The terminal, in the language of whoever looks at it, with the calendar of the books."""

    def __init__(self, say: Speaker, time_zone: ZoneInfo) -> None:
        self.say = say
        self._time_zone = time_zone
        # What goes to a file or another program is as wide as it needs to be: no id is cut in two.
        width = None if sys.stdout.isatty() else PIPED_COLUMNS
        self._console = Console(highlight=False, soft_wrap=True, width=width)

    def line(self, text: str) -> None:
        """One line as it is: what looks like markup in a name is no markup."""
        self._console.print(text, markup=False)

    def word(self, word: str, **values: object) -> None:
        """One of our sentences."""
        self.line(self.say(word).format(**values))

    def money(self, text: str, currency: str, places: int | None = None) -> str:
        """An amount as it came, rounded for the eye; of what is not money as it is."""
        return self.say.money(money(text, currency), places) if currency in MINOR_DIGITS else f"{text} {currency}"

    def day(self, iso: str | None) -> str:
        """The calendar day of an instant; nothing for none."""
        return f"{datetime.fromisoformat(iso).astimezone(self._time_zone):%Y-%m-%d}" if iso else ""

    def minute(self, iso: str | None) -> str:
        """The day and the minute of an instant; nothing for none."""
        return f"{datetime.fromisoformat(iso).astimezone(self._time_zone):%Y-%m-%d %H:%M}" if iso else ""

    def facts(self, facts: Mapping[str, str]) -> None:
        """Words with what they are, one a line; empty ones are left out."""
        table = Table(box=None, pad_edge=False, show_header=False)
        for word, text in facts.items():
            if text:
                table.add_row(self.say(word), Text(text))
        self._console.print(table)

    def table(self, headings: Mapping[str, str], rows: list[list[str]], empty: str) -> None:
        """headings: each column's word, with "left" or "right". empty: the word to say when there are no rows."""
        if not rows:
            self.word(empty)
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for word, side in headings.items():
            justify: Literal["left", "right"] = "right" if side == "right" else "left"
            table.add_column(self.say(word), justify=justify, no_wrap=side == "right", overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        self._console.print(table)

    def page(self, page: Page[T], headings: Mapping[str, str], row: Callable[[T], list[str]], empty: str) -> None:
        """A page of a list, and how to see the next."""
        self.table(headings, [row(one) for one in page.data], empty)
        if page.next_cursor is not None:
            self.word("more", cursor=page.next_cursor)


def looks(command: Command) -> Command:
    """The options of a command that looks: it gets `here`."""
    return data_option(config_option(json_option(_with_here(command))))


def changes(command: Command) -> Command:
    """The options of a command that changes something: it gets `here`."""
    once = click.option(
        "--idempotency-key", _UNDER, default="", metavar="KEY",
        help="The same for every repetition, which then changes nothing more.",
    )  # fmt: skip
    return data_option(config_option(json_option(once(_with_here(command)))))


def paged(command: Command) -> Command:
    """The options of a command that shows a part of a list."""
    most = click.IntRange(1, PAGE_ROWS_MAX)
    limit = click.option("--limit", type=most, default=PAGE_ROWS, show_default=True, help="How many at most.")
    cursor = click.option("--cursor", default="", help="Where the part before ended.")
    return limit(cursor(command))


def _with_here(command: Command) -> Command:
    @wraps(command)
    def told(data: Path, config_file: Path | None, as_json: bool, **rest: Any) -> None:  # noqa: FBT001
        command(Here(data, config_file, as_json, rest.pop(_UNDER, "")), **rest)

    return told


async def _as_it_is(result: R) -> R:
    return result


def actor_here() -> str:
    """Whoever typed the command, by their name; by a number where the machine knows no name.

    Of a command that a service started: whoever asked the service.
    """
    if (asked := asked_for()) is not None:
        return asked.actor
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = str(os.getuid())
    return f"cli:{name}"
