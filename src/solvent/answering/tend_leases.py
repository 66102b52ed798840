"""Tend this process's leases: give back what others want and what nobody used for a while, and hear of changes.

Runs twice a second, off the path of answers.
"""

from __future__ import annotations

from solvent.answering.desk import Desk
from solvent.billing.funds import Funds
from solvent.db.port import Connection
from solvent.ledger import pot_store
from solvent.ledger.pot import Pot
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
    for customer in touched:
        if customer in desk.funds:
            desk.funds[customer].forget()
    idle_us = desk.now_us() - int(LEASE_IDLE_S * US_PER_S)
    ended: list[tuple[str, str]] = []
    lessened: list[pot_store.Lease] = []
    for customer, funds in list(desk.funds.items()):
        for pot in (*funds.pots, *funds.budgets):
            purse = funds.purse(pot)
            if purse.has_lease and (all_of_them or pot.account in wanted or purse.used_us < idle_us):
                _give_back(pot, purse, desk.holder, ended, lessened)
        if _is_idle(funds):
            del desk.funds[customer]
    if ended or lessened:

        def give(connection: Connection) -> None:
            pot_store.end_leases(connection, desk.holder, ended)
            pot_store.lessen_leases(connection, lessened)

        await desk.database.write(give)
    return version


def _give_back(
    pot: Pot, purse: Purse, holder: str, ended: list[tuple[str, str]], lessened: list[pot_store.Lease]
) -> None:
    """In memory at once; in the database behind everything that is queued already."""
    given = purse.give_back()
    if not purse.under_way:
        ended.append((pot.account, pot.unit))
    elif given:
        lessened.append((pot.account, pot.unit, holder, -given))


def _is_idle(funds: Funds) -> bool:
    """Whether nothing is left of it to remember: no lease, no answer under way, nobody asking the database."""
    quiet = all(not purse.spare and not purse.under_way for purse in funds.purses.values())
    return quiet and not (funds.turn is not None and funds.turn.locked())
