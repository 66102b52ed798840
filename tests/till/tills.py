"""A till: books, rails and a clock, as the verbs of payments need them; and what the books say afterwards."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.db.opened import Place

from solvent.audit.act import Act, fingerprint
from solvent.billing import payment_store
from solvent.billing.order import PaymentOrder
from solvent.billing.rails import OnPaid, Rails
from solvent.billing.reversal import RefundOrder
from solvent.db.group_commit import GroupCommit
from solvent.ledger import pot_store, store
from solvent.ledger.account import wallet
from solvent.ledger.balance import Movement
from solvent.payments.port import PaymentProcessor
from solvent.till.open_checkout import Opened
from solvent.till.refund import refund
from solvent.till.resume_payments import Resumed, resume_payments
from solvent.till.settle_event import SettledEvent
from solvent.till.take_event import take_event
from solvent.till.top_up import top_up
from solvent.values.ids import CustomerId
from solvent.values.money import Money, money

CUSTOMER = CustomerId("cus_1")
NOON_US = 1_795_000_000_000_000
RETURN_URL = "https://shop.example/pay/{order}"
_keys = itertools.count()


def won(amount: int) -> Money:
    return money(str(amount), "KRW")


def act(now_us: int = NOON_US, key: str = "", *asked: object) -> Act:
    """What an operator asks for; anew each time when no key is given."""
    return Act("key_operator", key or f"key-{next(_keys)}", fingerprint(*asked), now_us)


class Till:
    """now_us: the clock; tests set it."""

    def __init__(
        self, database: GroupCommit, *processors: PaymentProcessor, on_paid: Mapping[str, OnPaid] | None = None
    ) -> None:
        self.database = database
        self.rails = Rails({processor.rail: processor for processor in processors}, on_paid or {})
        self.now_us = NOON_US
        self._entropy = itertools.count(1)

    @property
    def entropy(self) -> int:
        return next(self._entropy)

    async def top_up(
        self, amount: int | Money, rail: str, key: str = "", *, saves: bool = False, customer: CustomerId = CUSTOMER
    ) -> Opened:
        asked = won(amount) if isinstance(amount, int) else amount
        asking = act(self.now_us, key, asked, rail)
        return await top_up(
            customer, asked, rail, self.rails, self.database, asking, self.entropy, return_url=RETURN_URL, saves=saves
        )

    async def take(self, rail: str, webhook: tuple[Mapping[str, str], bytes]) -> SettledEvent:
        return await take_event(rail, webhook[0], webhook[1], self.rails, self.database, self.now_us)

    async def refund(self, order: str, amount: int, key: str = "", *, force: bool = False) -> RefundOrder:
        asking = act(self.now_us, key, order, amount)
        return await refund(
            order, won(amount), self.rails, self.database, asking, self.entropy, why="asked for", force=force
        )

    async def resume(self) -> Resumed:
        return await resume_payments(self.rails, self.database, self.now_us)

    async def order(self, id: str) -> PaymentOrder:
        return await self.database.read(lambda connection: payment_store.order_by_id(connection, id))

    async def balance(self, account: str, currency: str = "KRW") -> Money:
        """Credits less debits: above zero for what we owe and earn."""
        moved = await self.database.read(lambda connection: store.balances_at(connection, (account,)))
        movement = moved.get((account, currency), Movement())
        return Money(movement.credits - movement.debits, currency)

    async def wallet(self, customer: CustomerId = CUSTOMER) -> int:
        """Whole won in the wallet."""
        return (await self.balance(wallet(customer))).grains // 10**7

    async def free(self, customer: CustomerId = CUSTOMER) -> int:
        """Whole won that can be taken out of it now."""
        grains = await self.database.read(lambda connection: pot_store.free(connection, wallet(customer), "KRW"))
        return grains // 10**7

    async def all_balances(self) -> dict[tuple[str, str], int]:
        """Credits less debits of every account that is not at zero."""
        moved = await self.database.read(store.balances_of)
        sums = {key: movement.credits - movement.debits for key, movement in moved.items()}
        return {key: grains for key, grains in sums.items() if grains}

    async def check(self) -> None:
        """What must hold of the books at any time."""
        kept, rebuilt = await self.database.read(lambda c: (store.balances_by_month(c), store.balances_rebuilt(c)))
        assert kept == rebuilt, "balances are what the journal says"
        sums: dict[str, int] = {}
        for (account, currency), grains in (await self.all_balances()).items():
            sums[currency] = sums.get(currency, 0) + grains
            assert not account.startswith("wallet:") or grains >= 0, f"{account} is below zero"
        assert not any(sums.values()), f"debits and credits differ: {sums}"


@asynccontextmanager
async def opened_till(
    place: Place, *processors: PaymentProcessor, on_paid: Mapping[str, OnPaid] | None = None
) -> AsyncIterator[Till]:
    """A till on the books of a place; at the end the books are checked and all is closed."""
    async with place.opened() as database:
        till = Till(database, *processors, on_paid=on_paid)
        yield till
        await till.check()
    for processor in processors:
        await processor.close()
