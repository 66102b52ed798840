"""Book a payout: a processor has sent what it owes us to the bank, less what it keeps."""

from __future__ import annotations

from hashlib import sha256

from solvent.audit import store as audit_store
from solvent.audit.act import Act
from solvent.billing.order import money_account, words_of
from solvent.billing.rails import Rails
from solvent.db.port import Connection, Database
from solvent.ledger import store as ledger_store
from solvent.ledger.account import CASH, FX_DIFFERENCE, PAYMENT_FEES
from solvent.ledger.balance import Movement
from solvent.ledger.transfer import posting
from solvent.values.errors import Invalid, Refused
from solvent.values.ids import TransferId
from solvent.values.money import Money, minor_units


async def book_payout(
    rail: str,
    received: Money,
    cleared: Money,
    fee: Money,
    rails: Rails,
    database: Database,
    act: Act,
    *,
    bank: str = "bank",
) -> str:
    """received: what came into cash:<bank>. cleared: the payments it is for. fee: what was kept and is not booked yet.

    In one currency received and fee are cleared; in two, what was received stands for cleared less fee, exchanged by
    the processor at its own rate. Returns the id of its first transfer. Raises NotFound, Invalid when the parts do
    not sum, and Refused for more than the processor owes.
    """
    _check(received, cleared, fee)
    owes = money_account(rail, is_bank=False)
    rails.processor(rail)
    id = "pyt_" + sha256(f"{act.actor}\x1f{act.key}".encode()).hexdigest()[:32]
    moves = [("fee", f"{PAYMENT_FEES}:{rail}", owes, fee)]
    if received.currency == cleared.currency:
        moves.append(("cash", f"{CASH}:{bank}", owes, received))
    else:
        moves += [
            ("out", FX_DIFFERENCE, owes, cleared - fee),
            ("cash", f"{CASH}:{bank}", FX_DIFFERENCE, received),
        ]
    rows = [
        posting(TransferId(f"{id}.{name}"), act.at_us, debit, credit, amount, rail)
        for name, debit, credit, amount in moves
        if amount.grains
    ]

    def work(connection: Connection) -> str:
        def effect() -> str:
            _demand_owed(connection, owes, cleared)
            ledger_store.append(connection, rows)
            return id

        booked, _ = audit_store.once(connection, act, "payment.payout", rail, effect, str)
        return booked

    return await database.write(work)


def _check(received: Money, cleared: Money, fee: Money) -> None:
    for amount, param in ((received, "received"), (cleared, "cleared"), (fee, "fee")):
        if minor_units(amount, param) < 0:
            raise Invalid("bad_amount", f"{param}: {words_of(amount)} is less than nothing", param=param)
    if fee.currency != cleared.currency:
        message = f"the fee is in {fee.currency}, the payments in {cleared.currency}"
        raise Invalid("wrong_currency", message, param="fee")
    if cleared.grains <= 0 or cleared < fee:
        raise Invalid("bad_amount", "a payout clears more than 0, and at least its fee", param="cleared")
    if received.currency == cleared.currency and received + fee != cleared:
        message = f"{words_of(received)} received and {words_of(fee)} kept are not the {words_of(cleared)} cleared"
        raise Invalid("payout_does_not_sum", message, param="cleared")


def _demand_owed(connection: Connection, owes: str, cleared: Money) -> None:
    moved = ledger_store.balances_at(connection, (owes,)).get((owes, cleared.currency), Movement())
    owed = Money(moved.debits - moved.credits, cleared.currency)
    if owed < cleared:
        message = f"{owes} holds {words_of(owed)}, less than {words_of(cleared)}; book the rest to suspense"
        raise Refused("payout_exceeds_receivable", message, param="cleared")
