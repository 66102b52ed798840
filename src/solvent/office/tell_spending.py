"""Tell a customer's people by letter how far their own limit is used: once for each threshold and month.

It is looked up in the books, so that nothing is missed where a process ends, and nobody is told twice by two.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from solvent.billing import budget_store
from solvent.billing.limits import Override, alert_grains, budget_unit, monthly_account, rule_of
from solvent.db.port import Connection, Database
from solvent.identity import news_store, person_store
from solvent.identity.news import Kind, News, news
from solvent.ledger.store import balances_at
from solvent.values.ids import CustomerId
from solvent.values.limits import SPENDING_TOLD_AT_ONCE


async def tell_spending(currency: str, in_zone: ZoneInfo, database: Database, now_us: int) -> list[News]:
    """Returns what is told from now on; what was before is not again."""
    told: list[News] = []
    after = ""
    while True:
        page = await database.read(
            lambda connection, after=after: budget_store.monthly_with_alerts(connection, after, SPENDING_TOLD_AT_ONCE)  # type: ignore[misc]
        )
        if not page:
            return told
        after = page[-1].scope
        fresh = await database.read(
            lambda connection, page=page: _found(connection, page, currency, in_zone, now_us)  # type: ignore[misc]
        )
        if fresh:

            def tell(connection: Connection, fresh: list[News] = fresh) -> None:
                for one in fresh:
                    news_store.tell(connection, one)

            await database.write(tell)
            told += fresh


def _found(connection: Connection, page: list[Override], currency: str, in_zone: ZoneInfo, now_us: int) -> list[News]:
    """What nobody was told yet."""
    unit, found = budget_unit("money", currency), []
    accounts = {monthly_account(one.scope, now_us, in_zone): one for one in page}
    moved = balances_at(connection, list(accounts))
    for account, limit in accounts.items():
        pot = moved.get((account, unit))  # None while nothing was asked this month
        used = limit.amount - (pot.credits - pot.debits) if pot is not None else 0  # one that was lowered is emptied
        if used >= alert_grains(rule_of(limit)):
            found += _news(connection, limit, account, used, now_us)
    return news_store.untold(connection, {one.id: one for one in found})


def _news(connection: Connection, limit: Override, account: str, used: int, now_us: int) -> list[News]:
    kind: Kind = "spending_reached" if used >= limit.amount else "spending_near"
    at_grains = limit.amount if kind == "spending_reached" else alert_grains(rule_of(limit))
    customer = CustomerId(limit.scope.partition(":")[2])
    return [
        news(person.id, kind, now_us, f"{account} {at_grains}", used=used, limit=limit.amount)
        for person in person_store.of_customer(connection, customer)
        if not person.closed_us
    ]
