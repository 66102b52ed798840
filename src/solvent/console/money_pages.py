"""The pages of money and the books: invoices, payments, months, coupons, accounts, transfers, and who changed what."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, get_args

from solvent.billing import payment_store
from solvent.billing.order import OrderState
from solvent.console import audit, coupons, invoices, ledger, mismatches, months, moved, payments, plans, suspense
from solvent.console.clerk import Clerk, query_of
from solvent.console.operation import AnyOperation, Nothing
from solvent.console.sheet import Errand, Sheet, Show
from solvent.db.port import Connection
from solvent.identity.store import names_of
from solvent.invoicing.store import Owed, owed_by_customers
from solvent.till.withdraw_order import withdraw_order
from solvent.values.money import Money, plain
from solvent.values.period import day_name, day_number, next_month, read_month, start_of_month

DEBTORS_MAX: Final = 200  # named on the page; what all owe is summed


def _listed(operation: AnyOperation) -> Show:
    """Shows the list an operation tells, as it was asked for in the address."""

    async def show(clerk: Clerk) -> Mapping[str, Any]:
        return {"page": await clerk.ask(operation, query_of(clerk.visit.query, operation))}

    return show


async def one_invoice(clerk: Clerk) -> Mapping[str, Any]:
    """One document with its lines."""
    detail = await clerk.ask(invoices.SHOW, invoice=clerk.visit.path["invoice"])
    return {"detail": detail, "invoice": detail.invoice, "rails": sorted(clerk.business.payments.rails.processors)}


async def debtors(clerk: Clerk) -> Mapping[str, Any]:
    """Who owes, and how much, of all invoices that are not paid; and the newest of those."""
    page = await clerk.ask(invoices.LIST, {**query_of(clerk.visit.query, invoices.LIST), "state": "issued"})

    def look(connection: Connection) -> tuple[list[Owed], int, list[tuple[str, int]], dict[str, str]]:
        most, debtors, sums = owed_by_customers(connection, DEBTORS_MAX)
        return most, debtors, sums, names_of(connection, sorted({one.customer for one in most}))

    most, debtors, sums, names = await clerk.business.database.read(look)
    owed = [
        (one.customer, names.get(one.customer, one.customer), one.currency, plain(Money(one.grains, one.currency)))
        for one in most
    ]  # fmt: skip
    whole = [(currency, plain(Money(grains, currency))) for currency, grains in sums]
    return {"page": page, "owed": owed, "debtors": debtors, "sums": whole}


async def orders(clerk: Clerk) -> Mapping[str, Any]:
    """Payment orders, of one customer or in one state where that is asked for."""
    page = await clerk.ask(payments.LIST, query_of(clerk.visit.query, payments.LIST))
    return {"page": page, "states": get_args(OrderState)}


async def one_payment(clerk: Clerk) -> Mapping[str, Any]:
    """One order, and what went back of it."""
    return {"detail": await clerk.ask(payments.SHOW, order=clerk.visit.path["order"])}


async def withdraw(clerk: Clerk, _: Nothing) -> None:
    """Withdraw an order that is not paid yet, for a customer who does not want it any more."""
    id, business = clerk.visit.path["order"], clerk.business
    order = await business.database.read(lambda connection: payment_store.order_by_id(connection, id))
    act = clerk.act()
    await withdraw_order(id, order.customer, business.payments.rails, act, business.database)
    await clerk.app.reload_callers()


async def all_months(clerk: Clerk) -> Mapping[str, Any]:
    """The closed months, and whose turn it is."""
    return {"months": await clerk.ask(months.LIST)}


async def one_month(clerk: Clerk) -> Mapping[str, Any]:
    """The books of one month."""
    month = await clerk.ask(months.SHOW, month=clerk.visit.path["month"])
    number, zone = read_month(month.month), clerk.business.time_zone
    return {"month": month, "last_day": day_name(day_number(start_of_month(next_month(number), zone) - 1, zone))}


async def all_coupons(clerk: Clerk) -> Mapping[str, Any]:
    """Coupons by their codes, and the plans they may be for."""
    page = await clerk.ask(coupons.LIST, query_of(clerk.visit.query, coupons.LIST))
    return {"page": page, "plans": [one.name for one in (await clerk.ask(plans.LIST)).data]}


async def accounts(clerk: Clerk) -> Mapping[str, Any]:
    """Accounts with their balances; verified where ?verify says so."""
    page = await clerk.ask(ledger.ACCOUNTS, query_of(clerk.visit.query, ledger.ACCOUNTS))
    is_asked = bool(clerk.visit.query.get("verify"))
    return {"page": page, "verdict": await clerk.ask(ledger.VERIFY) if is_asked else None}


async def behind(clerk: Clerk) -> Mapping[str, Any]:
    """What is behind a figure: its sum, in each unit, and the transfers that made it."""
    page = await clerk.ask(moved.LIST, query_of(clerk.visit.query, moved.LIST))
    sums: dict[str, Decimal] = {}
    for one in page.sums:
        sums[one.unit] = sums.get(one.unit, Decimal(0)) + Decimal(one.debits) - Decimal(one.credits)
    side = {True: "debit", False: "credit"}
    sides = [(unit, f"{abs(left):f}", side[left > 0] if left else "none") for unit, left in sums.items()]
    return {"page": page, "sides": sides}


_INVOICE: Final[dict[str, AnyOperation]] = {
    "credit": invoices.CREDIT, "receive": invoices.RECEIVE, "give_back": invoices.GIVE_BACK,
    "write_off": invoices.WRITE_OFF, "ask_payment": invoices.PAY,
}  # fmt: skip
_PAYMENT: Final[dict[str, AnyOperation | Errand]] = {
    "confirm": payments.CONFIRM, "look_up": payments.LOOK_UP, "refund": payments.REFUND,
    "chargeback": payments.CHARGEBACK, "withdraw_order": Errand("payments.write", withdraw, Nothing),
}  # fmt: skip
SHEETS: Final = (
    Sheet("/console/money", "invoices.read", "console/invoices.html", _listed(invoices.LIST)),
    Sheet("/console/money/debtors", "invoices.read", "console/debtors.html", debtors),
    Sheet(
        "/console/money/invoices/{invoice}", "invoices.read", "console/invoice.html", one_invoice, _INVOICE,
        frozenset({"ask_payment"}),
    ),
    Sheet("/console/money/payments", "payments.read", "console/payments.html", orders),
    Sheet("/console/money/payments/{order}", "payments.read", "console/payment.html", one_payment, _PAYMENT),
    Sheet("/console/money/mismatches", "payments.read", "console/mismatches.html", _listed(mismatches.LIST)),
    Sheet(
        "/console/money/suspense", "payments.read", "console/suspense.html", _listed(suspense.SUSPENDED),
        {"suspense": suspense.SUSPEND, "pay_out": suspense.PAYOUT},
    ),
    Sheet(
        "/console/money/months", "ledger.read", "console/months.html", all_months, {"close_month": months.CLOSE}
    ),
    Sheet("/console/money/months/{month}", "ledger.read", "console/month.html", one_month),
    Sheet("/console/money/coupons", "coupons.read", "console/coupons.html", all_coupons, {"add_coupon": coupons.ADD}),
    Sheet("/console/ledger", "ledger.read", "console/accounts.html", accounts),
    Sheet("/console/ledger/transfers", "ledger.read", "console/transfers.html", _listed(ledger.TRANSFERS)),
    Sheet("/console/ledger/moved", "ledger.read", "console/moved.html", behind),
    Sheet("/console/audit", "audit.read", "console/changes.html", _listed(audit.LIST)),
)  # fmt: skip
