"""Guards a change of how customers are taxed: money that came in one way must not be used the other way.

VAT on a wallet is owed when it is filled or when it is used, as its customer is taxed; a month's use is taxed as at the
month's end. So a change waits until there is no money, and no use, that it would tax twice or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, and_, func, select

from solvent.identity.store import customers
from solvent.invoicing.profile import EVERYBODY, Profile
from solvent.invoicing.store import profile_at, profiles
from solvent.invoicing.tax import taxed_when
from solvent.ledger.account import unbilled, wallet
from solvent.ledger.beside_store import out_beside
from solvent.ledger.store import DEFAULT_TIME_ZONE, TIME_ZONE, balances, balances_at, mark
from solvent.values.errors import Conflict
from solvent.values.ids import CustomerId
from solvent.values.money import Money, plain
from solvent.values.period import month_number, next_month, start_of_month, zone

CUSTOMERS_AT_ONCE: Final = 500


def demand_tax_can_change(connection: Connection, after: Profile, at_us: int) -> None:
    """Raises Conflict when taxing a customer, or all without a profile, so from at_us on would lose or double VAT."""
    times = {taxed_when(profile_at(connection, after.customer, at_us).tax), taxed_when(after.tax)}
    if len(times) == 1:
        return
    concerned = _taxed_so(connection, after.customer)
    for first in range(0, len(concerned), CUSTOMERS_AT_ONCE):
        some = concerned[first : first + CUSTOMERS_AT_ONCE]
        if "paid" in times:
            _demand_empty(connection, some)
        accounts = {unbilled(customer): customer for customer in some}
        if "used" in times:
            accounts |= {wallet(customer): customer for customer in some}
        _demand_unused(connection, accounts, at_us)


def _taxed_so(connection: Connection, customer: CustomerId) -> list[CustomerId]:
    """Whom a profile is for."""
    if customer != EVERYBODY:
        return [customer]
    others = select(customers.c.id).where(customers.c.id.not_in(select(profiles.c.customer)))
    return [CustomerId(id) for id in connection.execute(others.order_by(customers.c.id)).scalars()]


def _demand_empty(connection: Connection, some: Sequence[CustomerId]) -> None:
    """Nothing in their wallets, also nothing that is held: it was paid in with VAT or without."""
    owners = {wallet(customer): customer for customer in some}
    for (account, currency), moved in balances_at(connection, list(owners)).items():
        left = Money(moved.credits - moved.debits, currency)
        if left.grains:
            message = (
                f"the wallet of {owners[account]} has {plain(left)} {currency}, paid in under the VAT treatment that "
                "is to change: refund it or let it be used up first, then change how they are taxed"
            )
            raise Conflict("tax_in_use", message, param="treatment")


def _demand_unused(connection: Connection, owners: dict[str, CustomerId], at_us: int) -> None:
    """Nothing used this month from these accounts: its VAT is worked out at the end of the month."""
    kept = zone(mark(connection, TIME_ZONE) or DEFAULT_TIME_ZONE)
    month = month_number(at_us, kept)
    chosen = and_(balances.c.account.in_(owners), balances.c.month == month)
    debits = func.sum(balances.c.debits)
    used = {row[0]: int(row[1]) for row in connection.execute(
        select(balances.c.account, debits).where(chosen).group_by(balances.c.account)
    )}  # fmt: skip
    moved = [account for account, grains in used.items() if grains]
    start_us, end_us = start_of_month(month, kept), start_of_month(next_month(month), kept)
    for account, _, _, grains in out_beside(connection, moved, start_us, end_us) if moved else ():
        used[account] -= grains
    for account, grains in sorted(used.items()):
        if grains:
            message = (
                f"{owners[account]} has used something this month, whose VAT is worked out at its end: change how they "
                "are taxed at the start of a month, before anything is used"
            )
            raise Conflict("tax_in_use", message, param="treatment")
