"""Settling: from what an answer used to everything that is written about it. Pure, and the same for every end."""

from __future__ import annotations

import msgspec

from solvent.answering.question import Question
from solvent.answering.receipt import Outcome, Receipt, sums_of
from solvent.answering.route import Prices, Route
from solvent.identity.caller import Caller, Customer
from solvent.ledger.account import ENGINE_ACCRUED, ENGINE_COST, HOUSE_LOSS, REVENUE_ANSWERS, api_cost, api_payable
from solvent.ledger.transfer import Transfer, post, posting, void
from solvent.margin.line import MarginKey, MarginSums
from solvent.metering.meter import Measurement
from solvent.pricing.rating import rate, unpriced
from solvent.values.ids import TransferId
from solvent.values.money import Money
from solvent.values.usage import Usage, all_input_tokens, all_output_tokens


class Ending(msgspec.Struct, frozen=True):
    """How an answer ended. fault: the error's code, when there was one."""

    outcome: Outcome
    at_us: int
    finish: str
    fault: str
    first_token_us: int
    energy_estimated: bool
    usage_report: str


class Opened(msgspec.Struct, frozen=True):
    """An answer under way: everything decided before it was asked."""

    question: Question
    caller: Caller
    customer: Customer
    route: Route
    prices: Prices
    hold: Transfer
    output_tokens_max: int


class Settlement(msgspec.Struct, frozen=True):
    """What is written when an answer ends: together, in one commit."""

    receipt: Receipt
    transfers: tuple[Transfer, ...]
    margin: tuple[MarginKey, MarginSums]


def settle(opened: Opened, measured: Measurement, ending: Ending, day: int) -> Settlement:
    """day: the calendar day the answer counts for, in the operator's time zone.

    An answer that failed with no output charges nothing; its cost is booked all the same.
    """
    prices, hold = opened.prices, opened.hold
    currency = hold.currency
    cost = rate(measured.most, prices.cost, prices.cost_exchange)
    provider_cost = cost if prices.cost_exchange is None else rate(measured.most, prices.cost)
    nothing = ending.outcome == "failed" or not any(_tokens(measured.least))
    due = Money(0, currency) if nothing else rate(measured.least, prices.price)
    charge = min(due, Money(hold.grains, currency))
    overrun = due - charge
    if _was_never_asked(measured, ending):
        cost, provider_cost = Money(0, cost.currency), Money(0, prices.cost.currency)
    alarms = _alarms(measured, prices, overrun)
    receipt = _receipt(opened, measured, ending, (cost, charge, overrun, provider_cost), alarms)
    return Settlement(
        receipt,
        _transfers(opened, ending.at_us, cost, charge, overrun),
        (MarginKey(day, opened.customer.id, opened.customer.plan, opened.route.model), sums_of(receipt)),
    )


def _was_never_asked(measured: Measurement, ending: Ending) -> bool:
    """Then a price per answer is not owed either."""
    used = any(_tokens(measured.most)) or measured.most.engine_us
    return ending.outcome in ("failed", "abandoned") and not used and not measured.estimated


def _tokens(usage: Usage) -> tuple[int, int]:
    return all_input_tokens(usage), all_output_tokens(usage)


def _alarms(measured: Measurement, prices: Prices, overrun: Money) -> str:
    alarms = []
    if overrun.grains:
        alarms.append("overrun")
    if measured.refused_report:
        alarms.append("bad_usage")
    alarms += [f"unpriced:price:{bucket}" for bucket in unpriced(measured.least, prices.price)]
    alarms += [f"unpriced:cost:{bucket}" for bucket in unpriced(measured.most, prices.cost)]
    return " ".join(alarms)


def _transfers(opened: Opened, at_us: int, cost: Money, charge: Money, overrun: Money) -> tuple[Transfer, ...]:
    hold, id = opened.hold, opened.question.id
    rows = [post(hold, charge, at_us) if charge.grains else void(hold, at_us)]
    if overrun.grains:
        row = TransferId(f"{id}.overrun")
        rows.append(posting(row, at_us, HOUSE_LOSS, REVENUE_ANSWERS, overrun, id))
    if cost.grains:
        row = TransferId(f"{id}.cost")
        if opened.route.engine is not None:
            rows.append(posting(row, at_us, ENGINE_COST, ENGINE_ACCRUED, cost, id))
        else:
            name = opened.route.provider.name
            rows.append(posting(row, at_us, api_cost(name), api_payable(name), cost, id))
    return tuple(rows)


def _receipt(
    opened: Opened, measured: Measurement, ending: Ending, amounts: tuple[Money, Money, Money, Money], alarms: str
) -> Receipt:
    question, route, prices = opened.question, opened.route, opened.prices
    cost, charge, overrun, provider_cost = amounts
    used = measured.least
    exchange = prices.cost_exchange
    return Receipt(
        id=question.id,
        at_us=ending.at_us,
        customer=opened.customer.id,
        plan=opened.customer.plan,
        key=opened.caller.key,
        end_user=question.user,
        model=route.model,
        provider=route.provider.name,
        upstream=route.upstream,
        reason=route.reason,
        outcome=ending.outcome,
        finish=ending.finish,
        fault=ending.fault,
        streamed=int(question.stream),
        output_tokens_max=opened.output_tokens_max,
        input_tokens=used.input_tokens,
        cached_input_tokens=used.cached_input_tokens,
        cache_write_5m_tokens=used.cache_write_5m_tokens,
        cache_write_1h_tokens=used.cache_write_1h_tokens,
        output_tokens=used.output_tokens,
        reasoning_tokens=used.reasoning_tokens,
        engine_us=used.engine_us,
        energy_uj=used.energy_uj,
        usage_estimated=int(measured.estimated),
        energy_estimated=int(ending.energy_estimated),
        cost_input_tokens=all_input_tokens(measured.most),
        currency=charge.currency,
        cost_grains=cost.grains,
        charge_grains=charge.grains,
        overrun_grains=overrun.grains,
        provider_currency=provider_cost.currency,
        provider_cost_grains=provider_cost.grains,
        cost_card=prices.cost.version,
        price_card=prices.price.version,
        exchange=f"{exchange.numerator}/{exchange.denominator}" if exchange else "",
        first_token_us=ending.first_token_us,
        total_us=ending.at_us - question.received_us,
        alarms=alarms,
        usage_report=ending.usage_report,
    )
