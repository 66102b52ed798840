"""The first run: from empty to a first answer to a first paying customer, in steps that the books tick themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from solvent.answering import store as answering_store
from solvent.answering.answer import answer
from solvent.answering.question import Question
from solvent.answering.receipt import Receipt
from solvent.app.build import App
from solvent.app.directory import FIRST_RUN_FILE
from solvent.audit import store as audit_store
from solvent.billing import payment_store, plan_store
from solvent.billing.order import PAID_STATES
from solvent.console.clerk import Clerk
from solvent.console.sheet import Errand, Sheet
from solvent.db.port import Connection
from solvent.identity.caller import Caller
from solvent.identity.store import customers_page
from solvent.providers.port import Chunk
from solvent.values.errors import Conflict
from solvent.values.ids import AnswerId, new_id
from solvent.values.money import Money, plain

Step = Literal["model", "answer", "plan", "customer", "rail", "paid"]
STEPS: Final[tuple[Step, ...]] = ("model", "answer", "plan", "customer", "rail", "paid")
_WORDS_MAX: Final = 500
_TOKENS_MAX: Final = 120  # of the first answer
_TEMPLATE_TOKENS: Final = 256  # more than what a model reads beside the words


FIRST: Final = "console/first"  # the service that it counts for


class FirstQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """What to ask."""

    question: Annotated[str, Meta(min_length=1, max_length=_WORDS_MAX)]


class FirstAnswer(msgspec.Struct, kw_only=True):
    """What came, and what it came to."""

    text: str
    model: str
    charge: str
    cost: str
    currency: str
    total_us: int


class _Looked(msgspec.Struct, frozen=True):
    has_answer: bool
    has_priced_plan: bool
    customers: int
    has_paid: bool


async def start(clerk: Clerk) -> Mapping[str, Any]:
    """Which steps are done, and the lines to copy for those that are not."""
    done = await steps_done(clerk.app)
    config = clerk.app.config
    return {
        "steps": [(step, step in done) for step in STEPS],
        "current": next((step for step in STEPS if step not in done), ""),
        "models": list(clerk.app.routes.by_model),
        "url": config.public_url or str(clerk.visit.request.base_url).rstrip("/"),
        "keys_file": str(clerk.app.directory.path / FIRST_RUN_FILE),
    }  # fmt: skip


async def steps_done(app: App) -> frozenset[Step]:
    """What the books say is done already."""
    looked = await app.database.read(_look)
    ticks: dict[Step, bool] = {
        "model": bool(app.routes.by_model), "answer": looked.has_answer, "plan": looked.has_priced_plan,
        "customer": looked.customers > 1, "rail": bool(app.payments.rails.processors),
        "paid": looked.has_paid,
    }  # fmt: skip
    return frozenset(step for step, is_done in ticks.items() if is_done)


def _look(connection: Connection) -> _Looked:
    orders = payment_store.orders_page(connection, customer=None, before="", count=200)
    return _Looked(
        has_answer=bool(answering_store.newest(connection, 1)),
        has_priced_plan=any(one.plan.price.grains and not one.withdrawn_us for one in plan_store.newest(connection)),
        customers=len(customers_page(connection, "", 2)),  # the first is the house's own
        has_paid=any(order.state in PAID_STATES for order in orders),
    )


async def ask(clerk: Clerk, asked: FirstQuestion) -> FirstAnswer:
    """Ask the first model in the name of the first customer, whose wallet pays as anybody's would.

    Raises Conflict where there is no model or no customer yet, and for a form that was sent before.
    """
    desk = clerk.app.desk
    model, caller = next(iter(clerk.app.routes.by_model), ""), _first(list(desk.callers.values()))
    if not model or caller is None:
        raise Conflict("nothing_to_ask", "there is no model on sale, or no customer with a key, to ask with yet")
    messages = [{"role": "user", "content": asked.question}]
    members = {"model": model, "messages": messages, "max_tokens": _TOKENS_MAX}
    read_most = len(asked.question.encode()) + _TEMPLATE_TOKENS
    id = await _begin(clerk, AnswerId(new_id("ans", desk.now_us(), desk.entropy())))
    question = Question(
        id, desk.now_us(), model, {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in members.items()},
        stream=False, input_tokens_most=read_most, output_tokens_asked=_TOKENS_MAX,
        service=FIRST,
    )  # fmt: skip
    texts: list[str] = []
    receipt = None
    async for told in answer(question, caller, desk):
        if isinstance(told, Chunk):
            texts.append(told.text)
        elif isinstance(told, Receipt):
            receipt = told
    assert receipt is not None, "an answer ends with its receipt"
    charge, cost = (Money(grains, receipt.currency) for grains in (receipt.charge_grains, receipt.cost_grains))
    return FirstAnswer(
        text="".join(texts), model=model, charge=plain(charge), cost=plain(cost), currency=receipt.currency,
        total_us=receipt.total_us,
    )  # fmt: skip


async def _begin(clerk: Clerk, id: AnswerId) -> AnswerId:
    """Keep that this form is asked, and as which answer, before it costs anything. Raises Conflict the second time."""
    act = clerk.act()
    begun, is_new = await clerk.app.database.write(
        lambda connection: audit_store.once(connection, act, "question.ask", id, lambda: id, AnswerId)
    )
    if not is_new:
        raise Conflict("asked_already", f"this form was sent before and asked as {begun}; load the page to ask again")
    return begun


def _first(callers: list[Caller]) -> Caller | None:
    """Whoever came first of those who may ask anything."""
    able = [one for one in callers if one.customer and one.customer.state == "active" and not (one.uses or one.models)]
    return min(able, key=lambda one: one.customer.created_us if one.customer else 0, default=None)


SHEETS: Final = (
    Sheet(
        "/console/start", "operators.read", "console/start.html", start,
        {"ask_first": Errand("operators.write", ask, FirstQuestion)}, frozenset({"ask_first"}),
    ),
)  # fmt: skip
