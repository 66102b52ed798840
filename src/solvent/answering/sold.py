"""Whether a model can be sold as a question asks for it, and at what prices: what has no price or bound is refused."""

from __future__ import annotations

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.route import Prices, Route, prices_at
from solvent.pricing.rate_card import in_tariff, of_kind
from solvent.values.errors import Invalid
from solvent.values.usage import Usage


def input_tokens_most(question: Question, route: Route) -> int:
    """An upper bound of what a model can read of a question, pictures too."""
    return question.input_tokens_most + question.pictures.count * route.image_tokens_max


def prices_for(question: Question, route: Route, desk: Desk) -> Prices:
    """The prices in force. Raises Invalid when one is missing, and for pictures that it does not take."""
    prices = prices_at(route, desk.currency, desk.exchanges, question.received_us)
    if question.kind:
        prices = _of_kind(question.kind, route, prices)
    if question.choices > 1 and prices.price.answer_picos:
        message = f"n: model {route.model!r} is sold by the answer, so one at a time is asked for"
        raise Invalid("unpriced_feature", message, param="n")
    if question.tariff and not all(in_tariff(card, question.tariff) for card in (prices.cost, prices.price)):
        message = f"service_tier: {question.tariff!r} has no price for model {route.model!r}; ask for the default tier"
        raise Invalid("unpriced_feature", message, param="service_tier")
    if question.pictures.count:
        _demand_sight(question, route)
    return prices


def _demand_sight(question: Question, route: Route) -> None:
    if not route.image_tokens_max:
        message = f"model {route.model!r} takes no pictures; leave them out, or ask a model that sees"
        raise Invalid("no_pictures", message)
    if question.pictures.has_addresses and not route.image_urls:
        message = f"model {route.model!r} fetches no pictures; send each in the question itself, as base64"
        raise Invalid("no_pictures", message)


def beside_words(question: Question, route: Route) -> Usage | None:
    """The most an answer of a model can come to beside its words. Where that is paid by tokens, a picture is drawn in
    `output_tokens_max` at most, and so many are written of what was heard.
    """
    beside = question.beside
    if beside is None or beside.characters or beside.video_seconds:
        return beside
    if beside.pictures:
        return beside + Usage(image_output_tokens=beside.pictures * route.output_tokens_max)
    return beside + Usage(output_tokens=route.output_tokens_max)


def _of_kind(kind: str, route: Route, prices: Prices) -> Prices:
    cost, price = of_kind(prices.cost, kind), of_kind(prices.price, kind)
    if cost is None or price is None:
        message = f"{kind[:100]!r} has no price for model {route.model!r}, so it is not served; ask for another"
        raise Invalid("unpriced_feature", message, param="size")
    return Prices(cost, price, prices.cost_exchange)
