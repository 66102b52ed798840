"""Tend this process's leases: give back what others want and what nobody used for a while, and hear of changes.

Runs twice a second, off the path of answers.
"""

from __future__ import annotations

from solvent.answering.desk import Desk
from solvent.billing.funds import Funds
from solvent.db.port import Connection
from solvent.ledger import pot_store
from solvent.ledger.purse import Purse
from solvent.values.ids import CustomerId
from solvent.values.instant import US_PER_S
from solvent.values.limits import LEASE_IDLE_S


async def tend_leases(desk: Desk, since_version: int, *, all_of_them: bool = False) -> int:
    """Returns the version of the pots that was seen; give it to the next call.

    all_of_them: give back every lease, since this process is about to end.
    """

    def look(connection: Connection) -> tuple[set[str], set[CustomerId], int]:
        wanted = {account for account, _ in pot_store.recalled(connection, desk.holder)}
        return wanted, *pot_store.customers_touched(connection, since_version)

    wanted, touched, version = await desk.database.read(look)
    for customer in desk.funds if CustomerId("") in touched else touched:  # a plan's budget is nobody's alone
        if customer in desk.funds:
            desk.funds[customer].forget()
    idle_us = desk.now_us() - int(LEASE_IDLE_S * US_PER_S)
    giving: list[tuple[str, Purse]] = []
    for funds, purses in ((None, desk.shared), *((funds, funds.purses) for funds in desk.funds.values())):
        is_asked_for = any(map(_is_asked_for, desk.funds.values() if funds is None else (funds,)))
        given = [
            (account, purse)
            for account, purse in purses.items()
            if purse.has_lease and (all_of_them or account in wanted or (purse.used_us < idle_us and not is_asked_for))
        ]
        giving += given
        if given and is_asked_for:  # whoever asks the database now may have relied on it: they look again
            for asking in desk.funds.values() if funds is None else (funds,):
                asking.changes += 1
                asking.good_until_us = 0
    if giving:
        await _give_back(giving, desk)
    for customer, funds in list(desk.funds.items()):
        if _is_idle(funds):
            del desk.funds[customer]
    return version


async def _give_back(giving: list[tuple[str, Purse]], desk: Desk) -> None:
    """In memory at once; in the database behind everything that is queued already."""
    ended: list[tuple[str, str]] = []
    emptied: list[tuple[str, str]] = []
    lessened: list[pot_store.Lease] = []
    for account, purse in giving:
        given = purse.give_back()
        if not purse.under_way and not desk.looking:
            ended.append((account, purse.unit))
            continue
        # Whoever looks into the database now may be leasing more of it, and answers give back to it when they end.
        if given:
            lessened.append((account, purse.unit, desk.holder, -given))
        if not purse.under_way:
            emptied.append((account, purse.unit))

    def give(connection: Connection) -> None:
        pot_store.end_leases(connection, desk.holder, ended)
        pot_store.lessen_leases(connection, lessened)
        pot_store.end_empty_leases(connection, desk.holder, emptied)

    try:
        await desk.database.write(give)
    except BaseException:
        for _, purse in giving:
            purse.has_lease = True  # perhaps: it is given back again the next time
        raise


def _is_idle(funds: Funds) -> bool:
    """Whether nothing is left of it to remember: no lease, no answer under way, nobody asking the database."""
    quiet = all(not purse.has_lease and not purse.under_way for purse in funds.purses.values())
    return quiet and not _is_asked_for(funds)


def _is_asked_for(funds: Funds) -> bool:
    """Whether somebody asks the database for them now, or is about to take what was found."""
    return funds.turn is not None and funds.turn.locked()
