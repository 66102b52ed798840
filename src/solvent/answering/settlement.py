"""Settling: from what an answer used to everything that is written about it. Pure, and the same for every end."""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.answering.question import Question, service_of
from solvent.answering.receipt import Outcome, Receipt
from solvent.answering.route import Prices, Route, prices_in
from solvent.billing.admission import Draw
from solvent.billing.bill import Bill, bill_for
from solvent.billing.funds import Funds
from solvent.billing.limits import RateRule
from solvent.billing.pace import Pace
from solvent.identity.caller import Caller, Customer
from solvent.ledger.account import (
    ENERGY,
    ENGINE_ACCRUED,
    ENGINE_BUSY,
    HOUSE_LOSS,
    REVENUE_ANSWERS,
    REVENUE_OVERAGE,
    api_cost,
    api_payable,
    lost_cost,
    unbilled,
)
from solvent.ledger.transfer import Transfer, post, posting, void
from solvent.margin.facet import FAILED, HEDGED, RETRIED, told
from solvent.metering.meter import Measurement
from solvent.pricing.parts import parts
from solvent.pricing.rating import rate, unpriced
from solvent.pricing.rerate import tariff_of
from solvent.values.ids import TransferId
from solvent.values.money import Money
from solvent.values.usage import Usage, all_input_tokens, all_output_tokens, is_none

OUTRUN: Final = "outrun"  # the fault of an attempt that another one was quicker than


class Tried(msgspec.Struct, frozen=True):
    """An attempt that failed before its first byte, and after which it was asked again, or that another one outran.

    measured: what it may cost.
    """

    route: Route
    prices: Prices
    fault: str
    measured: Measurement

    @property
    def cost(self) -> Money:
        """What we may owe for it: nothing, unless its upstream took the question."""
        cost = self.prices.cost
        used = any(_tokens(self.measured.most)) or self.measured.most.engine_us
        if not self.measured.estimated and not used:
            return Money(0, cost.currency if self.prices.cost_exchange is None else self.prices.cost_exchange.quote)
        return rate(self.measured.most, cost, self.prices.cost_exchange)


class Ending(msgspec.Struct, frozen=True):
    """How an answer ended. fault: the error's code, when there was one. tried: the attempts before the last.

    attribution: by what its share of our own engine is known, see `engines.port.Level`; "" without one.
    """

    outcome: Outcome
    at_us: int
    finish: str
    fault: str
    first_token_us: int
    energy_estimated: bool
    usage_report: str
    tried: tuple[Tried, ...] = ()
    attribution: str = ""


class Entered(msgspec.Struct, frozen=True):
    """A pace that counted this answer, for so many tokens, as one of so many processes."""

    pace: Pace
    rule: RateRule
    tokens: int
    share: int


class Opened(msgspec.Struct, frozen=True):
    """An answer under way: everything decided before it was asked.

    holds: of `draws`, one each. output_tokens_max: of all choices together. is_slow: it waits in the slow lane first.
    turn: where our key at the upstream is limited, what it counts for there. on_free_plan: whether the terms that the
    customer had then ask for nothing; `funds` may know others by the end.
    """

    question: Question
    caller: Caller
    customer: Customer
    route: Route
    prices: Prices
    funds: Funds
    draws: tuple[Draw, ...]
    holds: tuple[Transfer, ...]
    output_tokens_max: int
    entered: tuple[Entered, ...] = ()
    is_slow: bool = False
    turn: Entered | None = None
    on_free_plan: bool = False

    @property
    def output_tokens_each(self) -> int:
        """How many tokens may be written to each choice."""
        return self.output_tokens_max // self.question.choices


class Settlement(msgspec.Struct, frozen=True):
    """What is written when an answer ends: together, in one commit."""

    receipt: Receipt
    bill: Bill
    transfers: tuple[Transfer, ...]


def settle(opened: Opened, measured: Measurement, ending: Ending) -> Settlement:
    """An answer that failed with no output charges nothing; its cost is booked all the same. What is sold by the answer
    is due as soon as one came, whatever it is said to have used.
    """
    if measured.tariff:
        opened = msgspec.structs.replace(opened, prices=prices_in(opened.prices, measured.tariff))
    prices = opened.prices
    currency = prices.price.currency
    cost = rate(measured.most, prices.cost, prices.cost_exchange)
    provider_cost = cost if prices.cost_exchange is None else rate(measured.most, prices.cost)
    is_due = ending.outcome == "answered" and bool(prices.price.answer_picos)
    nothing = ending.outcome == "failed" or (is_none(measured.least) and not is_due)
    due = Money(0, currency) if nothing else rate(measured.least, prices.price)
    bill = bill_for(opened.draws, due, None if nothing else measured.least, opened.question.choices)
    if _was_never_asked(measured, ending):
        cost, provider_cost = Money(0, cost.currency), Money(0, prices.cost.currency)
    receipt = _receipt(opened, measured, ending, bill, (cost, provider_cost), _alarms(measured, prices, bill.overrun))
    transfers = _transfers(opened, ending.at_us, bill, cost, measured)
    return Settlement(receipt, bill, (*transfers, *_lost(opened, ending)) if ending.tried else transfers)


def _was_never_asked(measured: Measurement, ending: Ending) -> bool:
    """Then a price per answer is not owed either."""
    if ending.outcome not in ("failed", "abandoned") or measured.estimated:
        return False
    return is_none(measured.most) and not measured.most.engine_us


def _tokens(usage: Usage) -> tuple[int, int]:
    return all_input_tokens(usage), all_output_tokens(usage)


def _alarms(measured: Measurement, prices: Prices, overrun: Money) -> str:
    alarms: list[str] = []
    if overrun.grains:
        alarms.append("overrun")
    if measured.refused_report:
        alarms.append("bad_usage")
    for book, used, card in (("price", measured.least, prices.price), ("cost", measured.most, prices.cost)):
        missing = unpriced(used, card)
        if missing:
            alarms += [f"unpriced:{book}:{bucket}" for bucket in missing]
    if measured.tariff and tariff_of(prices.cost.version) != measured.tariff:
        alarms.append(f"unpriced:cost:{measured.tariff}")
    return " ".join(alarms) if alarms else ""


def _cost_parts(opened: Opened, measured: Measurement, ending: Ending, cost: Money) -> str:
    """What the cost was for: they sum to it. Of an answer that failed there is nothing to tell apart."""
    prices = opened.prices
    found: dict[str, int] = {}
    if ending.outcome == "failed":
        found[FAILED] = cost.grains
    elif cost.grains:
        found = parts(measured.most, prices.cost, prices.cost_exchange, cost)
    for one in ending.tried:
        kind = HEDGED if one.fault == OUTRUN else RETRIED
        found[kind] = found.get(kind, 0) + one.cost.grains
    return told(found)


def _transfers(opened: Opened, at_us: int, bill: Bill, cost: Money, measured: Measurement) -> tuple[Transfer, ...]:
    id = opened.question.id
    rows = []
    for n, hold in enumerate(opened.holds):
        spent = bill.spent[n]
        rows.append(post(hold, Money(spent, hold.currency), at_us) if spent else void(hold, at_us))
    if bill.on_account.grains:
        row = TransferId(f"{id}.overage")
        rows.append(posting(row, at_us, unbilled(opened.customer.id), REVENUE_OVERAGE, bill.on_account, id))
    if bill.overrun.grains:
        row = TransferId(f"{id}.overrun")
        rows.append(posting(row, at_us, HOUSE_LOSS, REVENUE_ANSWERS, bill.overrun, id))
    if cost.grains and opened.route.engine is None:
        name = opened.route.provider.name
        rows.append(posting(TransferId(f"{id}.cost"), at_us, api_cost(name), api_payable(name), cost, id))
    elif cost.grains:
        still = msgspec.structs.replace(measured.most, energy_uj=0)
        busy = rate(still, opened.prices.cost, opened.prices.cost_exchange)
        for account, name, part in ((ENGINE_BUSY, "cost", busy), (ENERGY, "energy", cost - busy)):
            if part.grains:
                rows.append(posting(TransferId(f"{id}.{name}"), at_us, account, ENGINE_ACCRUED, part, id))
    return tuple(rows)


def _lost(opened: Opened, ending: Ending) -> list[Transfer]:
    """What attempts cost that came to nothing: beside the answer's own cost, so that correcting that leaves these."""
    id = opened.question.id
    return [
        posting(
            TransferId(f"{id}.lost{n}"), ending.at_us, lost_cost(one.route.provider.name),
            ENGINE_ACCRUED if one.route.engine else api_payable(one.route.provider.name), one.cost, id,
        )
        for n, one in enumerate(ending.tried, start=1)
        if one.cost.grains
    ]  # fmt: skip


def _receipt(
    opened: Opened, measured: Measurement, ending: Ending, bill: Bill, costs: tuple[Money, Money], alarms: str
) -> Receipt:
    question, route, prices, used = opened.question, opened.route, opened.prices, measured.least
    cost, provider_cost = costs
    exchange, tried = prices.cost_exchange, ending.tried
    lost = sum([one.cost.grains for one in tried]) if tried else 0
    # In the order of its columns: by name it would take many times as long, and it is made for every answer.
    return Receipt(
        question.id, ending.at_us, opened.customer.id, opened.customer.plan, opened.caller.key, question.user,
        route.model, route.provider.name, route.upstream, route.reason, ending.outcome, ending.finish, ending.fault,
        1 if question.stream else 0, opened.output_tokens_max,
        used.input_tokens, used.cached_input_tokens, used.cache_write_5m_tokens, used.cache_write_1h_tokens,
        used.output_tokens, used.reasoning_tokens, used.engine_us, used.energy_uj,
        1 if measured.estimated else 0, 1 if ending.energy_estimated else 0, all_input_tokens(measured.most),
        bill.charge.currency, cost.grains + lost, bill.charge.grains, bill.overrun.grains,
        provider_cost.currency, provider_cost.grains, prices.cost.version, prices.price.version,
        f"{exchange.numerator}/{exchange.denominator}" if exchange else "",
        ending.first_token_us, ending.at_us - question.received_us, alarms, ending.usage_report,
        used.audio_input_tokens, used.cached_audio_input_tokens, used.image_input_tokens,
        used.cached_image_input_tokens, used.audio_output_tokens, used.image_output_tokens, used.web_searches,
        bill.source, bill.granted.grains, bill.included.grains,
        " ".join([f"{one.route.provider.name}:{one.fault}" for one in tried]) if tried else "", lost,
        used.pictures, used.characters, used.audio_input_ms,
        question.guarded.acts.told() if question.guarded is not None else "",
        used.video_seconds, service_of(question), _cost_parts(opened, measured, ending, cost), ending.attribution,
        1 if opened.on_free_plan else 0,
    )  # fmt: skip
