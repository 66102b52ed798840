"""Engine logs from files, CSV, JSON lines and Parquet, and their shares: one result, for the command and programs."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from solvent.capacity.attribution import (
    RuleError,
    Served,
    attribute,
    error_of,
    split_bill,
    usual_errors,
)
from solvent.capacity.engine_log import columns_of, served
from solvent.capacity.engine_log_store import open_parquet
from solvent.capacity.made_load import make_load
from solvent.engines.port import Level
from solvent.values.errors import Invalid
from solvent.values.money import Money, money, plain

_LINE_CHARACTERS_MAX: Final = 1 << 20
Row = Mapping[str, object]


class ShareBody(msgspec.Struct, frozen=True):
    """What one answer took, in nanoseconds, and its part of the bill; "" without one. level: by what that is known."""

    id: str
    share_ns: int
    charge: str
    level: Level


class AttributionBody(msgspec.Struct, frozen=True):
    """level: by what most shares are known; by_presence: how many by presence alone. shares_ns: their sum, which is
    busy_ns. rules: how far usual rules are off.

    bill, idle_cost: in `currency`; "" without a bill.
    """

    source: str
    level: Level
    by_presence: int
    answers: int
    busy_ns: int
    idle_ns: int
    shares_ns: int
    rules: list[RuleError]
    currency: str
    bill: str
    idle_cost: str
    shares: list[ShareBody]


class MadeBody(msgspec.Struct, frozen=True):
    """A made-up load: how busy it keeps its engine, and how far each rule is from the exact shares of its steps."""

    per_second: float
    answers: int
    busy_permille: int
    rules: list[RuleError]


def attribute_log(file: Path, said: Mapping[str, str], bill: Money | None = None) -> AttributionBody:
    """Raises Invalid naming file, row and column."""
    log = read_log(file, said)
    found = attribute(log)
    parts, idle = split_bill(bill.grains, found) if bill else ([], 0)
    charges = [plain(Money(part, bill.currency)) for part in parts] if bill else [""] * len(log)
    return AttributionBody(
        source=file.name, level=found.level, by_presence=found.levels.count("presence"), answers=len(log),
        busy_ns=found.busy, idle_ns=found.idle, shares_ns=sum(found.shares), rules=usual_errors(log, found.shares),
        currency=bill.currency if bill else "", bill=plain(bill) if bill else "",
        idle_cost=plain(Money(idle, bill.currency)) if bill else "",
        shares=[
            ShareBody(*row) for row in zip((one.id for one in log), found.shares, charges, found.levels, strict=True)
        ],
    )  # fmt: skip


def bill_of(amount: str, currency: str) -> Money | None:
    """None for no amount. Raises Invalid for what is none, or below zero."""
    if not amount:
        return None
    bill = money(amount, currency, "--bill")
    if bill.grains < 0:
        raise Invalid("bad_amount", f"--bill {amount}: a bill is not below zero", param="bill")
    return bill


def made_body(per_second: float, answers: int) -> MadeBody:
    """How far rules are off where every step is known."""
    made = make_load(per_second, answers, Random(0))
    phases = error_of("phases", attribute(made.log).shares, made.shares, made.log)
    rules = [*usual_errors(made.log, made.shares), *([phases] if phases else [])]
    return MadeBody(per_second, answers, made.busy * 1000 // (made.busy + made.idle), rules)


def read_log(file: Path, said: Mapping[str, str]) -> list[Served]:
    """The answers in a file, by what its name ends in."""
    if not file.is_file():
        raise Invalid("bad_engine_log", f"{file} is no file", param="log")
    readers = {".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines, ".parquet": open_parquet}
    reader = readers.get(file.suffix)
    if reader is None:
        message = f"{file.name}: name it by what it is, {', '.join(readers)}; unpack it first where it is packed"
        raise Invalid("bad_engine_log", message, param="log")
    try:
        with reader(file) as (columns, rows):
            return served(rows, columns_of(columns, said, file.name), file.name)
    except (UnicodeDecodeError, csv.Error, OSError) as wrong:
        raise Invalid("bad_engine_log", f"{file.name} cannot be read: {str(wrong)[:200]}", param="log") from None


def write_shares(body: AttributionBody, to: Path) -> None:
    """A CSV of every answer's share."""
    with to.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("id", "share_ns", "charge", "level"))
        table.writerows((one.id, one.share_ns, one.charge, one.level) for one in body.shares)


@contextmanager
def _csv(file: Path) -> Iterator[tuple[Sequence[str], Iterator[Row]]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows: csv.DictReader[str] = csv.DictReader(opened)
        yield list(rows.fieldnames or ()), iter(rows)


@contextmanager
def _json_lines(file: Path) -> Iterator[tuple[Sequence[str], Iterator[Row]]]:
    with file.open(encoding="utf-8-sig") as opened:
        rows = _objects(opened, file.name)
        first = next(rows, None)
        yield list(first or ()), _after(first, rows)


def _objects(opened: Any, source: str) -> Iterator[Row]:
    decode = msgspec.json.Decoder(dict[str, object], float_hook=Decimal).decode
    number = 0
    while line := opened.readline(_LINE_CHARACTERS_MAX):
        if not line.strip():
            continue
        number += 1
        try:
            yield decode(line)
        except msgspec.DecodeError as wrong:
            raise Invalid("bad_engine_log", f"{source}: row {number} is no JSON object: {wrong}") from None


def _after(first: Row | None, rows: Iterator[Row]) -> Iterator[Row]:
    if first is not None:
        yield first
    yield from rows
