"""The pages of customers: who there are, and all there is to one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from solvent.answering import store as answering_store
from solvent.answering.read_margins import read_margins
from solvent.answering.receipt import Receipt
from solvent.answering.standing_store import standing_of
from solvent.billing import standing_store
from solvent.billing.standing import Standing
from solvent.console import (
    audit,
    coupons,
    customers,
    invoices,
    keys,
    limits,
    payments,
    plans,
    seats,
    subscriptions,
    wallets,
)
from solvent.console.clerk import Clerk, query_of
from solvent.console.people import RESET, PersonBody, described
from solvent.console.sheet import Sheet
from solvent.identity import person_store
from solvent.identity.permission import may
from solvent.margin.store import Folded
from solvent.values.ids import CustomerId
from solvent.values.money import Money, plain

ROWS: Final = 20  # of each list on the page of one customer


class StandingRow(msgspec.Struct, kw_only=True):
    """What a customer brings in this period, and what their answers cost. left: the difference."""

    brought: str
    cost: str
    left: str
    answers: int
    price: str


class ReceiptRow(msgspec.Struct, kw_only=True):
    """One answer, as a list shows it."""

    id: str
    at_us: int
    model: str
    outcome: str
    charge: str
    cost: str
    currency: str


async def all_customers(clerk: Clerk) -> Mapping[str, Any]:
    """The list, as it was asked for."""
    page = await clerk.ask(customers.LIST, query_of(clerk.visit.query, customers.LIST))
    return {"page": page, "plans": await _plan_names(clerk), "rails": _rails(clerk)}


async def one_customer(clerk: Clerk) -> Mapping[str, Any]:
    """All there is to one customer, as far as the visitor may see it."""
    id = clerk.visit.path["customer"]
    customer = await clerk.ask(customers.SHOW, customer=id)
    few = {"limit": ROWS}
    sees_books = may(clerk.visit.caller.role, "margin.read")
    standing, receipts, people = await read_margins(
        lambda books: _of(books, clerk, CustomerId(id)), clerk.business.database
    )
    return {
        "customer": customer,
        "standing": standing if sees_books else None,
        "sees_books": sees_books,
        "receipts": receipts,
        "people": people,
        "subscription": (await clerk.ask(subscriptions.SHOW, customer=id)).current,
        "wallet": await clerk.ask(wallets.SHOW, customer=id),
        "movements": (await clerk.ask(wallets.MOVEMENTS, few, customer=id)).data,
        "keys": (await clerk.ask(keys.LIST, few, customer=id)).data,
        "budgets": (await clerk.ask(limits.LIST_OF, customer=id)).data,
        "seats": await clerk.ask(seats.LIST, customer=id),
        "packs": (await clerk.ask(coupons.PACKS, customer=id)).data,
        "invoices": (await clerk.ask(invoices.LIST, {**few, "customer": id})).data,
        "payments": (await clerk.ask(payments.LIST, {**few, "customer": id})).data,
        "changes": await clerk.ask_if_may(audit.LIST, {**few, "subject": id}),
        "plans": await _plan_names(clerk),
        "rails": _rails(clerk),
    }


def _of(
    connection: Folded, clerk: Clerk, id: CustomerId
) -> tuple[StandingRow | None, list[ReceiptRow], list[PersonBody]]:
    terms = standing_store.terms_of(connection, id)
    standing = standing_of(connection, id, terms, clerk.business.time_zone) if terms else None
    receipts = [_receipt(one) for one in answering_store.newest(connection, ROWS, id)]
    people = [described(connection, person) for person in person_store.of_customer(connection, id)]
    return _stands(standing) if standing else None, receipts, people


def _stands(standing: Standing) -> StandingRow | None:
    """None where a period asks for nothing: it has no break-even."""
    if not standing.price_grains:
        return None
    currency = standing.plan.currency
    brought, cost = Money(standing.paid_grains, currency), Money(standing.cost_grains, currency)
    return StandingRow(
        brought=plain(brought), cost=plain(cost), left=plain(brought - cost), answers=standing.answers,
        price=plain(Money(standing.price_grains, currency)),
    )  # fmt: skip


def _receipt(one: Receipt) -> ReceiptRow:
    return ReceiptRow(
        id=one.id, at_us=one.at_us, model=one.model, outcome=one.outcome, currency=one.currency,
        charge=plain(Money(one.charge_grains, one.currency)), cost=plain(Money(one.cost_grains, one.currency)),
    )  # fmt: skip


async def _plan_names(clerk: Clerk) -> list[str]:
    return [plan.name for plan in (await clerk.ask(plans.LIST)).data if plan.is_on_sale]


def _rails(clerk: Clerk) -> list[str]:
    return sorted(clerk.business.payments.rails.processors)


SHEETS: Final = (
    Sheet(
        "/console/customers", "customers.read", "console/customers.html", all_customers,
        {"open": customers.OPEN}, frozenset({"open"}),
    ),
    Sheet(
        "/console/customers/{customer}", "customers.read", "console/customer.html", one_customer,
        {
            "rename": customers.RENAME, "suspend": customers.SUSPEND, "resume": customers.RESUME,
            "close": customers.CLOSE, "grant": wallets.GRANT, "issue": keys.ISSUE, "rotate": keys.ROTATE,
            "revoke": keys.REVOKE, "begin": subscriptions.BEGIN, "change": subscriptions.CHANGE,
            "quote": subscriptions.QUOTE, "cancel": subscriptions.CANCEL, "keep": subscriptions.KEEP,
            "budget": limits.PUT, "unlimit": limits.REMOVE, "free": seats.FREE, "coupon": coupons.TAKE,
            "reset_second_factor": RESET,
        },
        frozenset({"issue", "rotate", "quote"}),
    ),
)  # fmt: skip
