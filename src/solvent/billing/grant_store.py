"""Giving a customer money to spend on answers: into the wallet, or into a pot of its own when it expires."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import Connection

from solvent.billing import quota_store
from solvent.billing.quota import grant_quota
from solvent.ledger import store
from solvent.ledger.account import CUSTOMER_GRANTS, wallet
from solvent.ledger.balance import Movement
from solvent.ledger.pot import Pot
from solvent.ledger.pot_store import open_pots
from solvent.ledger.transfer import posting
from solvent.values.errors import Invalid
from solvent.values.ids import CustomerId, TransferId
from solvent.values.instant import NEVER_US
from solvent.values.limits import GRAINS_MAX
from solvent.values.money import Money, money, plain

GRANT_UNITS_MAX = "100000000"


def give(
    connection: Connection, customer: CustomerId, amount: Money, name: str, expires_us: int, now_us: int
) -> TransferId:
    """name: tells this gift from every other of this customer. expires_us: NEVER_US for a gift that stays.

    Returns the id of its transfer. Raises Invalid for nothing, less than nothing, too much, or an end that is past.
    """
    if not 0 < amount.grains <= money(GRANT_UNITS_MAX, amount.currency).grains:
        message = f"a grant is more than 0 and at most {GRANT_UNITS_MAX}; this is {plain(amount)}"
        raise Invalid("bad_amount", message, param="amount")
    if expires_us <= now_us:
        raise Invalid("bad_expiry", "a grant expires later than now; leave the end out for never", param="expires")
    _demand_room(connection, wallet(customer), amount)
    mark = sha256(f"{customer}/{name}".encode()).hexdigest()[:32]
    if expires_us < NEVER_US:
        quota = grant_quota(customer, mark, amount, now_us, expires_us)
        quota_store.open_quotas(connection, [(quota, expires_us)], now_us)
        return TransferId(f"{quota.account}.0")
    id = TransferId(f"grant_{mark}")
    store.append(connection, [posting(id, now_us, CUSTOMER_GRANTS, wallet(customer), amount, f"grant/{customer}")])
    open_pots(connection, [Pot(wallet(customer), amount.currency, customer, "wallet", "", 0, NEVER_US)])
    return id


def _demand_room(connection: Connection, account: str, amount: Money) -> None:
    """The columns hold 64 bits; beyond them a balance would silently stop being exact."""
    balances = store.balances_at(connection, (account, CUSTOMER_GRANTS))
    paid_in = balances.get((account, amount.currency), Movement()).credits
    given = balances.get((CUSTOMER_GRANTS, amount.currency), Movement()).debits
    if max(paid_in, given) + amount.grains > GRAINS_MAX:
        message = f"{plain(amount)} {amount.currency} more does not fit the books; give less"
        raise Invalid("amount_too_large", message, param="amount")
