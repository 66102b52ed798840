"""The table of budgets that were set for one key, user, customer or plan, in place of what the plan says."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Table, Text, and_, delete, or_, select, tuple_, update

from solvent.billing.limits import Override, alert_grains, is_named, rule_of
from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.identity.store import keys
from solvent.ledger import pot_store
from solvent.ledger import store as ledger_store
from solvent.ledger.account import MEMO_EXPIRED, MEMO_ISSUED
from solvent.ledger.pot import Pot
from solvent.ledger.transfer import posting
from solvent.values.ids import CustomerId, TransferId
from solvent.values.money import Money

budgets = Table(
    "budgets",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("every", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("alert_permille", BigInteger, nullable=False),
    Column("hard", BigInteger, nullable=False),
)

_PUT: Final = "ON CONFLICT (scope, every, unit) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in ("amount", "alert_permille", "hard")
)


def put(connection: Connection, override: Override) -> None:
    """Set a budget, in place of another of the same scope, time and unit."""
    append_rows(connection, budgets, [msgspec.structs.astuple(override)], _PUT)


def remove(connection: Connection, scope: str, every: str, unit: str) -> bool:
    """Let the plan's own budget hold again. Returns whether there was another."""
    mine = and_(budgets.c.scope == scope, budgets.c.every == every, budgets.c.unit == unit)
    return connection.execute(delete(budgets).where(mine)).rowcount > 0


def overrides_of(connection: Connection, customer: CustomerId) -> tuple[Override, ...]:
    """The budgets set for a customer, their keys and users, and for whole plans."""
    mine = [f"key:{id}" for id in connection.execute(select(keys.c.id).where(keys.c.customer == customer)).scalars()]
    chosen = or_(
        budgets.c.scope.in_([f"customer:{customer}", *mine]),
        budgets.c.scope.startswith(f"user:{customer}:", autoescape=True),
        budgets.c.scope.startswith("plan:", autoescape=True),
    )
    return _read(connection.execute(select(budgets).where(chosen).order_by(budgets.c.scope)))


def budgets_page(connection: Connection, after: tuple[str, str, str], count: int) -> list[Override]:
    """Up to `count` budgets that were set, by scope, time and unit, after one."""
    key = (budgets.c.scope, budgets.c.every, budgets.c.unit)
    return list(_read(connection.execute(select(budgets).where(tuple_(*key) > after).order_by(*key).limit(count))))


def monthly_with_alerts(connection: Connection, after: str, count: int) -> list[Override]:
    """Up to `count` budgets of money a month that were set for customers and are to be told of, after a scope."""
    own = budgets.c.scope.startswith("customer:", autoescape=True) & (budgets.c.scope > after)
    is_meant = (budgets.c.every == "month") & (budgets.c.unit == "money") & (budgets.c.alert_permille > 0)
    chosen = select(budgets).where(own, is_meant, budgets.c.amount > 0).order_by(budgets.c.scope).limit(count)
    return list(_read(connection.execute(chosen)))


def pots_in_use(connection: Connection, override: Override, now_us: int) -> list[Pot]:
    """The pots of a budget whose day, month or period is under way."""
    pots = pot_store.pots
    begin = f"budget:{override.scope}:"
    chosen = and_(
        pots.c.account.startswith(begin, autoescape=True), pots.c.opens_us <= now_us, pots.c.expires_us > now_us,
    )  # fmt: skip
    accounts = connection.execute(select(pots.c.account).where(chosen)).scalars().all()
    mine = [one for one in accounts if is_named(one.removeprefix(begin), override.every, override.unit)]
    return [pot_store.pots_at(connection, [account])[account] for account in mine]


def refill(connection: Connection, override: Override, now_us: int) -> None:
    """Bring the pots of a budget that are in use now to what it is from now on; what was used stays used.

    A budget that is lowered below what was used has nothing left. Call leases in before.
    """
    for pot in pots_in_use(connection, override, now_us):
        _refill(connection, pot, override, now_us)


def _refill(connection: Connection, pot: Pot, override: Override, now_us: int) -> None:
    moves = ledger_store.transfers_of(connection, f"{pot.account}.")
    filled = sum(move.grains if move.credit == pot.account else -move.grains for move in moves)
    free, _ = pot_store.left_of(connection, [pot.account]).get((pot.account, pot.unit), (0, 0))
    more = override.amount - filled
    debit, credit = (MEMO_ISSUED, pot.account) if more > 0 else (pot.account, MEMO_EXPIRED)
    grains = more if more > 0 else min(free, -more)
    if grains:
        id = TransferId(f"{pot.account}.set.{len(moves)}")
        row = posting(id, now_us, debit, credit, Money(grains, pot.unit), pot.account)
        ledger_store.append(connection, [row])
    mine = pot_store.pots.c.account == pot.account
    connection.execute(update(pot_store.pots).where(mine).values(kind="budget" if override.hard else "watch"))
    pot_store.open_pots(connection, [msgspec.structs.replace(pot, alert_grains=alert_grains(rule_of(override)))])


def _read(rows: Any) -> tuple[Override, ...]:
    return tuple(Override(*row) for row in rows)
