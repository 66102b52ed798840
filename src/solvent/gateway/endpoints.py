"""The small endpoints: models, receipts, the key's balance, the margin, customers and grants."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar, get_args
from urllib.parse import parse_qs

import msgspec

from solvent.answering import store
from solvent.answering.receipt import Receipt
from solvent.answering.route import Route
from solvent.app.build import App, new_key
from solvent.app.report import report
from solvent.billing.grant import GRANT_UNITS_MAX
from solvent.gateway.bills import receipt_for_customer, receipt_for_operator, report_body
from solvent.gateway.http import Receive, Scope, header, read_body
from solvent.identity.caller import Caller, demand_customer, demand_operator
from solvent.margin.line import GroupBy
from solvent.values.errors import Invalid, NotFound
from solvent.values.ids import AnswerId, CustomerId
from solvent.values.instant import US_PER_S
from solvent.values.limits import NAME_CHARACTERS_MAX
from solvent.values.money import Money, money, plain
from solvent.values.period import first_day

Body = dict[str, object]
T = TypeVar("T")
Endpoint = Callable[[App, Caller, Scope, Receive], Awaitable[Body]]


def _created_s(route: Route) -> int:
    """Since when a model is sold: the day its first price began."""
    return route.price_cards[0].valid_from_us // US_PER_S


async def models(app: App, _caller: Caller, _scope: Scope, _receive: Receive) -> Body:
    """GET /v1/models: what is on sale."""
    listed = [
        {
            "id": name,
            "object": "model",
            "created": _created_s(route),
            "owned_by": "solvent",
        }
        for name, route in app.desk.routes.items()
    ]
    return {"object": "list", "data": listed}


async def answer_receipt(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body:
    """GET /v1/answers/{id}: the receipt, to whoever paid it and to the operator; to nobody else it exists."""
    id = AnswerId(scope["path"].removeprefix("/v1/answers/"))
    found: Receipt | None = await app.database.read(lambda connection: store.receipt(connection, id))
    if found is not None and caller.role == "operator":
        return receipt_for_operator(found)
    if found is None or caller.customer is None or caller.customer.id != found.customer:
        raise NotFound("no_such_answer", f"there is no answer {id[:40]!r} on the books", param="id")
    return receipt_for_customer(found)


async def key_balance(app: App, caller: Caller, _scope: Scope, _receive: Receive) -> Body:
    """GET /v1/key: the wallet behind a key."""
    customer = demand_customer(caller)
    purse = app.desk.purse(customer.id)
    currency = app.desk.currency
    return {
        "object": "key",
        "key": caller.key,
        "customer": customer.id,
        "name": customer.name,
        "plan": customer.plan,
        "currency": currency,
        "balance": plain(Money(purse.posted, currency)),
        "held": plain(Money(purse.held, currency)),
        "available": plain(Money(purse.available, currency)),
        "limits": {"requests_per_minute": None, "tokens_per_minute": None, "concurrency": None},
        "top_up_url": app.config.top_up_url or None,
    }


async def margin(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body:
    """GET /v1/margin?group_by=customer|plan|model|day&since=7d: the profit and loss, for the operator."""
    demand_operator(caller)
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    group_by = (asked.get("group_by") or ["model"])[0]
    if group_by not in get_args(GroupBy):
        names = ", ".join(get_args(GroupBy))
        raise Invalid("bad_request", f"group_by: {group_by[:40]!r} is none of {names}", param="group_by")
    now_us = app.desk.now_us()
    from_day = first_day((asked.get("since") or ["30d"])[0], now_us, app.desk.time_zone)
    group: GroupBy = group_by
    made = await report(group, from_day, app.desk.day(now_us), app.plans, app.desk.currency, app.database)
    return report_body(made)


class _NewCustomer(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    plan: str
    grant: str | None = None


async def new_customer(app: App, caller: Caller, _scope: Scope, receive: Receive) -> Body:
    """POST /v1/customers {name, plan, grant?}: a customer and their first key, shown this once."""
    demand_operator(caller)
    asked = _read(await read_body(receive), _NewCustomer)
    gift = money(asked.grant, app.desk.currency, "grant") if asked.grant is not None else None
    if gift is not None and not 0 <= gift.grains <= money(GRANT_UNITS_MAX, gift.currency).grains:
        raise Invalid("bad_amount", f"grant: it is 0 to {GRANT_UNITS_MAX}; this is {plain(gift)}", param="grant")
    key = new_key("customer")
    customer = await app.open_customer(asked.name, asked.plan, key, gift)
    return {"object": "customer", "id": customer.id, "name": customer.name, "plan": customer.plan, "api_key": key}


class _NewGrant(msgspec.Struct, forbid_unknown_fields=True):
    customer: str
    amount: str


async def new_grant(app: App, caller: Caller, scope: Scope, receive: Receive) -> Body:
    """POST /v1/grants {customer, amount} with an Idempotency-Key: money into a wallet, once for each key."""
    demand_operator(caller)
    key = header(scope, b"idempotency-key").decode("latin-1").strip()
    if not 1 <= len(key) <= NAME_CHARACTERS_MAX:
        words = "a grant needs the header Idempotency-Key, so that a repeated request gives the money once"
        raise Invalid("idempotency_key_needed", words, param="Idempotency-Key")
    asked = _read(await read_body(receive), _NewGrant)
    known = {caller.customer.id for caller in app.desk.callers.values() if caller.customer}
    if asked.customer not in known:
        raise NotFound("no_such_customer", f"there is no customer {asked.customer[:60]!r}", param="customer")
    customer = CustomerId(asked.customer)
    amount = money(asked.amount, app.desk.currency)
    is_new = await app.give(customer, amount, f"operator/{key}")
    balance = Money(app.desk.purse(customer).posted, app.desk.currency)
    return {
        "object": "grant", "customer": customer, "amount": plain(amount), "currency": amount.currency,
        "granted": is_new, "balance": plain(balance),
    }  # fmt: skip


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as wrong:
        raise Invalid("bad_request", f"the body: {wrong}") from None
