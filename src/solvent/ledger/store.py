"""The ledger's tables: the journal of transfers, and balances as its projection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, cast

from msgspec.structs import astuple
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    TextClause,
    UniqueConstraint,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    text,
)

from solvent.db.append import append_rows
from solvent.db.prefix import begins_with
from solvent.db.tables import metadata, partial_index
from solvent.ledger.balance import Calendar, Key, MonthKey, Movement, movements
from solvent.ledger.chain import Head, head_text, links, read_head
from solvent.ledger.sealing import SEALED, into_open_month
from solvent.ledger.transfer import Transfer
from solvent.values.errors import Invalid
from solvent.values.period import zone

# What is not an answer's is few rows, with indexes of their own, so that an account's are found at once in the
# largest books, and answers are booked as quickly as without them.
# It is said to each database in the words that it looks at soonest: SQLite does for every row that is written.
BESIDE_ANSWERS: Final = {
    "sqlite": "NOT (reference >= 'ans_' AND reference < 'ans`')",
    "postgresql": "substr(reference, 1, 4) <> 'ans_'",
}

transfers = Table(
    "transfers",
    metadata,
    Column("id", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("debit", Text, nullable=False),
    Column("credit", Text, nullable=False),
    Column("grains", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("resolves", Text, ForeignKey("transfers.id")),
    Column("held_grains", BigInteger, nullable=False),
    Column("expires_us", BigInteger),
    Column("reference", Text, nullable=False),
    Column("holder", Text, nullable=False),
    # SQLite keeps the rows in this order, without an index beside them.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("id", name="uq_transfers_id"),
    # Two rows of three resolve nothing, and are not in it.
    partial_index("uq_transfers_resolves", "resolves", unique=True, where="resolves IS NOT NULL"),
    *(partial_index(f"ix_transfers_{side}", side, "seq", where=BESIDE_ANSWERS) for side in ("debit", "credit")),
)
# One row for each account, unit and month: the balance of an account is their sum.
balances = Table(
    "balances",
    metadata,
    Column("account", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("month", BigInteger, primary_key=True),
    Column("debits", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("held_debits", BigInteger, nullable=False),
    Column("held_credits", BigInteger, nullable=False),
    Index("ix_balances_month_account", "month", "account"),  # of what never changes, so a posting leaves it alone
)
marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

CHAIN: Final = "chain"  # the mark of the chain's head
TIME_ZONE: Final = "time_zone"  # the mark of the zone whose months the books are kept in
DEFAULT_TIME_ZONE: Final = "Asia/Seoul"
_PAGE: Final = 10_000
_AT_ONCE: Final = 500  # places named in one statement
_FIELDS = len(Transfer.__struct_fields__)
_ROW = transfers.columns.values()[:_FIELDS]
_SUMS = [func.sum(balances.c[name]).label(name) for name in Movement.__struct_fields__]
_BY_ACCOUNT = (balances.c.account, balances.c.currency)
# What is asked for with every answer is built once: building it takes as long as having it answered.
_BALANCES = select(*_BY_ACCOUNT, *_SUMS).group_by(*_BY_ACCOUNT)
_BALANCES_AT = _BALANCES.where(balances.c.account.in_(bindparam("accounts", expanding=True)))
_MARK_NAMED = select(marks.c.value).where(marks.c.name == bindparam("named"))

_MOVE = "ON CONFLICT (account, currency, month) DO UPDATE SET " + ", ".join(
    f"{name} = balances.{name} + excluded.{name}" for name in Movement.__struct_fields__
)
_KEPT: Final = f"SELECT name, value FROM marks WHERE name IN ('{CHAIN}', '{TIME_ZONE}', '{SEALED}')"  # noqa: S608
_SET_MARK: Final = {
    name: f"INSERT INTO marks (name, value) VALUES ({mark}, {mark}) "  # noqa: S608
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    for name, mark in (("sqlite", "?"), ("postgresql", "%s"))
}
_ADVANCE: Final = {
    name: f"UPDATE marks SET value = {mark} WHERE name = '{CHAIN}' AND value = {mark} "  # noqa: S608
    + "".join(
        f"AND coalesce((SELECT value FROM marks WHERE name = '{other}'), '') = {mark} "  # noqa: S608
        for other in (TIME_ZONE, SEALED)
    )
    for name, mark in (("sqlite", "?"), ("postgresql", "%s"))
}
_KNOWN: Final = "ledger_marks"  # under which a connection remembers them
_MARK = text(
    "INSERT INTO marks (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


class _Marks(NamedTuple):
    """What a posting needs to know of the books; "" for what is not set."""

    chain: str
    time_zone: str
    sealed: str


def append(connection: Connection, rows: list[Transfer]) -> None:
    """Journal: add transfers to the chain and move the balances with them; none into a month that is sealed.

    A known id, or a second resolution of a hold, fails.
    """
    if not rows:
        return
    booked, heads, in_zone = _advance(connection, rows)
    pairs = zip(booked, heads, strict=True)
    # The driver binds a bytearray as it is, and looks at bytes for a way to adapt them.
    links_too = ((*astuple(row), head.seq, bytearray(head.hash)) for row, head in pairs)
    append_rows(connection, transfers, links_too)
    moved = movements(booked, _calendar(in_zone or DEFAULT_TIME_ZONE).month)
    # In one order everywhere, so that two writers could never wait for each other.
    append_rows(connection, balances, ((*key, *astuple(moved[key])) for key in sorted(moved)), _MOVE)


def _advance(connection: Connection, rows: list[Transfer]) -> tuple[list[Transfer], list[Head], str]:
    """Move the chain's head over some rows: returns them as they are booked, their links, and the zone of the books.

    What this connection knows of the marks from its last time is looked at where the head is written: one statement
    instead of two, unless another process has written since, or that time was taken back.
    """
    cursor = connection.connection.cursor()  # the driver's own: this is the hot path of every answer
    dialect = connection.dialect.name
    known: _Marks | None = connection.info.get(_KNOWN)
    if known is not None:
        booked, heads = _linked(rows, known)
        cursor.execute(_ADVANCE[dialect], (head_text(heads[-1]), *known))
    if known is None or cursor.rowcount != 1:
        cursor.execute(_KEPT)
        kept = dict(cursor.fetchall())
        known = _Marks(kept.get(CHAIN, ""), kept.get(TIME_ZONE, ""), kept.get(SEALED, ""))
        booked, heads = _linked(rows, known)
        cursor.execute(_SET_MARK[dialect], (CHAIN, head_text(heads[-1])))
    cursor.close()
    connection.info[_KNOWN] = known._replace(chain=head_text(heads[-1]))
    return booked, heads, known.time_zone


def _linked(rows: list[Transfer], known: _Marks) -> tuple[list[Transfer], list[Head]]:
    booked = into_open_month(rows, int(known.sealed or 0))
    return booked, links(read_head(known.chain), booked)


@cache
def _calendar(name: str) -> Calendar:
    return Calendar(zone(name))


def beside_answers(connection: Connection) -> TextClause:
    """That a transfer is not an answer's, as the indexes of those say it."""
    return text(BESIDE_ANSWERS[connection.dialect.name])


def balances_of(connection: Connection, prefix: str = "") -> dict[Key, Movement]:
    """The kept balances of all accounts that begin with `prefix`."""
    return _kept(connection, begins_with(connection, balances.c.account, prefix))


def balances_at(connection: Connection, accounts: Sequence[str]) -> dict[Key, Movement]:
    """The kept balances of some accounts; those that never moved are left out."""
    return _movements(connection.execute(_BALANCES_AT, {"accounts": list(accounts)}))


def month_movements(connection: Connection, month: int, prefix: str = "") -> dict[Key, Movement]:
    """How accounts that begin with `prefix` moved in a month such as 202611."""
    return _kept(connection, and_(begins_with(connection, balances.c.account, prefix), balances.c.month == month))


def movements_until(connection: Connection, month: int, prefix: str = "") -> dict[Key, Movement]:
    """How accounts that begin with `prefix` moved up to the end of a month: their balances then."""
    return _kept(connection, and_(begins_with(connection, balances.c.account, prefix), balances.c.month <= month))


def balances_rebuilt(connection: Connection) -> dict[MonthKey, Movement]:
    """The balances by month as the journal alone gives them: what `balances_by_month` must equal."""
    calendar = _calendar(mark(connection, TIME_ZONE) or DEFAULT_TIME_ZONE)
    return movements((transfer for transfer, _ in chained(connection)), calendar.month)


def keep_months_in(connection: Connection, time_zone: str) -> None:
    """Keep the books' months in a time zone from now on; those that are kept already are summed again.

    Books that say none, as old ones do, are in the default one. Raises Invalid once a month was sealed in another: what
    was closed stays as it is.
    """
    said = mark(connection, TIME_ZONE)
    if said == time_zone:
        return
    is_sealed, kept = mark(connection, SEALED), said or DEFAULT_TIME_ZONE
    if is_sealed and kept != time_zone:
        message = f'months were closed in {kept}, so the books stay in it, not {time_zone}: write time_zone = "{kept}"'
        raise Invalid("time_zone_sealed", message, param="time_zone")
    set_mark(connection, TIME_ZONE, time_zone)
    if is_sealed:
        return
    rebuilt = balances_rebuilt(connection)
    connection.execute(delete(balances))
    append_rows(connection, balances, ((*key, *astuple(rebuilt[key])) for key in sorted(rebuilt)))


def balances_by_month(connection: Connection) -> dict[MonthKey, Movement]:
    """Every row of the kept balances."""
    rows = connection.execute(select(balances)).yield_per(10_000)
    return {(row.account, row.currency, row.month): Movement(*row[3:]) for row in rows}


def _kept(connection: Connection, chosen: Any) -> dict[Key, Movement]:
    return _movements(connection.execute(_BALANCES.where(chosen)))


def _movements(rows: Iterable[Any]) -> dict[Key, Movement]:
    return {(row[0], row[1]): Movement(*map(int, row[2:])) for row in rows}


def open_holds(connection: Connection, from_id: str, until_id: str) -> list[Transfer]:
    """Holds with ids in [from_id, until_id) that nothing has resolved, oldest first."""
    pending = and_(transfers.c.state == "pending", transfers.c.id >= from_id, transfers.c.id < until_id)
    return _read(connection.execute(select(*_ROW).where(pending, _unresolved()).order_by(transfers.c.id)).all())


def open_since(connection: Connection, seq: int, until_id: str) -> list[tuple[int, Transfer]]:
    """Holds later in the journal than a place, with ids before `until_id`, that nothing has resolved and that somebody
    holds, or some time ends: each with its own place, oldest first."""
    can_be_lost = or_(transfers.c.holder != "", transfers.c.expires_us.is_not(None))
    pending = and_(transfers.c.seq > seq, transfers.c.state == "pending", transfers.c.id < until_id, can_be_lost)
    rows = connection.execute(select(transfers.c.seq, *_ROW).where(pending, _unresolved()).order_by(transfers.c.seq))
    return [(row[0], Transfer(*row[1:])) for row in rows]


def open_at(connection: Connection, seqs: Sequence[int]) -> list[Transfer]:
    """Those of the holds at some places of the journal that nothing has resolved, in that order."""
    found: list[Transfer] = []
    for first in range(0, len(seqs), _AT_ONCE):
        places = transfers.c.seq.in_(seqs[first : first + _AT_ONCE])
        chosen = select(*_ROW).where(places, _unresolved()).order_by(transfers.c.seq)
        found += _read(connection.execute(chosen).all())
    return found


def last_seq(connection: Connection) -> int:
    """The place of the journal's last transfer; -1 where there is none."""
    return read_head(mark(connection, CHAIN)).seq


def _unresolved() -> Any:
    other = transfers.alias("other")
    return ~select(other.c.id).where(other.c.resolves == transfers.c.id).exists()


def transfers_of(connection: Connection, reference: str) -> list[Transfer]:
    """Every transfer an answer or grant caused, in order; `reference` is the start of their ids."""
    chosen = begins_with(connection, transfers.c.id, reference)
    return _read(connection.execute(select(*_ROW).where(chosen).order_by(transfers.c.id)).all())


def chained(connection: Connection) -> Iterator[tuple[Transfer, Head]]:
    """Every transfer in the order of the chain, with the link that was written beside it."""
    seq = -1
    while True:  # in pages: not every driver streams
        page = select(transfers).where(transfers.c.seq > seq).order_by(transfers.c.seq).limit(_PAGE)
        rows = connection.execute(page).all()
        for row in rows:
            yield Transfer(*row[:_FIELDS]), Head(row.seq, bytes(row.hash))
        if len(rows) < _PAGE:
            return
        seq = rows[-1].seq


def mark(connection: Connection, name: str) -> str:
    """A place in the journal remembered under a name; empty when there is none."""
    return cast(str, connection.execute(_MARK_NAMED, {"named": name}).scalar() or "")


def set_mark(connection: Connection, name: str, value: str) -> None:
    """Remember a place in the journal."""
    connection.execute(_MARK, {"name": name, "value": value})


def _read(rows: Iterable[object]) -> list[Transfer]:
    return [Transfer(*row) for row in rows]  # type: ignore[misc]
