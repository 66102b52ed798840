"""Settling: from what an answer used to everything that is written about it. Pure, and the same for every end."""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.answering.holds import holds_of, posted_at_once
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
from solvent.pricing.lines import Counted, Lines, counted, lines_for
from solvent.pricing.parts import parts_of
from solvent.pricing.rating import rate
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

    draws: what is set aside for it. output_tokens_max: of all choices together. is_slow: it waits in the slow lane
    first. turn: where our key at the upstream is limited, what it counts for there. on_free_plan: whether the terms
    that the customer had then ask for nothing; `funds` may know others by the end.
    """

    question: Question
    caller: Caller
    customer: Customer
    route: Route
    prices: Prices
    funds: Funds
    draws: tuple[Draw, ...]
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


def settle(opened: Opened, measured: Measurement, ending: Ending, *, was_held: bool = True) -> Settlement:
    """An answer that failed with no output charges nothing; its cost is booked all the same. What is sold by the answer
    is due as soon as one came, whatever it is said to have used.

    was_held: whether the holds were written; if not, what they come to is posted at once.
    """
    if measured.tariff:
        opened = msgspec.structs.replace(opened, prices=prices_in(opened.prices, measured.tariff))
    prices, least, most = opened.prices, measured.least, measured.most
    used = counted(least)
    used_most = used if most is least else counted(most)
    sold = lines_for(least, used[0], prices.price)
    bought = lines_for(most, used_most[0], prices.cost, prices.cost_exchange)
    is_due = sold.has_use or (ending.outcome == "answered" and bool(sold.card.answer_picos))
    nothing = ending.outcome == "failed" or not is_due
    due = Money(0 if nothing else sold.grains(used[1]), sold.currency)
    bill = bill_for(opened.draws, due, None if nothing else least, opened.question.choices)
    cost = provider_cost = 0
    if not _was_never_asked(measured, ending):
        cost = provider_cost = bought.grains(used_most[1])
        if prices.cost_exchange is not None:
            provider_cost = rate(most, prices.cost).grains
    kinds = _cost_parts(used_most, bought, ending, cost)
    alarms = _alarms(measured, bill.overrun, sold, bought)
    receipt = _receipt(opened, measured, ending, bill, (sold, bought), (cost, provider_cost), (kinds, alarms))
    transfers = _ends(opened, ending.at_us, bill, was_held=was_held)
    transfers += _others(opened, ending, bill, Money(cost, bought.currency), most)
    return Settlement(receipt, bill, tuple(transfers))


def _was_never_asked(measured: Measurement, ending: Ending) -> bool:
    """Then a price per answer is not owed either."""
    if ending.outcome not in ("failed", "abandoned") or measured.estimated:
        return False
    return is_none(measured.most) and not measured.most.engine_us


def _tokens(usage: Usage) -> tuple[int, int]:
    return all_input_tokens(usage), all_output_tokens(usage)


def _alarms(measured: Measurement, overrun: Money, sold: Lines, bought: Lines) -> str:
    if not (overrun.grains or measured.refused_report or sold.unpriced or bought.unpriced or measured.tariff):
        return ""
    alarms: list[str] = []
    if overrun.grains:
        alarms.append("overrun")
    if measured.refused_report:
        alarms.append("bad_usage")
    for book, lines in (("price", sold), ("cost", bought)):
        alarms += [f"unpriced:{book}:{bucket}" for bucket in lines.unpriced]
    if measured.tariff and tariff_of(bought.version) != measured.tariff:
        alarms.append(f"unpriced:cost:{measured.tariff}")
    return " ".join(alarms)


def _cost_parts(used: Counted, bought: Lines, ending: Ending, cost: int) -> str:
    """What the cost was for: they sum to it. Of an answer that failed there is nothing to tell apart."""
    found: dict[str, int] = {}
    if ending.outcome == "failed":
        found[FAILED] = cost
    elif cost:
        found = parts_of(used, bought, cost)
    for one in ending.tried:
        kind = HEDGED if one.fault == OUTRUN else RETRIED
        found[kind] = found.get(kind, 0) + one.cost.grains
    return told(found)


def _ends(opened: Opened, at_us: int, bill: Bill, *, was_held: bool) -> list[Transfer]:
    """How the holds end. Of those that were never written stands what they come to, if it is anything."""
    id, draws, spent = opened.question.id, opened.draws, bill.spent
    if not was_held:
        return [posted_at_once(id, n, draws[n], grains, at_us) for n, grains in enumerate(spent) if grains]
    return [
        post(held, Money(grains, held.currency), at_us) if grains else void(held, at_us)
        for held, grains in zip(holds_of(opened.question, draws), spent, strict=True)
    ]


def _others(opened: Opened, ending: Ending, bill: Bill, cost: Money, most: Usage) -> list[Transfer]:
    """What is booked beside the ends of the holds. most: what the cost is for."""
    id, at_us, rows = opened.question.id, ending.at_us, []
    if bill.on_account.grains:
        row = TransferId(f"{id}.overage")
        rows.append(posting(row, at_us, unbilled(opened.customer.id), REVENUE_OVERAGE, bill.on_account, id))
    if bill.overrun.grains:
        row = TransferId(f"{id}.overrun")
        rows.append(posting(row, at_us, HOUSE_LOSS, REVENUE_ANSWERS, bill.overrun, id))
    if cost.grains and opened.route.engine is None:
        name = opened.route.provider.name
        rows.append(posting(TransferId(id + ".cost"), at_us, api_cost(name), api_payable(name), cost, id))
    elif cost.grains:
        still = msgspec.structs.replace(most, energy_uj=0)
        busy = rate(still, opened.prices.cost, opened.prices.cost_exchange)
        for account, name, part in ((ENGINE_BUSY, "cost", busy), (ENERGY, "energy", cost - busy)):
            if part.grains:
                rows.append(posting(TransferId(f"{id}.{name}"), at_us, account, ENGINE_ACCRUED, part, id))
    return rows + _lost(opened, ending) if ending.tried else rows


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
    opened: Opened, measured: Measurement, ending: Ending, bill: Bill, lines: tuple[Lines, Lines],
    costs: tuple[int, int], words: tuple[str, str],
) -> Receipt:  # fmt: skip
    """lines: it was sold by, and bought by. costs: in our currency and in the provider's. words: parts and alarms."""
    question, route, used = opened.question, opened.route, measured.least
    exchange, tried, guarded = opened.prices.cost_exchange, ending.tried, question.guarded
    lost = sum([one.cost.grains for one in tried]) if tried else 0
    # In the order of its columns, and in pieces of less than thirty: by name, or in one, it would take many times as
    # long, and it is made for every answer.
    who = (
        question.id, ending.at_us, opened.customer.id, opened.customer.plan, opened.caller.key, question.user,
        route.model, route.provider.name, route.upstream, route.reason, ending.outcome, ending.finish, ending.fault,
        1 if question.stream else 0, opened.output_tokens_max,
        used.input_tokens, used.cached_input_tokens, used.cache_write_5m_tokens, used.cache_write_1h_tokens,
        used.output_tokens, used.reasoning_tokens, used.engine_us, used.energy_uj,
        1 if measured.estimated else 0, 1 if ending.energy_estimated else 0, all_input_tokens(measured.most),
    )  # fmt: skip
    amounts = (
        bill.charge.currency, costs[0] + lost, bill.charge.grains, bill.overrun.grains,
        lines[1].card.currency, costs[1], lines[1].version, lines[0].version,
        f"{exchange.numerator}/{exchange.denominator}" if exchange is not None else "",
        ending.first_token_us, ending.at_us - question.received_us, words[1], ending.usage_report,
        used.audio_input_tokens, used.cached_audio_input_tokens, used.image_input_tokens,
        used.cached_image_input_tokens, used.audio_output_tokens, used.image_output_tokens, used.web_searches,
        bill.source, bill.granted.grains, bill.included.grains,
    )  # fmt: skip
    return Receipt(
        *who, *amounts, " ".join([f"{one.route.provider.name}:{one.fault}" for one in tried]) if tried else "", lost,
        used.pictures, used.characters, used.audio_input_ms, guarded.acts.told() if guarded is not None else "",
        used.video_seconds, question.service or service_of(question.dialect, question.task), words[0],
        ending.attribution, 1 if opened.on_free_plan else 0,
    )  # fmt: skip
