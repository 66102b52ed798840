"""Opening an answer: who pays, which model, at what prices, and how much is set aside. No waiting, no I/O."""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.elsewhere import placed
from solvent.answering.question import Question
from solvent.answering.route import SURFACES, Prices, Route
from solvent.answering.settlement import Entered, Opened
from solvent.answering.sold import beside_words, input_tokens_most, prices_for
from solvent.billing.admission import Admitted, Ask, Declined, admit, admit_from
from solvent.billing.funds import Funds, source
from solvent.billing.limits import Asker, rates_for, scope
from solvent.billing.pace import Pace
from solvent.billing.plan import AtBreakEven, Plan, batch_terms
from solvent.billing.standing import Standing, action
from solvent.identity.caller import Caller, Customer, demand_customer, demand_model, may_ask, user_named
from solvent.pricing.batch_price import batch_price
from solvent.pricing.rate_card import in_tariff
from solvent.values.errors import Invalid, Refused
from solvent.values.instant import US_PER_S

_GO_ON: Final[AtBreakEven] = "go_on"


class Case(msgspec.Struct, frozen=True):
    """A question with everything that is known before anybody looks into the pots."""

    question: Question
    caller: Caller
    customer: Customer
    route: Route
    prices: Prices
    ask: Ask

    @property
    def scopes(self) -> tuple[str, ...]:
        """Whose budgets limit the answer; they are named only where there are any."""
        return scopes_of(self.caller, self.customer, self.question)


def take_case(question: Question, caller: Caller, desk: Desk) -> Case:
    """Raises Refused (no wallet, or a model not for this key) and Invalid (unknown or unpriced model)."""
    customer = demand_customer(caller)
    if caller.models:
        demand_model(caller, question.model)
    route = desk.routes.get(question.model)
    if route is None:
        message = f"model {question.model[:100]!r} is not served here; GET /v1/models lists those that are"
        raise Invalid("model_not_found", message, param="model")
    if route.task != question.task and not route.does(question.task):
        message = f"model {route.model!r} does not do {question.task}; ask it at {SURFACES[route.task]}"
        raise Invalid("wrong_surface", message, param="model")
    prices = prices_for(question, route, desk)
    user = question.user or caller.user
    question = msgspec.structs.replace(question, user=user_named(user, "user")) if user else question
    ask = _ask(question, route, prices, question.output_tokens_asked or route.output_tokens_max)
    return Case(question, caller, customer, route, prices, ask)


def _ask(question: Question, route: Route, prices: Prices, each: int) -> Ask:
    """each: how many tokens may be written to each choice, as far as the model can."""
    choices, tariff = question.choices, in_tariff(prices.price, question.tariff) if question.tariff else None
    output = (each if each < route.output_tokens_max else route.output_tokens_max) * choices
    read_most, beside = input_tokens_most(question, route), beside_words(question, route)
    return Ask(read_most, output, prices.price, choices, tariff, beside)


def scopes_of(caller: Caller, customer: Customer, question: Question) -> tuple[str, ...]:
    """Whose budgets limit an answer: the customer's, the key's, the plan's, and the end user's."""
    asker = Asker(customer.plan, customer.id, caller.key, question.user)
    named = (scope("customer", asker), scope("key", asker), scope("plan", asker), scope("user", asker))
    return tuple(filter(None, named))


def open_answer(case: Case, desk: Desk, *, settle_for_less: bool) -> Opened | Declined | None:
    """Set money aside in memory, not yet written.

    None: these funds are not known here well enough; ask the database first. settle_for_less: they are as good as
    they get, so what they afford is taken and a refusal is final.
    """
    funds = desk.funds.get(case.customer.id)
    at_us = case.question.received_us
    if funds is None or not funds.is_known(case.scopes if funds.is_ruled else (), at_us):
        return None
    standing, what_now = funds.standing, _GO_ON
    if standing is not None:
        what_now = action(standing)
        if what_now == "cheaper" or case.caller.in_batch:
            case = _asked_now(case, standing, what_now, desk)
    pays = funds.paying(case.route.model_class, at_us, what_now, but_tokens=case.ask.beside is not None)
    verdict: Admitted | Declined | None = None
    if pays and not funds.budgets:
        pot, purse = pays[0]
        verdict = admit_from(pot, purse.spare, case.ask)
    if verdict is None:
        budgets = funds.limits(case.scopes, at_us) if funds.budgets else ()
        sources = [source(pot, purse, at_us) for pot, purse in pays]
        verdict = admit(case.ask, sources, budgets, settle_for_less=settle_for_less)
    if isinstance(verdict, Admitted):
        return _opened(case, verdict, funds, desk, is_slow=what_now == "slow")
    if verdict is not None and what_now in ("offer_top_up", "stop"):
        verdict = msgspec.structs.replace(verdict, code="plan_at_break_even")
    return verdict if settle_for_less else None


def as_asked_now(case: Case, standing: Standing | None, desk: Desk) -> Case:
    """The question as it goes to a model where the customer stands now: at break-even perhaps to a cheaper one, and
    in a batch at the plan's prices of batches."""
    return case if standing is None else _asked_now(case, standing, action(standing), desk)


def _asked_now(case: Case, standing: Standing, what_now: AtBreakEven, desk: Desk) -> Case:
    if what_now == "cheaper":
        case = _on_cheaper_model(case, standing, desk)
    return _in_batch(case, standing.plan) if case.caller.in_batch else case


def _in_batch(case: Case, plan: Plan) -> Case:
    """A line that asks for a service tier is charged as that tier."""
    if case.question.tariff:
        return case
    terms = batch_terms(plan)
    price = batch_price(case.prices.price, terms.permille, by_tariff=terms.by_tariff)
    prices = msgspec.structs.replace(case.prices, price=price)
    return msgspec.structs.replace(case, prices=prices, ask=msgspec.structs.replace(case.ask, card=price))


def _on_cheaper_model(case: Case, standing: Standing, desk: Desk) -> Case:
    """The same question to the cheapest model of the plan's cheaper class that this key may ask; unchanged without."""
    choices = []
    for route in desk.routes.values():
        fits = route.model_class == standing.plan.cheaper_class and route.does(case.question.task)
        if fits and may_ask(case.caller, route.model):
            try:
                prices = prices_for(case.question, route, desk)
            except Invalid:  # not as it is asked for
                continue
            ask = _ask(case.question, route, prices, case.ask.output_tokens_asked // case.question.choices)
            choices.append((ask.value(ask.output_tokens_asked).grains, route, prices, ask))
    if not choices or case.route.model_class == standing.plan.cheaper_class:
        return case
    _, route, prices, ask = min(choices, key=lambda choice: (choice[0], choice[1].model))
    chosen = msgspec.structs.replace(route, reason="break_even")
    return msgspec.structs.replace(case, route=chosen, prices=prices, ask=ask)


def _opened(case: Case, admitted: Admitted, funds: Funds, desk: Desk, *, is_slow: bool) -> Opened:
    question, draws, output_tokens_max = case.question, admitted.draws, admitted.output_tokens_max
    plan = funds.standing.plan if funds.standing is not None else None
    entered = enter(case, plan, desk, case.ask.tokens(output_tokens_max)) if plan and plan.limits.rates else ()
    funds.hold(draws, question.received_us)
    route, prices = case.route, case.prices
    if desk.pools:
        route, prices = placed(route, prices, question, desk)
    return Opened(
        question, case.caller, case.customer, route, prices, funds, draws, output_tokens_max, entered, is_slow, None,
        funds.on_free_plan,
    )  # fmt: skip


def enter(case: Case, plan: Plan | None, desk: Desk, tokens: int) -> tuple[Entered, ...]:
    """Count the question at every pace that the plan sets. Raises Refused when it comes too fast."""
    if plan is None or not plan.limits.rates:
        return ()
    at_us = case.question.received_us
    entered: list[Entered] = []
    for who, rule in rates_for(plan.limits.rates, asker_of(case, plan.name)):
        pace = desk.paces.setdefault(who, Pace())
        crowded = pace.crowded(rule, at_us, desk.processes) if case.caller.in_batch else None
        too_fast = crowded or pace.enter(rule, tokens, at_us, desk.processes)
        if too_fast is not None:
            for before in entered:
                before.pace.leave(before.rule, tokens, 0, before.share)
            wait_s = -(-too_fast.wait_us // US_PER_S)
            words = too_fast.what.replace("_", " ")
            message = f"{who} may have {too_fast.limit:,} {words}; ask again in {wait_s} s"
            raise Refused("rate_limited", message, retry_after_s=wait_s)
        entered.append(Entered(pace, rule, tokens, desk.processes))
    return tuple(entered)


def asker_of(case: Case, plan: str) -> Asker:
    """For whom limits are asked."""
    return Asker(plan, case.customer.id, case.caller.key, case.question.user)
