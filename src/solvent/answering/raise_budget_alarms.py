"""Raise the alarms of budgets and quotas that are used so far that somebody wanted to be told.

Off the path of answers: what was drawn from since the last time is looked at in the books.
"""

from __future__ import annotations

from solvent.answering.desk import Desk
from solvent.audit import alarm_store
from solvent.audit.alarm import Alarm, Kind, alarm
from solvent.db.port import Connection
from solvent.ledger.balance import Movement
from solvent.ledger.beancount import amount
from solvent.ledger.pot import Pot
from solvent.ledger.store import balances_at
from solvent.values.instant import US_PER_S
from solvent.values.limits import LEASE_TENDED_S


async def raise_budget_alarms(desk: Desk) -> list[Alarm]:
    """Returns the alarms that were found; those raised before stay as they were."""
    since_us = desk.now_us() - int(2 * LEASE_TENDED_S * US_PER_S)
    watched = {
        pot.account: pot
        for funds in desk.funds.values()
        for pot in (*funds.pots, *funds.budgets)
        if pot.alert_grains and (funds.purse(pot).used_us >= since_us or funds.purse(pot).under_way)
    }
    if not watched:
        return []
    moved = await desk.database.read(lambda connection: balances_at(connection, list(watched)))
    now_us = desk.now_us()
    found = [
        raised
        for pot in watched.values()
        if (raised := _look(pot, moved.get((pot.account, pot.unit), Movement()), now_us)) is not None
    ]
    fresh = [raised for raised in found if raised.id not in desk.told]
    if fresh:

        def work(connection: Connection) -> None:
            alarm_store.raise_alarms(connection, fresh)

        await desk.database.write(work)
        desk.told.update(raised.id for raised in fresh)
    return fresh


def _look(pot: Pot, moved: Movement, at_us: int) -> Alarm | None:
    if moved.debits < pot.alert_grains:
        return None
    kind: Kind = "budget_reached" if moved.debits >= moved.credits else "budget_near"
    used, of = (amount(grains, pot.unit).partition(" ")[0] for grains in (moved.debits, moved.credits))
    return alarm(
        kind, pot.customer or pot.account, pot.account, at_us, used=used, of=of, unit=pot.unit, account=pot.account
    )
