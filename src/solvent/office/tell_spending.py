"""Tell a customer's people by letter how far their own limit is used: once for each threshold and month.

It is looked up in the books, so that nothing is missed where a process ends, and nobody is told twice by two. Of a
limit that was set anew they are told again only where its threshold lay ahead of what was used at the last letter.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from solvent.billing import budget_store
from solvent.billing.limits import Override, alert_grains, budget_unit, monthly_account, rule_of
from solvent.db.port import Connection, Database
from solvent.identity import news_store, person_store
from solvent.identity.news import Kind, News, news
from solvent.ledger.store import balances_at
from solvent.values.ids import CustomerId
from solvent.values.instant import DAY_US
from solvent.values.limits import NEWS_OF_SPENDING_A_DAY_MAX, SPENDING_TOLD_AT_ONCE


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
    return found


def _news(connection: Connection, limit: Override, account: str, used: int, now_us: int) -> list[News]:
    is_reached = used >= limit.amount
    kind: Kind = "spending_reached" if is_reached else "spending_near"
    share = 1000 if is_reached else limit.alert_permille
    at_grains = limit.amount if is_reached else alert_grains(rule_of(limit))
    people = person_store.of_customer(connection, CustomerId(limit.scope.partition(":")[2]))
    asked = [one.id for one in people if one.confirmed_us and not one.closed_us]
    told = news_store.of_spending(connection, asked)
    found = []
    for person in asked:
        theirs = [one for one in told if one.person == person]
        last = _used_when_told([one for one in theirs if one.kind == kind], account, share)
        is_many = sum(one.at_us > now_us - DAY_US for one in theirs) >= NEWS_OF_SPENDING_A_DAY_MAX
        if last < at_grains and not is_many:
            about = {"used": used, "limit": limit.amount, "share": share}
            found.append(news(person, kind, now_us, f"{account} {share} {last}", account=account, **about))
    return found


def _used_when_told(told: list[News], account: str, share: int) -> int:
    """How much of a month's limit was used when they were last told of this share of it; -1 for never."""
    abouts = [msgspec.json.decode(one.about) for one in told]
    alike = [about for about in abouts if (about.get("account"), about.get("share")) == (account, share)]
    return max((int(about["used"]) for about in alike), default=-1)
