"""`solvent tail`: answers of a running service as they are settled, like `tail -f`, also over its restarts."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
import msgspec
from rich.cells import set_cell_size
from rich.console import Console

from solvent.app.config import secret
from solvent.app.directory import read_first_run
from solvent.cli.options import data_option
from solvent.cli.wording import Speaker, speaker
from solvent.values.errors import Invalid, Refused, SolventError, Unavailable
from solvent.values.limits import MIB, TAIL_SEEN_MAX
from solvent.values.money import money
from solvent.wire.client import Client, open_client
from solvent.wire.origin import Origin
from solvent.wire.pool import Timeouts
from solvent.wire.proxy import proxies_in
from solvent.wire.sse import EventReader

_PAUSE_S_MAX: Final = 5.0
_TIMEOUTS: Final = Timeouts(silence_s=60.0, total_s=30 * 86_400.0)  # the service says something every 15 seconds
_KNOWN_MAX: Final = 50  # answers that a service tells of before it goes on
_INTERRUPTED: Final = 130
_NAME, _MODEL = 16, 20  # cells
_READ = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "image_input_tokens", "audio_input_tokens")
_WRITTEN = ("output_tokens", "reasoning_tokens", "image_output_tokens", "audio_output_tokens")
_UTC: Final = ZoneInfo("UTC")  # until the service says what its calendar is


@dataclass
class Tail:
    """What is shown, and what was shown. last: how many answers to begin with."""

    customer: str
    model: str
    only_failed: bool
    last: int
    show: Callable[[dict[str, Any], str, ZoneInfo], None]
    seen: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_SEEN_MAX))
    names: dict[str, str] = field(default_factory=dict)
    time_zone: ZoneInfo = _UTC
    has_begun: bool = False

    def hear(self, event: dict[str, Any]) -> None:
        """Show what is new in an event of the live view."""
        if "receipts" not in event:
            self._take(event["receipt"], event["name"])
            return
        self.time_zone = ZoneInfo(event["time_zone"])
        self.names = event["names"]
        wanted = [receipt for receipt in event["receipts"] if self._wants(receipt)]
        if not self.has_begun:  # later, what came while nobody listened
            self.has_begun = True
            self.seen.extend(receipt["id"] for receipt in wanted[: len(wanted) - self.last])
        for receipt in wanted:
            self._take(receipt, self.names.get(receipt["customer"], ""))

    def _wants(self, receipt: dict[str, Any]) -> bool:
        name = self.names.get(receipt["customer"], "")
        return (
            (not self.customer or self.customer in (receipt["customer"], name))
            and (not self.model or receipt["model"] == self.model)
            and (not self.only_failed or receipt["outcome"] != "answered")
        )

    def _take(self, receipt: dict[str, Any], name: str) -> None:
        self.names.setdefault(receipt["customer"], name)
        if self._wants(receipt) and receipt["id"] not in self.seen:
            self.seen.append(receipt["id"])
            self.show(receipt, name, self.time_zone)


@click.command("tail")
@data_option
@click.option("--url", default="", help="Where the service is  [default: as the data directory says].")
@click.option(
    "--key", default="", metavar="REFERENCE",
    help="An operator's key, by reference: env:NAME or file:PATH  [default: as the data directory says].",
)  # fmt: skip
@click.option("--customer", default="", help="Only answers of this customer: an id, or a name.")
@click.option("--model", default="", help="Only answers of this model.")
@click.option("--failed", "only_failed", is_flag=True, help="Only what did not end well.")
@click.option(
    "-n", "last", default=10, show_default=True, type=click.IntRange(0, _KNOWN_MAX), help="How many of the last first."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, an answer a line.")
def command(
    data: Path, url: str, key: str, customer: str, model: str, only_failed: bool, last: int, as_json: bool  # noqa: FBT001
) -> None:  # fmt: skip
    """Show answers as they are settled, until you stop it; a service that is restarted is waited for."""
    known = read_first_run(data)
    url = url or (known.url if known else "")
    operator_key = secret(key, "--key", os.environ, Path()) or (known.operator_key if known else "")
    if not url or not operator_key:
        message = f"{data} does not say where the service is and what its key is; name them with --url and --key"
        raise Invalid("no_service_named", message)
    say = speaker()
    tail = Tail(customer, model, only_failed, last, _print_json if as_json else _printer(say))
    try:
        asyncio.run(_follow(tail, Origin.parse(url), operator_key, say))
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:  # whoever read us has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _follow(tail: Tail, origin: Origin, key: str, say: Speaker) -> None:
    """For ever. Raises what comes of the first try; later ones are made again."""
    client = open_client(origin, proxies_in(os.environ), timeouts=_TIMEOUTS)
    pause_s = 0.0
    try:
        while True:
            try:
                await _listen(tail, client, key)
            except Unavailable:
                if not tail.has_begun:
                    raise
            if not pause_s:
                click.echo(say("tail_again"), err=True)
            pause_s = min(_PAUSE_S_MAX, pause_s + 0.5)
            await asyncio.sleep(pause_s)
    finally:
        await client.close()


async def _listen(tail: Tail, client: Client, key: str) -> None:
    """Until the service ends. Raises Unavailable when it cannot be heard, Refused when it does not let us."""
    headers = {"authorization": f"Bearer {key}", "accept": "text/event-stream"}
    reply = await client.send("GET", "/v1/live", headers)
    try:
        if reply.status != 200:
            raise _refusal(reply.status, await reply.read(MIB))
        reader = EventReader()
        async for part in reply.chunks():
            for payload in reader.feed(part):
                tail.hear(msgspec.json.decode(payload))
    finally:
        reply.close()


def _refusal(status: int, body: bytes) -> SolventError:
    try:
        words = str(msgspec.json.decode(body)["error"]["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return Unavailable("service_not_heard", f"what answers there is no Solvent (HTTP {status})")
    if status >= 500:
        return Unavailable("service_not_heard", words)
    return Refused("live_view_refused", f"the service does not let this key look: {words}")


def _print_json(receipt: dict[str, Any], name: str, _time_zone: ZoneInfo) -> None:
    click.echo(msgspec.json.encode({"name": name, **receipt}).decode())


def _printer(say: Speaker) -> Callable[[dict[str, Any], str, ZoneInfo], None]:
    width = Console().width if sys.stdout.isatty() else 0

    def show(receipt: dict[str, Any], name: str, time_zone: ZoneInfo) -> None:
        line = line_of(receipt, name, time_zone, say)
        click.echo(set_cell_size(line, width).rstrip() if width else line)

    return show


def line_of(receipt: dict[str, Any], name: str, time_zone: ZoneInfo, say: Speaker) -> str:
    """One answer for people: when, who, what, how much of it, what it came to, and how it ended."""
    at = datetime.fromisoformat(receipt["at"]).astimezone(time_zone)
    usage, currency = receipt["usage"], receipt["currency"]
    read, written = (sum(usage[name] for name in names) for names in (_READ, _WRITTEN))
    charge, cost, kept = (say.money(money(receipt[part], currency, part)) for part in ("charge", "cost", "margin"))
    outcome = receipt["outcome"] + (f" ({receipt['error_code']})" if receipt["error_code"] else "")
    if receipt["tries"]:
        outcome += "  " + say("tail_tries").format(count=len(receipt["tries"]) + 1)
    return say("tail_line").format(
        time=f"{at:%H:%M:%S}", who=set_cell_size(name or receipt["customer"], _NAME),
        model=set_cell_size(receipt["model"], _MODEL), tokens=f"{read:,}+{written:,}",
        charge=charge, cost=cost, kept=kept, seconds=receipt["total_ms"] / 1000, outcome=outcome,
    )  # fmt: skip
