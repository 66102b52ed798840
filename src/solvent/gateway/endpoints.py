"""The small endpoints around answers: models, receipts, the key's balance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from solvent.answering import store
from solvent.answering.forget_response import forget_response
from solvent.answering.receipt import Receipt
from solvent.answering.route import Route
from solvent.app.bills import pot_body, receipt_for_customer, receipt_for_operator
from solvent.app.build import App
from solvent.app.http import Download, Receive, Scope
from solvent.app.logged_body import LoggedTexts
from solvent.db.port import Connection
from solvent.gateway.answer_log import LOG, answer_log
from solvent.identity.caller import Caller, demand_wallet, may_ask
from solvent.identity.permission import may
from solvent.ledger import pot_store
from solvent.ledger.balance import Movement
from solvent.ledger.pot import Pot, drawing_order, limits
from solvent.ledger.store import balances_at
from solvent.values.errors import NotFound
from solvent.values.ids import AnswerId
from solvent.values.instant import US_PER_S
from solvent.values.money import Money, plain

Body = dict[str, object]
Endpoint = Callable[[App, Caller, Scope, Receive], Awaitable[Body | Download | LoggedTexts]]


def _created_s(route: Route) -> int:
    """Since when a model is sold: the day its first price began."""
    return route.price_cards[0].valid_from_us // US_PER_S


async def models(app: App, caller: Caller, _scope: Scope, _receive: Receive) -> Body:
    """GET /v1/models: what is on sale, and for this key."""
    listed = [
        {
            "id": name,
            "object": "model",
            "created": _created_s(route),
            "owned_by": "solvent",
        }
        for name, route in app.desk.routes.items()
        if may_ask(caller, name)
    ]
    return {"object": "list", "data": listed}


async def of_answer(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body | LoggedTexts:
    """GET /v1/answers/{id}, and what is below it."""
    id = scope["path"].removeprefix("/v1/answers/")
    if id.endswith(LOG):
        return await answer_log(app, caller, id.removesuffix(LOG))
    return await _receipt(app, caller, AnswerId(id))


async def _receipt(app: App, caller: Caller, id: AnswerId) -> Body:
    """The receipt, to whoever paid it and to operators; for nobody else it exists."""
    found: Receipt | None = None
    if id.isprintable():  # a database may refuse to look for what is not
        found = await app.database.read(lambda connection: store.receipt(connection, id))
    if found is not None and may(caller.role, "margin.read"):
        return receipt_for_operator(found)
    is_theirs = found is not None and caller.customer is not None and caller.customer.id == found.customer
    if found is None or not (is_theirs or may(caller.role, "answers.read")):
        raise NotFound("no_such_answer", f"there is no answer {id[:40]!r} on the books", param="id")
    return receipt_for_customer(found)


async def response_forgotten(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body:
    """DELETE /v1/responses/{id}: what was kept of it is deleted; its receipt stays."""
    id = scope["path"].removeprefix("/v1/responses/")
    await forget_response(id, demand_wallet(caller).id, app.database)
    return {"id": id, "object": "response", "deleted": True}


async def key_balance(app: App, caller: Caller, _scope: Scope, _receive: Receive) -> Body:
    """GET /v1/key: the wallet behind a key, and what else its answers are paid from."""
    customer = demand_wallet(caller)
    currency = app.desk.currency

    def read(connection: Connection) -> list[tuple[Pot, Movement]]:
        pots = sorted(pot_store.pots_of(connection, customer.id, app.desk.now_us()), key=drawing_order)
        moved = balances_at(connection, [pot.account for pot in pots])
        return [(pot, moved.get((pot.account, pot.unit), Movement())) for pot in pots]

    pots = await app.database.read(read)
    money = [moved for pot, moved in pots if pot.unit == currency]
    posted, held = sum(m.credits - m.debits for m in money), sum(m.held_debits for m in money)
    return {
        "object": "key",
        "key": caller.key,
        "customer": customer.id,
        "name": customer.name,
        "plan": customer.plan,
        "models": sorted(caller.models),
        "uses": sorted(caller.uses),
        "currency": currency,
        "balance": plain(Money(posted, currency)),
        "held": plain(Money(held, currency)),
        "available": plain(Money(posted - held, currency)),
        "pots": [pot_body(pot, moved) for pot, moved in pots if not limits(pot)],
        "budgets": [pot_body(pot, moved) for pot, moved in pots if limits(pot)],
        "top_up_url": app.config.top_up_url or None,
    }
