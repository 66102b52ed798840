"""Book money that came and matches no order: to suspense, until somebody can explain it."""

from __future__ import annotations

from hashlib import sha256

from solvent.audit import store as audit_store
from solvent.audit.act import Act
from solvent.billing.order import money_account
from solvent.billing.rails import Rails
from solvent.billing.suspense_store import demand_in_suspense
from solvent.db.port import Connection, Database
from solvent.ledger import store as ledger_store
from solvent.ledger.account import SUSPENSE
from solvent.ledger.transfer import posting
from solvent.values.errors import Invalid
from solvent.values.ids import TransferId
from solvent.values.money import Money, minor_units, plain


async def book_suspense(
    rail: str, amount: Money, rails: Rails, database: Database, act: Act, *, note: str = "", goes_out: bool = False
) -> str:
    """note: what is known of it. goes_out: it was sent back, and is in suspense no more. Returns the transfer's id.

    Raises NotFound for an unknown rail, Invalid for nothing or less, and Refused for more than is there to go out.
    """
    if minor_units(amount) <= 0:
        raise Invalid("bad_amount", f"{plain(amount)} cannot be in suspense; say how much came", param="amount")
    account = money_account(rail, is_bank=rails.processor(rail).is_bank)
    debit, credit = (SUSPENSE, account) if goes_out else (account, SUSPENSE)
    id = TransferId("sus_" + sha256(f"{act.actor}\x1f{act.key}".encode()).hexdigest()[:32])

    def work(connection: Connection) -> str:
        def effect() -> str:
            if goes_out:
                demand_in_suspense(connection, amount)
            ledger_store.append(connection, [posting(id, act.at_us, debit, credit, amount, note[:200])])
            return id

        booked, _ = audit_store.once(connection, act, "payment.suspense", rail, effect, str)
        return booked

    return await database.write(work)
