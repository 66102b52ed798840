"""Where the answers of a model come from: its provider, its cards, and its engine if it runs here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from solvent.billing.limits import RateRule
from solvent.billing.pace import Pace
from solvent.engines.port import Engine
from solvent.pricing.exchange import Exchange, exchange_at
from solvent.pricing.rate_card import US_PER_MINUTE, RateCard, card_at, in_tariff
from solvent.pricing.rating import (
    BY_CHARACTERS,
    BY_FILMING,
    BY_HEARING,
    BY_PICTURES,
    BY_RANKING,
    BY_READING,
    BY_WORDS,
    Ways,
    can_cost,
    can_sell,
)
from solvent.providers.port import MakesVideos, Provider, Task, Videos
from solvent.routing.health import Health
from solvent.routing.hedging import Hedging
from solvent.routing.policy import Policy
from solvent.values.errors import Invalid
from solvent.values.instant import NEVER_US
from solvent.values.limits import DRAIN_BYTES_MAX, DRAIN_S_MAX, VIDEO_SECONDS

# What an answer can be paid by.
_PAID_BY: Final[Mapping[Task, Ways]] = {
    "chat": BY_WORDS, "completions": BY_WORDS, "embeddings": BY_READING, "images": BY_PICTURES,
    "edits": BY_PICTURES, "speech": BY_CHARACTERS, "transcriptions": BY_HEARING,
    "moderations": BY_READING, "rerank": BY_RANKING, "videos": BY_FILMING,
}  # fmt: skip
# Where a model is asked, by what it does.
SURFACES: Final[Mapping[Task, str]] = {
    "chat": "/v1/chat/completions", "embeddings": "/v1/embeddings", "images": "/v1/images/generations",
    "speech": "/v1/audio/speech", "transcriptions": "/v1/audio/transcriptions",
    "moderations": "/v1/moderations", "rerank": "/v1/rerank", "videos": "/v1/videos",
}  # fmt: skip


class Quoted:
    """What a model was sold at last, in one piece: several threads ask."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last: Quote | None = None


class Route(msgspec.Struct, frozen=True):
    """One model as it is sold here, under `model`, and as its provider knows it, `upstream`.

    model_class: what plans call models of its kind, such as quick or expert. weight: how often it is asked, beside
    the model's other upstreams. task: what it is asked for. image_tokens_max: what a picture comes to at most; 0 where
    none is seen. image_urls: whether its provider fetches pictures itself. video_seconds: how long a video may last.
    drain_s, drain_bytes: how long and how much of an answer that is billed anyway is read on when its client has left.
    hedging: when another upstream is asked too. limit: how fast our key there may be asked; pace: how fast it is asked
    here.
    """

    model: str
    upstream: str
    provider: Provider
    output_tokens_max: int
    cost_cards: Sequence[RateCard]
    price_cards: Sequence[RateCard]
    engine: Engine | None = None
    reason: str = "asked"
    model_class: str = "standard"
    weight: int = 1
    task: Task = "chat"
    image_tokens_max: int = 0
    image_urls: bool = False
    video_seconds: tuple[int, ...] = VIDEO_SECONDS
    drain_s: float = DRAIN_S_MAX
    drain_bytes: int = DRAIN_BYTES_MAX
    hedging: Hedging | None = None
    limit: RateRule | None = None
    pace: Pace = msgspec.field(default_factory=Pace)
    health: Health = msgspec.field(default_factory=Health)
    quoted: Quoted = msgspec.field(default_factory=Quoted)

    @property
    def videos(self) -> Videos | None:
        """How its provider is asked for videos; None where it makes none."""
        return self.provider.videos if isinstance(self.provider, MakesVideos) else None

    def does(self, task: Task) -> bool:
        """Whether it can be asked for that: a model that makes pictures makes them of others too, and one that chats
        also goes on with a text, where its provider can ask.
        """
        if task == "edits":
            return self.task == "images"
        return self.task == task or (task == "completions" and self.task == "chat" and self.provider.speaks == "chat")


class Pool(msgspec.Struct, frozen=True):
    """All upstreams of one model, in the order in which they are written: each sells it at the same price."""

    routes: tuple[Route, ...]
    policy: Policy = "order"


class Prices(msgspec.Struct, frozen=True):
    """The two books' prices of one model at one instant, and the way into the operator's currency."""

    cost: RateCard
    price: RateCard
    cost_exchange: Exchange | None


class Quote(msgspec.Struct, frozen=True):
    """Prices, by which cards and rates, and from when until when none of these begins or changes with the hour."""

    prices: Prices
    cost_cards: Sequence[RateCard]
    price_cards: Sequence[RateCard]
    exchanges: Sequence[Exchange]
    since_us: int
    until_us: int


def prices_at(route: Route, currency: str, exchanges: Sequence[Exchange], at_us: int) -> Prices:
    """The prices in force. Raises Invalid("model_unpriced") when one is missing: unknown is never free."""
    last = route.quoted.last
    if (
        last is not None
        and last.since_us <= at_us < last.until_us
        and last.exchanges is exchanges
        and last.price_cards is route.price_cards
        and last.cost_cards is route.cost_cards
        and last.prices.price.currency == currency
    ):
        return last.prices
    prices = _prices(route, currency, exchanges, at_us)
    if last is not None and _are_same(last.prices, prices):
        prices = last.prices
    since_us, until_us = _unchanged(route, exchanges, at_us)
    route.quoted.last = Quote(prices, route.cost_cards, route.price_cards, exchanges, since_us, until_us)
    return prices


def _are_same(one: Prices, other: Prices) -> bool:
    return one.cost is other.cost and one.price is other.price and one.cost_exchange is other.cost_exchange


def _unchanged(route: Route, exchanges: Sequence[Exchange], at_us: int) -> tuple[int, int]:
    """The time around an instant in which no card and no rate begins, and where cards know hours, no minute either."""
    cards = (*route.cost_cards, *route.price_cards)
    edges = [card.valid_from_us for card in cards] + [rate.valid_from_us for rate in exchanges]
    if any(card.hours for card in cards):
        minute_us = at_us - at_us % US_PER_MINUTE
        edges += [minute_us, minute_us + US_PER_MINUTE]
    since_us = max((edge for edge in edges if edge <= at_us), default=at_us)
    return since_us, min((edge for edge in edges if edge > at_us), default=NEVER_US)


def _prices(route: Route, currency: str, exchanges: Sequence[Exchange], at_us: int) -> Prices:
    cost, price = card_at(route.cost_cards, at_us), card_at(route.price_cards, at_us)
    for book, card, is_priced in (("cost", cost, can_cost), ("price", price, can_sell)):
        if card is None or not is_priced(card, _PAID_BY[route.task]):
            message = f"model {route.model!r} has no {book} in force today, so it cannot be sold; ask the operator"
            raise Invalid("model_unpriced", message, param="model")
    assert cost is not None
    assert price is not None
    if price.currency != currency:
        message = f"model {route.model!r} is priced in {price.currency}, but wallets here hold {currency}"
        raise Invalid("model_unpriced", message, param="model")
    if cost.currency == currency:
        return Prices(cost, price, None)
    rate = exchange_at(exchanges, cost.currency, currency, at_us)
    if rate is None:
        message = f"model {route.model!r} costs {cost.currency} and no exchange rate to {currency} is known today"
        raise Invalid("model_unpriced", message, param="model")
    return Prices(cost, price, rate)


def prices_in(prices: Prices, tariff: str) -> Prices:
    """The prices of an answer that its provider says was served in a tariff such as "flex".

    Each book by its own card; a card without such a tariff holds at its plain prices.
    """
    cost, price = in_tariff(prices.cost, tariff), in_tariff(prices.price, tariff)
    return Prices(cost or prices.cost, price or prices.price, prices.cost_exchange)
