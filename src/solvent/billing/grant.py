"""Give a customer money to spend on answers: once for each key, however often it is asked."""

from __future__ import annotations

from hashlib import sha256

from solvent.db.port import Connection, Database
from solvent.ledger import store
from solvent.ledger.account import CUSTOMER_GRANTS, wallet
from solvent.ledger.balance import Movement
from solvent.ledger.transfer import posting
from solvent.values.errors import Conflict, Invalid
from solvent.values.ids import CustomerId, TransferId
from solvent.values.limits import GRAINS_MAX
from solvent.values.money import Money, money, plain

GRANT_UNITS_MAX = "100000000"


async def grant(customer: CustomerId, amount: Money, key: str, database: Database, now_us: int) -> bool:
    """Returns whether the money is new: False when this key was used before, for the same amount.

    Raises Invalid for nothing, less than nothing, or more than GRANT_UNITS_MAX, and Conflict when the key
    was used for another amount.
    """
    if not 0 < amount.grains <= money(GRANT_UNITS_MAX, amount.currency).grains:
        message = f"a grant is more than 0 and at most {GRANT_UNITS_MAX}; this is {plain(amount)}"
        raise Invalid("bad_amount", message, param="amount")
    id = TransferId("grant_" + sha256(f"{customer}/{key}".encode()).hexdigest()[:32])

    def work(connection: Connection) -> bool:
        before = store.transfers_of(connection, id)
        if before and (before[0].grains, before[0].currency) != (amount.grains, amount.currency):
            given = plain(Money(before[0].grains, before[0].currency))
            raise Conflict("idempotency_key_conflict", f"this key was used before, for {given}; use a new one")
        if before:
            return False
        _demand_room(store.balances_at(connection, (wallet(customer), CUSTOMER_GRANTS)), wallet(customer), amount)
        row = posting(id, now_us, CUSTOMER_GRANTS, wallet(customer), amount, f"grant/{customer}")
        store.append(connection, [row])
        return True

    return await database.write(work)


def _demand_room(balances: dict[tuple[str, str], Movement], account: str, amount: Money) -> None:
    """The columns hold 64 bits; beyond them a balance would silently stop being exact."""
    paid_in = balances.get((account, amount.currency), Movement()).credits
    given = balances.get((CUSTOMER_GRANTS, amount.currency), Movement()).debits
    if max(paid_in, given) + amount.grains > GRAINS_MAX:
        message = f"{plain(amount)} {amount.currency} more does not fit the books; give less"
        raise Invalid("amount_too_large", message, param="amount")
