"""Whether a model can be sold as a question asks for it, and at what prices: what has no price is refused."""

from __future__ import annotations

from solvent.answering.desk import Desk
from solvent.answering.question import Question
from solvent.answering.route import Prices, Route, prices_at
from solvent.pricing.rate_card import in_tariff
from solvent.values.errors import Invalid


def prices_for(question: Question, route: Route, desk: Desk) -> Prices:
    """The prices in force. Raises Invalid when one is missing: unknown is never free."""
    prices = prices_at(route, desk.currency, desk.exchanges, question.received_us)
    if question.choices > 1 and prices.price.answer_picos:
        message = f"n: model {route.model!r} is sold by the answer, so one at a time is asked for"
        raise Invalid("unpriced_feature", message, param="n")
    if question.tariff and not all(in_tariff(card, question.tariff) for card in (prices.cost, prices.price)):
        message = f"service_tier: {question.tariff!r} has no price for model {route.model!r}; ask for the default tier"
        raise Invalid("unpriced_feature", message, param="service_tier")
    return prices
