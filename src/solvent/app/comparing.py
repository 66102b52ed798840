"""Models, hardware, precisions and API prices beside each other: cost against waiting, and which nothing else beats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from solvent.app.capacity_data import FoundModel, find_fleet, find_model, named_hardware
from solvent.app.sizing import SizeBody, Wanted, size_found
from solvent.capacity.frontier import frontier
from solvent.capacity.hardware import Fleet, precision_named
from solvent.capacity.memory import count_that_holds, precisions_that_hold, room
from solvent.pricing.exchange import Exchange, exchange_at
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate, unpriced
from solvent.values.errors import Invalid, SolventError
from solvent.values.instant import iso
from solvent.values.limits import COMPARED_MAX
from solvent.values.money import decimal, money, plain
from solvent.values.usage import Usage

By = Literal["answer", "first token"]
Priced = Callable[[str], RateCard]
_GB = 1e9
_MS = 1_000
_OTHERS = 2  # devices that are named where one does not hold a model


class Api(msgspec.Struct, frozen=True):
    """A price to compare with, by its rate card. *_ms: of its first token and of each other; None for unknown."""

    card: str
    first_token_ms: float | None = None
    token_ms: float | None = None


class Compared(msgspec.Struct, frozen=True):
    """What is compared: every model on all hardware at every precision and batch, and APIs.

    counts: of devices, in place of those of the hardware; empty for those. precisions: "" for as published.
    batches: 0 for the most that fit.
    """

    models: tuple[str, ...]
    hardware: tuple[str, ...]
    counts: tuple[int, ...] = ()
    precisions: tuple[str, ...] = ("",)
    batches: tuple[int, ...] = (0,)
    apis: tuple[Api, ...] = ()


class Problem(msgspec.Struct, frozen=True):
    """Why a combination cannot be. short_gb: the memory that is missing. would_fit: what would hold the model."""

    code: str
    message: str
    short_gb: float = 0.0
    would_fit: tuple[str, ...] = ()


class ComparedRow(msgspec.Struct, frozen=True):
    """One combination. on: hardware, or the rate card of an API. Amounts are exact decimals, "" for unknown.

    *_low, *_high: by the interval of the step. best_by: on which frontiers it is. dated: when its price began or was
    looked at. problem: why there are no figures.
    """

    kind: Literal["hardware", "api"]
    model: str
    on: str
    precision: str = ""
    level: str = ""
    evidence: str = ""
    batch: int = 0
    cost: str = ""
    cost_low: str = ""
    cost_high: str = ""
    token_ms: float | None = None
    first_token_ms: float | None = None
    answer_s: float | None = None
    answer_s_low: float | None = None
    answer_s_high: float | None = None
    tokens_per_s: float | None = None
    best_by: tuple[By, ...] = ()
    dated: str = ""
    source: str = ""
    problem: Problem | None = None


class CompareBody(msgspec.Struct, frozen=True):
    """All combinations, in the order they were asked for."""

    currency: str
    input_tokens: int
    output_tokens: int
    utilisation: float
    ms_per_token_max: float
    rows: tuple[ComparedRow, ...]


def compare(asked: Compared, wanted: Wanted, priced: Priced, exchanges: Sequence[Exchange], at_us: int) -> CompareBody:
    """Every combination as a row; one that cannot be says why. priced: the rate card of a name.

    Raises Invalid for what is wrong with all rows alike: unknown names, options, or too many combinations.
    """
    models, fleets = [find_model(name) for name in asked.models], _fleets(asked)
    precisions = [precision_named(name) if name else "" for name in asked.precisions]
    count = len(models) * len(fleets) * len(precisions) * len(asked.batches) + len(asked.apis)
    if not count:
        raise Invalid("nothing_to_compare", "name a --model and what it runs --on, or an --api", param="model")
    if count > COMPARED_MAX:
        message = f"{count:,} combinations are more than COMPARED_MAX, {COMPARED_MAX:,}; compare fewer at once"
        raise Invalid("too_many_compared", message, param="model")
    cards = [(api, priced(api.card)) for api in asked.apis]
    rows = [
        _on_hardware(model, fleet, msgspec.structs.replace(wanted, precision=precision, batch=batch))
        for model in models
        for fleet in fleets
        for precision in precisions
        for batch in asked.batches
    ]
    rows += [_by_api(api, card, wanted, exchanges, at_us) for api, card in cards]
    return CompareBody(
        wanted.currency, wanted.input_tokens, wanted.output_tokens, wanted.utilisation, wanted.ms_per_token_max,
        tuple(_marked(rows, wanted.currency)),
    )  # fmt: skip


def _fleets(asked: Compared) -> list[Fleet]:
    found = [find_fleet(text) for text in asked.hardware]
    if not asked.counts:
        return found
    told = [text for text, fleet in zip(asked.hardware, found, strict=True) if fleet.count > 1]
    if told:
        raise Invalid("unknown_hardware", f"--on {told[0]!r} says how many already; leave out --count", param="count")
    return [Fleet(fleet.device, count) for fleet in found for count in asked.counts]


def _on_hardware(model: FoundModel, fleet: Fleet, wanted: Wanted) -> ComparedRow:
    precision = wanted.precision or model.precision
    row = ComparedRow("hardware", model.shape.name, fleet.name, precision)
    try:
        found = size_found(model, fleet, wanted)
    except Invalid as refused:
        if refused.code not in _OF_ONE_ROW:
            raise
        return msgspec.structs.replace(row, batch=wanted.batch, problem=_problem(refused, model, fleet, wanted))
    return _filled(row, found, fleet)


# What is wrong with one combination and not with the whole comparison.
_OF_ONE_ROW = ("model_does_not_fit", "batch_does_not_fit", "latency_out_of_reach")


def _filled(row: ComparedRow, found: SizeBody, fleet: Fleet) -> ComparedRow:
    cost = found.cost
    share = (found.step_ms_low / found.step_ms, found.step_ms_high / found.step_ms)
    problem = None
    if cost is None:
        problem = Problem("rent_unknown", f"nobody said what {fleet.device.name} costs; add --rate, of one an hour")
    return msgspec.structs.replace(
        row, level=found.level, evidence=found.evidence, batch=found.batch, token_ms=found.step_ms,
        cost=cost.total if cost else "", cost_low=cost.low if cost else "", cost_high=cost.high if cost else "",
        first_token_ms=found.first_token_ms, answer_s=found.answer_s, answer_s_low=found.answer_s * share[0],
        answer_s_high=found.answer_s * share[1], tokens_per_s=found.tokens_per_s, problem=problem,
        dated=fleet.device.checked if cost else "", source=cost.price_source if cost else "",
    )  # fmt: skip


def _problem(refused: SolventError, model: FoundModel, fleet: Fleet, wanted: Wanted) -> Problem:
    if refused.code != "model_does_not_fit":
        return Problem(refused.code, refused.message)
    precision, tokens = wanted.precision or model.precision, wanted.input_tokens + wanted.output_tokens
    missing = room(model.shape, fleet, precision, tokens).short_bytes / _GB
    fits = tuple(_would_fit(model, fleet, precision, tokens))
    return Problem(refused.code, refused.message, round(missing, 1), fits)


def _would_fit(model: FoundModel, fleet: Fleet, precision: str, tokens: float) -> Iterator[str]:
    """More of the same, a narrower precision on it, and the cheapest others of the same count."""
    more = count_that_holds(model.shape, fleet, precision, tokens)
    if more:
        yield f"{more}x{fleet.device.name}"
    for narrower in precisions_that_hold(model.shape, fleet, precision, tokens)[:1]:
        yield f"{fleet.name} at {narrower}"
    rented = sorted((d for d in named_hardware() if d.usd_per_hour), key=lambda d: float(d.usd_per_hour))
    others = (Fleet(device, fleet.count) for device in rented)
    holding = [other for other in others if not room(model.shape, other, precision, tokens).short_bytes]
    yield from (other.name for other in holding[:_OTHERS])


def _by_api(
    api: Api, card: RateCard, wanted: Wanted, exchanges: Sequence[Exchange], at_us: int
) -> ComparedRow:  # fmt: skip
    row = ComparedRow(
        "api", card.model or card.name, card.name, dated=iso(card.valid_from_us)[:10], source=card.source,
        first_token_ms=api.first_token_ms, token_ms=api.token_ms,
    )  # fmt: skip
    usage = Usage(input_tokens=wanted.input_tokens, output_tokens=wanted.output_tokens)
    missing = unpriced(usage, card)
    if missing or card.engine_hour_picos is not None:
        what = f"has no price for {' and '.join(missing)}" if missing else "prices engine time: size the model itself"
        return msgspec.structs.replace(row, problem=Problem("not_by_the_token", f"{card.name} {what}"))
    try:
        changed = _exchange(card.currency, wanted, exchanges, at_us)
    except Invalid as refused:
        return msgspec.structs.replace(row, problem=Problem(refused.code, refused.message))
    cost = plain(rate(usage, card, changed))
    answer_s = None
    if api.first_token_ms is not None and api.token_ms is not None:
        answer_s = (api.first_token_ms + api.token_ms * (wanted.output_tokens - 1)) / _MS
    return msgspec.structs.replace(
        row, level="list price", cost=cost, cost_low=cost, cost_high=cost, answer_s=answer_s, answer_s_low=answer_s,
        answer_s_high=answer_s,
    )  # fmt: skip


def _exchange(currency: str, wanted: Wanted, exchanges: Sequence[Exchange], at_us: int) -> Exchange | None:
    """From a card's currency to the one of the comparison: by --per-usd, or as configured. None where they are one."""
    if currency == wanted.currency:
        return None
    if wanted.per_usd and currency == "USD" and (per_usd := decimal(wanted.per_usd, "--per-usd")) > 0:
        return Exchange("USD", wanted.currency, per_usd.numerator, per_usd.denominator, 0, "--per-usd")
    configured = exchange_at(exchanges, currency, wanted.currency, at_us)
    if configured is not None:
        return configured
    message = f"the price is in {currency}: add an exchange rate to {wanted.currency} to solvent.toml"
    raise Invalid("no_exchange_rate", f"{message}, or for dollars say it with --per-usd", param="per_usd")


def _marked(rows: Sequence[ComparedRow], currency: str) -> Iterator[ComparedRow]:
    """The rows, with the frontiers they are on."""
    priced = [index for index, row in enumerate(rows) if row.cost]
    grains = {index: float(money(rows[index].cost, currency).grains) for index in priced}
    waits: dict[By, dict[int, float]] = {
        "answer": {i: s for i in priced if (s := rows[i].answer_s) is not None},
        "first token": {i: s for i in priced if (s := rows[i].first_token_ms) is not None},
    }
    best: dict[int, list[By]] = {}
    for by, wait in waits.items():
        indexes = list(wait)
        for n in frontier([(grains[i], wait[i]) for i in indexes]):
            best.setdefault(indexes[n], []).append(by)
    for index, row in enumerate(rows):
        yield msgspec.structs.replace(row, best_by=tuple(best.get(index, ())))
