"""Reads what the books gave customers to draw from, and what their plans and packs earned: for `simulate`'s today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from solvent.answering.correction_store import given_back
from solvent.answering.receipt_store import first_asked
from solvent.billing.plan_store import newest
from solvent.billing.recognition import Schedule
from solvent.billing.recognition_store import packs_between, revenue_between
from solvent.billing.subscription_store import running_between
from solvent.db.port import Connection, Database
from solvent.ledger.beside_store import Moved, drawn_since, moved_beside
from solvent.ledger.pot import Pot, drawing_order
from solvent.ledger.pot_store import pots_that_paid
from solvent.ledger.store import balances_at
from solvent.simulation.issued import Issued, Move, OnIt, PackSold
from solvent.values.ids import CustomerId

_AT_ONCE: Final = 500  # customers, or accounts, in one question
_MONTH_US: Final = 30.4375 * 86_400 * 10**6
Key = tuple[str, str]  # account and unit


async def issued_by(
    database: Database, on: Mapping[str, str], currency: str, from_us: int, until_us: int
) -> Issued:  # fmt: skip
    """on: the plan of everybody who asked, by the last answer. All of it is read in one snapshot."""
    return await database.read(partial(_read, on=on, currency=currency, from_us=from_us, until_us=until_us))


def _read(connection: Connection, on: Mapping[str, str], currency: str, from_us: int, until_us: int) -> Issued:
    earned = {
        (customer, plan): grains
        for (customer, plan, unit), grains in revenue_between(connection, from_us, until_us).items()
        if unit == currency and grains
    }
    packs = [one for one in packs_between(connection, from_us, until_us) if one.currency == currency]
    customers = list(dict.fromkeys([*on, *(customer for customer, _ in earned), *(one.customer for one in packs)]))
    pots = _pots(connection, customers, from_us, until_us)
    accounts = {pot.account for mine in pots.values() for pot in mine} | {one.pot for one in packs}
    back = [one for part in _parts(customers) for one in given_back(connection, part, first_asked(from_us))]
    moves, used = _moves(connection, sorted(accounts), back, from_us)
    return Issued(
        from_us=from_us, until_us=until_us, plans={one.plan.name: one.plan for one in newest(connection)},
        on=_on(connection, customers, on, from_us, until_us), pots=pots, moves=moves, earned=earned,
        packs=[PackSold(one, _used_of(one, used)) for one in packs],
    )  # fmt: skip


def _used_of(pack: Schedule, used: Mapping[Key, int]) -> int:
    return sum(grains for (account, _), grains in used.items() if account == pack.pot)


def _pots(
    connection: Connection, customers: Sequence[str], from_us: int, until_us: int
) -> dict[str, tuple[Pot, ...]]:  # fmt: skip
    """Those of whoever has anything but a wallet; the wallet is among them where use on account may follow it."""
    found: dict[str, list[Pot]] = {}
    for part in _parts(customers):
        for pot in pots_that_paid(connection, [CustomerId(one) for one in part], from_us, until_us):
            found.setdefault(pot.customer, []).append(pot)
    pots = {}
    for customer, mine in found.items():
        has_credit = any(pot.kind == "overage" for pot in mine)
        kept = [pot for pot in mine if has_credit or pot.kind != "wallet"]
        if kept:
            pots[customer] = tuple(sorted(kept, key=drawing_order))
    return pots


def _moves(
    connection: Connection, accounts: Sequence[str], back: Sequence[Moved], from_us: int
) -> tuple[dict[Key, list[Move]], dict[Key, int]]:  # fmt: skip
    """What was in pots when the time began and moved since, other than by answers; and what answers had used of them
    before it. back: what corrections gave back of answers before."""
    first = first_asked(from_us)
    lately = drawn_since(connection, first, from_us)
    moves: dict[Key, list[Move]] = {}
    used: dict[Key, int] = {}
    for part in _parts(accounts):
        out, came = dict[Key, int](), dict[Key, int]()
        mine = set(part)
        beside = [*moved_beside(connection, part, first), *(one for one in back if one[0] in mine)]
        for account, unit, at_us, grains in sorted(beside, key=lambda one: one[2]):
            key = (account, unit)
            out[key] = out.get(key, 0) - min(0, grains)
            if at_us < from_us:
                came[key] = came.get(key, 0) + grains
            else:
                moves.setdefault(key, []).append((at_us, grains))
        for key, moved in balances_at(connection, part).items():
            used[key] = moved.debits - out.get(key, 0) - lately.get(key, 0)
            moves[key] = [(from_us - 1, came.get(key, 0) - used[key]), *moves.get(key, [])]
    return moves, used


def _on(
    connection: Connection, customers: Sequence[str], last: Mapping[str, str], from_us: int, until_us: int
) -> dict[str, OnIt]:  # fmt: skip
    found: dict[str, OnIt] = {}
    for part in _parts(customers):
        for one in running_between(connection, [CustomerId(name) for name in part], from_us, until_us):
            before = found.get(one.customer)
            ran_us = min(one.ended_us, until_us) - max(one.started_us, from_us)
            months = ran_us / _MONTH_US + (before.months if before is not None else 0.0)
            found[one.customer] = OnIt(last.get(one.customer, one.plan), months)
    return found | {name: OnIt(plan, 0.0) for name, plan in last.items() if name not in found}


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(names), _AT_ONCE):
        yield names[first : first + _AT_ONCE]
