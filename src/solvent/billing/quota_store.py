"""The table of quotas, with what happens to them in the ledger: given, taken back, rolled over, expired."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, and_, select

from solvent.billing.quota import Quota, closed, given, pot_of, rolled_over, taken_back
from solvent.billing.subscription import Subscription
from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.ledger import store as ledger_store
from solvent.ledger.pot_store import left_of, open_pots, touch_accounts
from solvent.ledger.transfer import Transfer
from solvent.values.ids import CustomerId

_TEXTS: Final = frozenset({"account", "unit", "customer", "kind", "source", "place", "classes", "state"})

quotas = Table(
    "quotas",
    metadata,
    *(
        Column(name, Text if name in _TEXTS else BigInteger, nullable=False, primary_key=name == "account")
        for name in Quota.__struct_fields__
    ),
    Index("ix_quotas_source", "source"),
    Index("ix_quotas_customer", "customer"),
    Index("ix_quotas_state_expires_us", "state", "expires_us"),
)

_PUT: Final = "ON CONFLICT (account) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in Quota.__struct_fields__[1:]
)


def put(connection: Connection, changed: Iterable[Quota]) -> None:
    """Add quotas, or change known ones. What is in their pots is booked by transfers."""
    append_rows(connection, quotas, map(msgspec.structs.astuple, changed), _PUT)


def open_of(connection: Connection, sources: Sequence[str]) -> list[Quota]:
    """The quotas of some subscriptions, packs or grants that are not closed, by account."""
    chosen = and_(quotas.c.source.in_(sources), quotas.c.state == "open")
    return _read(connection.execute(select(quotas).where(chosen).order_by(quotas.c.account)))


def open_of_customer(connection: Connection, customer: CustomerId) -> list[Quota]:
    """The quotas of one customer that are not closed, by account."""
    chosen = and_(quotas.c.customer == customer, quotas.c.state == "open")
    return _read(connection.execute(select(quotas).where(chosen).order_by(quotas.c.account)))


def expired(connection: Connection, now_us: int, after: str, count: int) -> list[Quota]:
    """Quotas whose time is over and that are not closed, by account, after an account."""
    chosen = and_(quotas.c.state == "open", quotas.c.expires_us <= now_us, quotas.c.account > after)
    return _read(connection.execute(select(quotas).where(chosen).order_by(quotas.c.account).limit(count)))


def left_behind(connection: Connection, ended: Subscription) -> dict[str, int]:
    """What was taken back of the quotas of the last period of a subscription when it ended, by their places."""
    chosen = and_(quotas.c.source == ended.id, quotas.c.opens_us == ended.period_start_us)
    left = {}
    for quota in _read(connection.execute(select(quotas).where(chosen))):
        moves = ledger_store.transfers_of(connection, f"{quota.account}.")
        taken = (move.grains for move in moves if move.debit == quota.account and move.at_us >= ended.ended_us)
        left[quota.place] = sum(taken)
    return left


def open_quotas(connection: Connection, opened: Sequence[tuple[Quota, int]], at_us: int) -> None:
    """Open new quotas, each usable until an instant, with all that they give in their pots."""
    if not opened:
        return
    rows, transfers = [], []
    for quota, _ in opened:
        after, transfer = given(quota, quota.issued, at_us)
        rows.append(after)
        transfers += [transfer] if transfer.grains else []
    open_pots(connection, (pot_of(quota, until_us) for quota, until_us in opened))
    put(connection, rows)
    if transfers:
        ledger_store.append(connection, transfers)


def set_usable(connection: Connection, changed: Sequence[Quota], until_us: int) -> None:
    """Let quotas be used until an instant, or their end if that is sooner."""
    if changed:
        open_pots(connection, (pot_of(quota, until_us) for quota in changed))


def drain(connection: Connection, over: Sequence[Quota], following: Mapping[tuple[str, str], Quota], at_us: int) -> int:
    """Take what is left out of quotas that are over: a part rolls into the next period, the rest expires.

    following: the open quotas of the periods after, by source and place; what may roll over waits for one that is not
    open yet. What answers under way still hold stays, and goes when this is asked again. Returns how many quotas are
    closed by it.
    """
    left = left_of(connection, [quota.account for quota in over])
    rows: list[Quota] = []
    transfers: list[Transfer] = []
    for before in over:
        free, whole = left.get((before.account, before.unit), (0, 0))
        after, moved = _emptied(before, following.get((before.source, before.place)), free, at_us)
        transfers += moved
        if whole == sum(transfer.grains for transfer in moved):
            after = closed(after)
        if after != before:
            rows.append(after)
    put(connection, rows)
    if transfers:
        ledger_store.append(connection, transfers)
        filled = {quota.account for quota in following.values()} & {transfer.credit for transfer in transfers}
        if filled:
            touch_accounts(connection, sorted(filled))
    return sum(1 for row in rows if row.state == "closed")


def _emptied(quota: Quota, into: Quota | None, free: int, at_us: int) -> tuple[Quota, list[Transfer]]:
    transfers = []
    rolls = min(free, max(0, quota.roll_most - quota.rolled))
    if rolls > 0 and into is not None:
        quota, transfer = rolled_over(quota, into, rolls, at_us)
        transfers.append(transfer)
    if free > rolls:
        quota, transfer = taken_back(quota, free - rolls, at_us)
        transfers.append(transfer)
    return quota, transfers


def following_of(connection: Connection, over: Sequence[Quota]) -> dict[tuple[str, str], Quota]:
    """The newest open quotas of the same sources and places: where what is left rolls to."""
    sources = sorted({quota.source for quota in over if quota.roll_most > quota.rolled})
    newest: dict[tuple[str, str], Quota] = {}
    for quota in open_of(connection, sources) if sources else []:
        known = newest.get((quota.source, quota.place))
        if known is None or quota.opens_us > known.opens_us:
            newest[quota.source, quota.place] = quota
    accounts = {quota.account for quota in over}
    return {key: quota for key, quota in newest.items() if quota.account not in accounts}


def _read(rows: Iterable[Any]) -> list[Quota]:
    return [Quota(**dict(zip(Quota.__struct_fields__, row, strict=True))) for row in rows]


def expire_now(connection: Connection, ending: Sequence[Quota], at_us: int, now_us: int) -> None:
    """End quotas early: what is left of them is gone, and what answers under way still hold goes with the next sweep.

    at_us: as of when. Nothing rolls over.
    """
    over = [msgspec.structs.replace(quota, expires_us=min(quota.expires_us, at_us), roll_most=0) for quota in ending]
    put(connection, over)
    set_usable(connection, over, at_us)
    drain(connection, over, {}, now_us)
