"""Record that a provider was paid: the debt goes, and what the rate made of it since is a difference of its own."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.ledger import store
from solvent.ledger.account import api_payable
from solvent.pricing.exchange import Exchange
from solvent.till.provider_payment import at_rate, payment_postings
from solvent.values.errors import Conflict
from solvent.values.ids import TransferId
from solvent.values.money import Money, plain


class ProviderPayment(msgspec.Struct, frozen=True):
    """paid: as the provider was paid. left: the same in the books' currency. cleared: of the debt.

    difference: left less cleared; above zero the rate cost us something.
    """

    provider: str
    paid: Money
    left: Money
    cleared: Money
    difference: Money


async def pay_provider(
    provider: str,
    paid: Money,
    currency: str,
    exchange: Exchange | None,
    clears: Money | None,
    database: Database,
    act: Act,
    place: str = "bank",
) -> ProviderPayment:
    """paid: in whatever currency the provider bills. currency: of the books. exchange: the rate the bank took.

    clears: how much of the debt in the books it pays, at the rates of the answers; None for all of it.
    Raises Invalid without a rate, and Conflict for more than is owed.
    """
    left = at_rate(paid, currency, exchange)

    def work(connection: Connection) -> ProviderPayment:
        def effect() -> ProviderPayment:
            moved = store.balances_at(connection, (api_payable(provider),)).get((api_payable(provider), currency))
            owed = Money(moved.credits - moved.debits if moved else 0, currency)
            cleared = owed if clears is None else clears
            if cleared.currency != currency or not 0 < cleared.grains <= owed.grains:
                message = f"{provider} is owed {plain(owed)} {currency} by the books; pay more than 0 and at most that"
                raise Conflict("exceeds_debt", message, param="clears")
            id = TransferId("pay_" + sha256(f"{act.actor}/{act.key}".encode()).hexdigest()[:32])
            store.append(connection, payment_postings(id, provider, cleared, left, place, act.at_us))
            return ProviderPayment(provider, paid, left, cleared, left - cleared)

        return once(connection, act, "provider.pay", provider, effect, ProviderPayment)[0]

    return await database.write(work)
