"""Operations on customers: open, list, rename, suspend, close."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from solvent.billing import payment_store
from solvent.console.checkouts import Rail
from solvent.console.keys import KeyBody, key_body
from solvent.console.members import AMOUNT
from solvent.console.operation import Asked, Nothing, Operation, Page, PageQuery, page_of, reading
from solvent.console.subscriptions import (
    CouponCode,
    OutcomeBody,
    PaysBy,
    PlanName,
    SeatCount,
    outcome_with_payment,
    pays_of,
)
from solvent.db.port import Connection
from solvent.identity import store as identity_store
from solvent.identity.caller import Customer, State
from solvent.identity.key import secret
from solvent.office.change_customer import CustomerChange, change_customer
from solvent.office.open_customer import open_customer
from solvent.office.opening import Opening
from solvent.values.errors import Invalid
from solvent.values.ids import CustomerId
from solvent.values.instant import iso
from solvent.values.limits import NAME_CHARACTERS_MAX
from solvent.values.money import Money, money, plain

GIFT_UNITS_MAX = "100000000"

Name = Annotated[str, Meta(description="what people call them", min_length=1, max_length=NAME_CHARACTERS_MAX)]


class CustomerBody(msgspec.Struct, kw_only=True):
    """A customer: who pays. plan: what they are on; null while they are on none.

    charged_back: whether their bank took money back, or is about to.
    """

    object: Literal["customer"] = "customer"
    id: str
    name: str
    plan: str | None
    state: State
    charged_back: bool
    created_at: str


class OpenedCustomer(CustomerBody, kw_only=True):
    """A new customer. api_key is shown this once: a repetition of the request has null in its place."""

    api_key: str | None
    key: KeyBody
    outcome: OutcomeBody


class CustomersQuery(PageQuery, forbid_unknown_fields=True, kw_only=True):
    """Which customers."""

    search: Annotated[
        str, Meta(max_length=NAME_CHARACTERS_MAX, description="a part of the name, or the beginning of the id")
    ] = ""
    state: Annotated[State | None, Meta(description="only those in this state")] = None


class NewCustomer(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to open."""

    name: Name
    plan: PlanName
    grant: Annotated[str, AMOUNT, Meta(description="money for the wallet, as a gift")] | None = None
    seats: SeatCount = 0
    pays: PaysBy = None
    coupon: CouponCode = ""
    rail: Rail = ""


class NewName(msgspec.Struct, forbid_unknown_fields=True):
    """How a customer is to be called from now on."""

    name: Name


def customer_body(customer: Customer, charged_back: Collection[CustomerId] = ()) -> CustomerBody:
    """A customer as JSON. charged_back: whose bank took money back; nobody who has just come."""
    return CustomerBody(
        id=customer.id, name=customer.name, plan=customer.plan or None, state=customer.state,
        charged_back=customer.id in charged_back, created_at=iso(customer.created_us),
    )  # fmt: skip


def _look(connection: Connection, id: CustomerId) -> CustomerBody:
    return customer_body(identity_store.known_customer(connection, id), payment_store.charged_back(connection, [id]))


async def customers(asked: Asked[CustomersQuery, Nothing]) -> Page[CustomerBody]:
    """List customers, newest first."""
    query = asked.query

    def look(connection: Connection) -> Page[CustomerBody]:
        found = identity_store.customers_page(
            connection, query.cursor, query.limit + 1, search=query.search, state=query.state
        )
        rows, cursor = page_of(found, query.limit, lambda customer: customer.id)
        charged_back = payment_store.charged_back(connection, [customer.id for customer in rows])
        return Page([customer_body(customer, charged_back) for customer in rows], cursor)

    return await asked.business.database.read(look)


async def customer(asked: Asked[Nothing, Nothing]) -> CustomerBody:
    """Show one customer."""
    id = CustomerId(asked.path["customer"])
    return await asked.business.database.read(lambda connection: _look(connection, id))


async def new_customer(asked: Asked[Nothing, NewCustomer]) -> OpenedCustomer:
    """Open a customer, with a first key, on a plan.

    All of it happens at once or not at all. The key is shown this once. Who pays by card and owes something for the
    plan has no plan until that is paid: name a rail, and the answer says how. Without either, they pay by invoice.
    """
    business, body = asked.business, asked.body
    gift = None if body.grant is None else _gift(body.grant, business.currency)
    shown = secret("customer", business.new_secret())
    opening = Opening(
        name=body.name, plan=body.plan, secret=shown, currency=business.currency, seats=body.seats,
        pays=pays_of(business, body.pays, body.rail), coupon=body.coupon, gift=gift,
    )  # fmt: skip
    opened, is_new = await open_customer(opening, asked.act, business.database, business.entropy())
    outcome = await outcome_with_payment(business, asked.act, opened.outcome, body.rail)
    known = msgspec.structs.asdict(customer_body(opened.customer))
    return OpenedCustomer(**known, api_key=shown if is_new else None, key=key_body(opened.key), outcome=outcome)


def _gift(amount: str, currency: str) -> Money:
    gift = money(amount, currency, "grant")
    if not 0 <= gift.grains <= money(GIFT_UNITS_MAX, currency).grains:
        message = f"grant: it is 0 to {GIFT_UNITS_MAX}; this is {plain(gift)}"
        raise Invalid("bad_amount", message, param="grant")
    return gift


async def rename(asked: Asked[Nothing, NewName]) -> CustomerBody:
    """Give a customer another name."""
    return await _change(asked, CustomerChange(name=asked.body.name))


async def suspend(asked: Asked[Nothing, Nothing]) -> CustomerBody:
    """Refuse a customer's questions until it is lifted. Money and plan stay as they are."""
    return await _change(asked, CustomerChange(state="suspended"))


async def resume(asked: Asked[Nothing, Nothing]) -> CustomerBody:
    """Let a suspended customer ask again."""
    return await _change(asked, CustomerChange(state="active"))


async def close(asked: Asked[Nothing, Nothing]) -> CustomerBody:
    """Close a customer for good: every key is revoked, and the plan ends. The books keep what was booked.

    What they owe, and what is in their wallet, stays: ask for it or refund it.
    """
    return await _change(asked, CustomerChange(state="closed"))


async def _change(asked: Asked[Nothing, NewName] | Asked[Nothing, Nothing], change: CustomerChange) -> CustomerBody:
    id = CustomerId(asked.path["customer"])
    database = asked.business.database
    changed, _ = await change_customer(id, change, asked.act, database)
    return customer_body(changed, await database.read(lambda connection: payment_store.charged_back(connection, [id])))


_ONE = "/v1/customers/{customer}"
LIST = reading("/v1/customers", "customers.read", customers, CustomersQuery, Page[CustomerBody])
SHOW = reading(_ONE, "customers.read", customer, Nothing, CustomerBody)
OPEN = Operation(
    "POST", "/v1/customers", "customers.write", new_customer, Nothing, NewCustomer, OpenedCustomer,
    is_money=True, touches_callers=True, also={"grant": "wallets.write"},
)  # fmt: skip
RENAME = Operation("POST", _ONE, "customers.write", rename, Nothing, NewName, CustomerBody, touches_callers=True)
SUSPEND, RESUME, CLOSE = (
    Operation("POST", f"{_ONE}/{run.__name__}", "customers.write", run, Nothing, Nothing, CustomerBody,
              touches_callers=True)
    for run in (suspend, resume, close)
)  # fmt: skip
OPERATIONS = (LIST, OPEN, SHOW, RENAME, SUSPEND, RESUME, CLOSE)
