"""The tables of pots and leases: what answers may be drawn from, and who holds which slice of it.

Of every pot, credits - debits - held - leased is free: never below zero, whatever several processes do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Index,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)

from solvent.db.append import append_rows, shift_rows
from solvent.db.port import Entry
from solvent.db.tables import metadata
from solvent.ledger.balance import Movement
from solvent.ledger.pot import Pot
from solvent.ledger.store import append, balances_at, mark, set_mark
from solvent.ledger.transfer import Transfer
from solvent.values.errors import Conflict, Refused
from solvent.values.ids import CustomerId

pots = Table(
    "pots",
    metadata,
    Column("account", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("customer", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("classes", Text, nullable=False),
    Column("opens_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("alert_grains", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("ix_pots_customer", "customer"),
    Index("ix_pots_version", "version"),
)
leases = Table(
    "leases",
    metadata,
    Column("account", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("holder", Text, primary_key=True),
    Column("grains", BigInteger, nullable=False),
    Column("wanted", BigInteger, nullable=False),
    CheckConstraint("grains >= 0", name="ck_leases_grains"),
    Index("ix_leases_holder", "holder"),
)

EVERYBODY: Final = "pots_of_everybody"  # the mark that has the version at which what is nobody's alone changed last
VERSION: Final = "pots"  # the mark that counts the openings of pots, for processes that keep them in memory
_FIELDS = len(Pot.__struct_fields__)
_POT = pots.columns.values()[:_FIELDS]
_ALWAYS_US = -1  # before any pot expires
# What is asked for with every question that money is looked for is built once.
_POTS_OF = (
    select(*_POT)
    .where(pots.c.customer == bindparam("of"), pots.c.expires_us > bindparam("after_us"))
    .order_by(pots.c.account)
)
_ITS_POT = and_(leases.c.account == bindparam("pot"), leases.c.unit == bindparam("in_unit"))
_LEASED = select(func.coalesce(func.sum(leases.c.grains), 0)).where(_ITS_POT)
# A lease of nothing belongs to answers under way: they end in their own time, and nobody waits for them.
_OTHERS = and_(_ITS_POT, leases.c.holder != bindparam("mine"), leases.c.grains > 0)
_BESIDE = select(func.count()).select_from(leases).where(_OTHERS)
_RECALL = update(leases).where(_OTHERS).values(wanted=1)
_RECALLED = select(leases.c.account, leases.c.unit).where(leases.c.holder == bindparam("mine"), leases.c.wanted == 1)
_OPEN = "ON CONFLICT (account) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in ("classes", "opens_us", "expires_us", "alert_grains", "version")
)

Lease = tuple[str, str, str, int]  # account, unit, holder, grains


def open_pots(connection: Connection, opened: Iterable[Pot]) -> None:
    """Add pots, or change what known ones are good for. What is in them is booked by transfers."""
    version = touch_pots(connection)
    append_rows(connection, pots, ((*msgspec.structs.astuple(pot), version) for pot in opened), _OPEN)


def touch_pots(connection: Connection) -> int:
    """Count one more change of pots, and return the count."""
    version = int(mark(connection, VERSION) or 0) + 1
    set_mark(connection, VERSION, str(version))
    return version


def touch_customers(connection: Connection, customers: Sequence[CustomerId]) -> None:
    """Let every process look again at these customers' pots: money came or went beside the answers.

    A customer "" is whoever is on a plan with a budget for all, which may have no pot yet.
    """
    version = touch_pots(connection)
    if CustomerId("") in customers:
        set_mark(connection, EVERYBODY, str(version))
    connection.execute(update(pots).where(pots.c.customer.in_(customers)).values(version=version))


def touch_accounts(connection: Connection, accounts: Sequence[str]) -> None:
    """Let every process look again at the customers of these pots, as `touch_customers` does, with fewer writes."""
    version = touch_pots(connection)
    connection.execute(update(pots).where(pots.c.account.in_(accounts)).values(version=version))


def pots_of(connection: Connection, customer: CustomerId, at_us: int | None = None) -> list[Pot]:
    """The pots of a customer; only those that have not expired at an instant, when one is given."""
    rows = connection.execute(_POTS_OF, {"of": customer, "after_us": _ALWAYS_US if at_us is None else at_us})
    return [Pot(*row) for row in rows]


def pots_that_paid(connection: Connection, customers: Sequence[CustomerId], from_us: int, until_us: int) -> list[Pot]:
    """The pots of some customers that paid for answers at some time in [from_us, until_us), by account."""
    kinds = ("allowance", "grant", "wallet", "overage")
    chosen = and_(
        pots.c.customer.in_(customers), pots.c.kind.in_(kinds), pots.c.expires_us > from_us, pots.c.opens_us < until_us
    )
    return [Pot(*row) for row in connection.execute(select(*_POT).where(chosen).order_by(pots.c.account))]


def pots_at(connection: Connection, accounts: Sequence[str]) -> dict[str, Pot]:
    """Some pots, by account; those that were never opened are left out."""
    rows = connection.execute(select(*_POT).where(pots.c.account.in_(accounts)))
    return {row.account: Pot(*row) for row in rows}


def pots_expired(connection: Connection, from_us: int, until_us: int, kind: str) -> list[Pot]:
    """Pots of a kind whose time ended in [from_us, until_us)."""
    chosen = and_(pots.c.kind == kind, pots.c.expires_us >= from_us, pots.c.expires_us < until_us)
    return [Pot(*row) for row in connection.execute(select(*_POT).where(chosen).order_by(pots.c.account))]


def customers_touched(connection: Connection, since_version: int) -> tuple[set[CustomerId], int]:
    """Whose pots changed after a version, and the version now."""
    version = int(mark(connection, VERSION) or 0)
    if version == since_version:
        return set(), version
    chosen = select(pots.c.customer).where(pots.c.version > since_version).distinct()
    touched = {CustomerId(customer) for customer in connection.execute(chosen).scalars()}
    if int(mark(connection, EVERYBODY) or 0) > since_version:
        touched.add(CustomerId(""))
    return touched, version


def free(connection: Connection, account: str, unit: str) -> int:
    """Grains that may be taken out of a pot now: neither spent, nor held, nor leased."""
    moved = balances_at(connection, (account,)).get((account, unit), Movement())
    return moved.credits - moved.debits - moved.held_debits - leased(connection, account, unit)


def demand_free(connection: Connection, account: str, unit: str, grains: int) -> None:
    """Raises Refused unless that much may be taken out now. Call leases in before (`ledger.call_in_leases`)."""
    if free(connection, account, unit) < grains:
        message = f"{account} has less to take out now than that; if answers are under way, try again in a moment"
        raise Refused("balance_held", message, retry_after_s=2)


def leased(connection: Connection, account: str, unit: str) -> int:
    """Grains of a pot that processes hold leases of."""
    return int(connection.execute(_LEASED, {"pot": account, "in_unit": unit}).scalar_one())


def take_lease(connection: Connection, holder: str, account: str, unit: str, most: int) -> int:
    """Lease up to `most` grains more of what is free; returns how many."""
    taken = max(0, min(most, free(connection, account, unit)))
    if taken:
        row = (account, unit, holder, taken, 0)
        on_known = "ON CONFLICT (account, unit, holder) DO UPDATE SET grains = leases.grains + excluded.grains"
        append_rows(connection, leases, [row], on_known)
    return taken


def shift_leases(connection: Connection, rows: list[Lease]) -> None:
    """Journal: what leases lose to holds and get back from what ends.

    Fails when a lease would fall below zero or is gone: then another process took this one for dead.
    """
    sums: dict[tuple[str, str, str], int] = {}
    for account, unit, holder, grains in rows:
        sums[account, unit, holder] = sums.get((account, unit, holder), 0) + grains
    shifts = [(*key, sums[key]) for key in sorted(sums) if sums[key]]
    if shift_rows(connection, leases, ("account", "unit", "holder"), "grains", shifts) != len(shifts):
        message = "this process was taken for dead and its leases given up; nothing was charged, ask again"
        raise Conflict("lease_lost", message, retry_after_s=1)


def set_aside(holds: Sequence[Transfer], holder: str) -> list[Entry]:
    """What holds are written by: they are journaled, and taken out of the leases of a process."""
    taken: list[Entry] = [(shift_leases, (hold.debit, hold.currency, holder, -hold.grains)) for hold in holds]
    return [*((append, hold) for hold in holds), *taken]


def lessen_leases(connection: Connection, rows: list[Lease]) -> None:
    """Give back a part of some leases: their grains are below zero. They are not wanted any more."""
    if rows:
        shift_leases(connection, rows)
    for account, unit, holder, _ in rows:
        mine = and_(leases.c.account == account, leases.c.unit == unit, leases.c.holder == holder)
        connection.execute(update(leases).where(mine).values(wanted=0))


def end_leases(connection: Connection, holder: str, accounts: Sequence[tuple[str, str]] | None = None) -> None:
    """Give back leases of a holder: of some accounts with their units, or all of them."""
    if accounts is None:
        connection.execute(delete(leases).where(leases.c.holder == holder))
        return
    for account, unit in accounts:
        mine = and_(leases.c.account == account, leases.c.unit == unit, leases.c.holder == holder)
        connection.execute(delete(leases).where(mine))


def end_empty_leases(connection: Connection, holder: str, accounts: Sequence[tuple[str, str]]) -> None:
    """End leases of a holder that nothing is left of."""
    for account, unit in accounts:
        mine = and_(leases.c.account == account, leases.c.unit == unit, leases.c.holder == holder)
        connection.execute(delete(leases).where(mine, leases.c.grains == 0))


def recall(connection: Connection, account: str, unit: str, holder: str = "") -> int:
    """Ask every other holder to give back what is left of a lease; returns how many can."""
    return connection.execute(_RECALL, {"pot": account, "in_unit": unit, "mine": holder}).rowcount


def recalled(connection: Connection, holder: str) -> list[tuple[str, str]]:
    """The accounts and units whose leases a holder is asked to give back."""
    return [(row[0], row[1]) for row in connection.execute(_RECALLED, {"mine": holder})]


def holders(connection: Connection) -> set[str]:
    """Everybody who holds a lease."""
    return set(connection.execute(select(leases.c.holder).distinct()).scalars())


def leases_beside(connection: Connection, account: str, unit: str, holder: str) -> int:
    """How many others than `holder` have something left of a lease of a pot."""
    return int(connection.execute(_BESIDE, {"pot": account, "in_unit": unit, "mine": holder}).scalar_one())


def all_leased(connection: Connection) -> dict[tuple[str, str], int]:
    """Grains that are leased of every pot, by account and unit."""
    rows = connection.execute(
        select(leases.c.account, leases.c.unit, func.sum(leases.c.grains)).group_by(leases.c.account, leases.c.unit)
    )
    return {(row[0], row[1]): int(row[2]) for row in rows}


def left_of(connection: Connection, accounts: Sequence[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """Of some pots, by account and unit: what may be taken out now, and what is left in all (held and leased too)."""
    keys = (leases.c.account, leases.c.unit)
    chosen = select(*keys, func.sum(leases.c.grains)).where(leases.c.account.in_(accounts)).group_by(*keys)
    lent = {(row[0], row[1]): int(row[2]) for row in connection.execute(chosen)}
    left = {}
    for key, moved in balances_at(connection, accounts).items():
        whole = moved.credits - moved.debits
        left[key] = (max(0, whole - moved.held_debits - lent.get(key, 0)), whole)
    return left
