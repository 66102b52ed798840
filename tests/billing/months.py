"""Customers with a history, booked as the service books it, for tests of closing months."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from sqlalchemy import Connection
from tests.invoicing.drafts import DAY_US, line

from solvent.audit.act import Act, by_system
from solvent.billing import invoice_store
from solvent.billing.close import Closing, Used
from solvent.billing.close_month import close_month
from solvent.db.port import Database
from solvent.invoicing.invoice import InvoiceDraft
from solvent.ledger import store
from solvent.ledger.account import (
    BREAKAGE,
    CUSTOMER_GRANTS,
    MEMO_EXPIRED,
    MEMO_ISSUED,
    MEMO_USED,
    REVENUE_ANSWERS,
    REVENUE_OVERAGE,
    allowance,
    grant_account,
    unbilled,
    wallet,
)
from solvent.ledger.pot import Pot
from solvent.ledger.pot_store import open_pots
from solvent.ledger.transfer import hold, post, posting
from solvent.ledger.unit import ANSWERS
from solvent.values.ids import CustomerId, TransferId
from solvent.values.instant import NEVER_US, instant
from solvent.values.money import Money

OCTOBER, NOVEMBER, DECEMBER = 202610, 202611, 202612
KIM, LEE = CustomerId("cus_kim"), CustomerId("cus_lee")


def at(when: str) -> int:
    """An instant in Seoul."""
    return instant(f"{when}+09:00", "when")


NOV_1, DEC_1, JAN_1 = at("2026-11-01T00:00:00"), at("2026-12-01T00:00:00"), at("2027-01-01T00:00:00")


class Teller:
    """Books one thing after the other, with ids that never repeat."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.count = 0

    def book(self, debit: str, credit: str, grains: int, at_us: int, unit: str = "KRW", reference: str = "") -> None:
        """A posting that stands at once."""
        self.count += 1
        id = TransferId(f"t{self.count:06d}_{at_us}")
        store.append(self.connection, [posting(id, at_us, debit, credit, Money(grains, unit), reference or str(id))])

    def answer(self, account: str, grains: int, at_us: int, unit: str = "KRW", credit: str = REVENUE_ANSWERS) -> None:
        """An answer: a hold, and what it came to."""
        self.count += 1
        id = f"ans_{self.count:06d}"
        held = hold(TransferId(f"{id}.hold"), at_us - 1, account, credit, Money(grains * 2, unit), at_us + 5, id)
        store.append(self.connection, [held])
        store.append(self.connection, [post(held, Money(grains, unit), at_us)])

    def open_wallet(self, customer: CustomerId) -> str:
        """An empty wallet."""
        pot = Pot(wallet(customer), "KRW", customer, "wallet", "", 0, NEVER_US)
        open_pots(self.connection, [pot])
        return pot.account

    def open_pot(self, account: str, kind: str, unit: str, customer: CustomerId, given: int, at_us: int) -> None:
        """A gift or an allowance, with what it gives; good for a month."""
        pot = Pot(account, unit, customer, kind, "", at_us, at_us + 31 * DAY_US)  # type: ignore[arg-type]
        open_pots(self.connection, [pot])
        source = CUSTOMER_GRANTS if kind == "grant" else MEMO_ISSUED
        self.book(source, account, given, at_us, unit)

    def subscribe(self, customer: CustomerId, won: int, from_us: int, until_us: int, now_us: int) -> None:
        """A subscription paid for a time, with VAT inside."""
        account = f"deferred:sub_{customer}"
        wanted = InvoiceDraft(
            customer=customer, currency="KRW", lines=(line(won, account=account, from_us=from_us, until_us=until_us),),
            reference=f"renew/{customer}/{from_us}", from_us=from_us, until_us=until_us, due_us=now_us,
        )  # fmt: skip
        invoice = invoice_store.issue(self.connection, wanted, now_us)
        invoice_store.pay(self.connection, invoice.id, invoice.total, "cash:bank", now_us, "paid")


def one_of_everything(connection: Connection, customer: CustomerId) -> None:
    """November of one customer. Wallet: 20,000 paid in, 1,000 given, 7,500.5 used, 2,000 refunded, 500 expired."""
    teller = Teller(connection)
    purse = teller.open_wallet(customer)
    teller.book("receivable:processor:toss", purse, 20_000 * 10**7, NOV_1 + 1)
    teller.book(CUSTOMER_GRANTS, purse, 1_000 * 10**7, NOV_1 + 2)
    teller.answer(purse, 75_000_000_000, NOV_1 + 3)
    teller.answer(purse, 15_000_000, NOV_1 + 4)
    teller.book(REVENUE_ANSWERS, purse, 10_000_000, NOV_1 + 5)  # a charge given back
    teller.book(purse, "receivable:processor:toss", 2_000 * 10**7, NOV_1 + 6)
    teller.book(purse, BREAKAGE, 500 * 10**7, DEC_1 - 1)
    quota, gift = allowance(customer, "2026-11"), grant_account(customer, "g1")
    teller.open_pot(quota, "allowance", ANSWERS, customer, 300, NOV_1)
    teller.answer(quota, 3, NOV_1 + 7, ANSWERS, MEMO_USED)
    teller.book(quota, MEMO_EXPIRED, 97, DEC_1 - 1, ANSWERS)
    teller.open_pot(gift, "grant", "KRW", customer, 5_000 * 10**7, NOV_1)
    teller.answer(gift, 1_200 * 10**7, NOV_1 + 8)
    teller.book(unbilled(customer), REVENUE_OVERAGE, 333 * 10**7 + 5, NOV_1 + 9)


def random_months(connection: Connection, customers: Sequence[CustomerId], random: Random) -> None:
    """Money that comes and goes in November and December, never more than there is."""
    teller = Teller(connection)
    for customer in customers:
        purse, left = teller.open_wallet(customer), 0
        for start_us, end_us in ((NOV_1, DEC_1), (DEC_1, JAN_1)):
            for _ in range(random.randint(0, 5)):
                now_us = random.randint(start_us, end_us - 10)
                grains = random.randint(1, 10**11)
                match random.choice(["top_up", "gift", "answer", "refund", "expire", "give_back"]):
                    case "top_up":
                        teller.book("cash:bank", purse, grains, now_us)
                        left += grains
                    case "gift":
                        teller.book(CUSTOMER_GRANTS, purse, grains, now_us)
                        left += grains
                    case "give_back":
                        teller.book(REVENUE_ANSWERS, purse, grains, now_us)
                        left += grains
                    case "answer" if left:
                        teller.answer(purse, min(grains, left), now_us)
                        left -= min(grains, left)
                    case "refund" if left:
                        teller.book(purse, "cash:bank", min(grains, left), now_us)
                        left -= min(grains, left)
                    case "expire" if left:
                        teller.book(purse, BREAKAGE, min(grains, left), now_us)
                        left -= min(grains, left)


def nothing_used(_connection: Connection, _customers: Sequence[str], _from: int, _until: int) -> list[Used]:
    return []


def system(month: int, now_us: int) -> Act:
    return by_system(f"close/{month}", now_us)


async def close(database: Database, month: int, now_us: int) -> Closing:
    return await close_month(month, "KRW", nothing_used, database, system(month, now_us))


def balance(connection: Connection, account: str, currency: str = "KRW") -> int:
    """Credits less debits, in grains."""
    moved = store.balances_at(connection, (account,)).get((account, currency))
    return moved.credits - moved.debits if moved else 0
