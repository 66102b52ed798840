"""Operations on budgets: how much a key, a user, a customer or a whole plan may use, in place of what the plan says."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from solvent.billing import budget_store
from solvent.billing.included import Unit
from solvent.billing.limits import Override, Span
from solvent.billing.set_budget import set_budget
from solvent.console.members import AMOUNT, PATH, PERMILLE
from solvent.console.operation import Asked, Nothing, Operation, Page, PageQuery, page_of, reading
from solvent.db.port import Connection
from solvent.identity.store import known_customer
from solvent.values.errors import Invalid
from solvent.values.ids import CustomerId
from solvent.values.money import Money, money, plain


class BudgetBody(msgspec.Struct, kw_only=True):
    """At most so much for one scope. amount: answers, tokens, or money at list price, whoever pays for it.

    scope: such as key:key_1, user:cus_1:kim, customer:cus_1, plan:plus. is_hard: beyond it is refused; else told.
    """

    object: Literal["budget"] = "budget"
    scope: str
    every: Span
    unit: Unit
    amount: str
    currency: str | None
    alert_permille: int
    is_hard: bool


class BudgetsBody(msgspec.Struct, kw_only=True):
    """Budgets, by scope."""

    object: Literal["list"] = "list"
    data: list[BudgetBody]


Scope = Annotated[str, PATH, Meta(description="whose: key:ID, user:CUSTOMER:NAME, customer:ID, plan:NAME")]


class NewBudget(msgspec.Struct, forbid_unknown_fields=True):
    """At most so much, for how long, of what."""

    scope: Scope
    every: Annotated[Span, Meta(description="for how long: a calendar day or month, or the plan's period")]
    unit: Annotated[Unit, Meta(description="what is counted")]
    amount: Annotated[str, AMOUNT, Meta(description="how many answers or tokens, or how much money")]
    alert_permille: Annotated[int, PERMILLE, Meta(description="raise an alarm at so much of it; 0 for none")] = 0
    is_hard: Annotated[bool, Meta(description="refuse beyond it; false only tells")] = True


class BudgetName(msgspec.Struct, forbid_unknown_fields=True):
    """Which budget: there is one of a scope, time and unit."""

    scope: Scope
    every: Span
    unit: Unit


def budget_body(one: Override, currency: str) -> BudgetBody:
    """A budget as JSON."""
    is_money = one.unit == "money"
    return BudgetBody(
        scope=one.scope, every=one.every, unit=one.unit,
        amount=plain(Money(one.amount, currency)) if is_money else str(one.amount),
        currency=currency if is_money else None, alert_permille=one.alert_permille, is_hard=bool(one.hard),
    )  # fmt: skip


async def budgets(asked: Asked[PageQuery, Nothing]) -> Page[BudgetBody]:
    """List the budgets set for customers, their keys and users, and for plans, by scope."""
    query = asked.query
    scope, every, unit = [*query.cursor.rsplit("/", 2), "", ""][:3]
    look = partial(budget_store.budgets_page, after=(scope, every, unit), count=query.limit + 1)
    found = await asked.business.database.read(look)
    rows, cursor = page_of(found, query.limit, lambda one: f"{one.scope}/{one.every}/{one.unit}")
    return Page([budget_body(one, asked.business.currency) for one in rows], cursor)


async def customer_budgets(asked: Asked[Nothing, Nothing]) -> BudgetsBody:
    """List the budgets set for one customer, their keys and users, and for plans."""
    id = CustomerId(asked.path["customer"])

    def look(connection: Connection) -> tuple[Override, ...]:
        known_customer(connection, id)
        return budget_store.overrides_of(connection, id)

    found = await asked.business.database.read(look)
    return BudgetsBody(data=[budget_body(one, asked.business.currency) for one in found])


async def put_customer_budget(asked: Asked[Nothing, NewBudget]) -> BudgetBody:
    """Set a budget of one customer, key or user, in place of what the plan says. What is used stays used."""
    return await _put(asked, CustomerId(asked.path["customer"]))


async def put_plan_budget(asked: Asked[Nothing, NewBudget]) -> BudgetBody:
    """Set a budget of all customers of a plan together, in place of what the plan says."""
    return await _put(asked, CustomerId(""))


async def _put(asked: Asked[Nothing, NewBudget], customer: CustomerId) -> BudgetBody:
    body, currency = asked.body, asked.business.currency
    amount = money(body.amount, currency).grains if body.unit == "money" else _count(body.amount)
    wished = Override(body.scope, body.every, body.unit, amount, body.alert_permille, int(body.is_hard))
    return await _set(asked, wished, customer, is_removed=False)


async def remove_customer_budget(asked: Asked[Nothing, BudgetName]) -> BudgetBody:
    """Let the plan's own budget hold again for one customer, key or user, from its next day, month or period on."""
    return await _remove(asked, CustomerId(asked.path["customer"]))


async def remove_plan_budget(asked: Asked[Nothing, BudgetName]) -> BudgetBody:
    """Let the plan's own budget hold again for all its customers together."""
    return await _remove(asked, CustomerId(""))


async def _remove(asked: Asked[Nothing, BudgetName], customer: CustomerId) -> BudgetBody:
    body = asked.body
    return await _set(asked, Override(body.scope, body.every, body.unit, 0, 0, 1), customer, is_removed=True)


async def _set(
    asked: Asked[Nothing, NewBudget] | Asked[Nothing, BudgetName], wished: Override, customer: CustomerId, *,
    is_removed: bool,
) -> BudgetBody:  # fmt: skip
    made, _ = await set_budget(wished, customer, asked.act, asked.business.database, is_removed=is_removed)
    return budget_body(made, asked.business.currency)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        message = f"amount: {text[:40]!r} is not a whole number; write how many"
        raise Invalid("bad_budget", message, param="amount")
    return int(text)


_ONE: Final = "/v1/customers/{customer}/budgets"
LIST = reading("/v1/budgets", "limits.read", budgets, PageQuery, Page[BudgetBody])
LIST_OF = reading(_ONE, "limits.read", customer_budgets, Nothing, BudgetsBody)
PUT = Operation("POST", _ONE, "limits.write", put_customer_budget, Nothing, NewBudget, BudgetBody, is_money=True)
PUT_PLAN = Operation(
    "POST", "/v1/budgets", "plans.write", put_plan_budget, Nothing, NewBudget, BudgetBody, is_money=True
)
REMOVE = Operation(
    "POST", f"{_ONE}/remove", "limits.write", remove_customer_budget, Nothing, BudgetName, BudgetBody, is_money=True
)
REMOVE_PLAN = Operation(
    "POST", "/v1/budgets/remove", "plans.write", remove_plan_budget, Nothing, BudgetName, BudgetBody, is_money=True
)
OPERATIONS = (LIST, LIST_OF, PUT, PUT_PLAN, REMOVE, REMOVE_PLAN)
