"""What doors show of a rate card is what the card says."""

from __future__ import annotations

from fractions import Fraction

import msgspec
from hypothesis import given, settings
from tests.pricing.cards import cards

from solvent.app.price_bodies import card_body, sheet_of_card
from solvent.pricing.card_file import rate_cards
from solvent.pricing.rate_card import RateCard
from solvent.pricing.sheet import PRICES

DOCUMENT = {
    "card": "openai/gpt", "currency": "USD", "provider": "openai", "model": "gpt",
    "entries": [{
        "from": "2026-11-01", "source": "a list", "input": "2.5", "output": "10", "cached_input": "1/12",
        "tiers": [{"above": "200000", "input": "5"}], "tariffs": {"batch": {"times": "1/2"}},
        "hours": [{"from": "00:30", "until": "16:30", "times": "2"}],
    }],
}  # fmt: skip


def test_a_card_is_shown_whole() -> None:
    [card] = rate_cards(DOCUMENT, "f")
    assert isinstance(card, RateCard)
    body = card_body(card)
    assert (body.card, body.version, body.since) == ("openai/gpt", "openai/gpt@2026-11-01", "2026-11-01T00:00:00.000Z")
    assert (body.prices["input"], body.prices["cached_input"], body.prices["reasoning"]) == ("2.5", "1/12", "10")
    assert (body.tiers[0].above_input_tokens, body.tiers[0].prices["input"]) == (200_000, "5")
    assert body.tariffs["batch"].prices["cached_input"] == "1/24"
    assert body.tariffs["batch"].tiers[0].prices["input"] == "2.5"
    [hours] = body.hours
    assert (hours.from_hour, hours.until_hour, hours.plain.prices["input"]) == ("00:30", "16:30", "5")
    assert hours.tariffs["batch"].prices["input"] == "2.5"
    assert "audio_input" in body.assumed
    assert set(sheet_of_card(card).prices) == {"input", "output", "cached_input"}
    assert msgspec.json.decode(msgspec.json.encode(body))["object"] == "price.card"


@given(cards())
@settings(deadline=None)
def test_every_price_is_shown_exactly(card: RateCard) -> None:
    body = card_body(card)
    for one, prices in ((card, body.prices), *((t, b.prices) for t, b in zip(card.tiers, body.tiers, strict=True))):
        shown = {name: Fraction(text) * 10**12 / PRICES[name][1] for name, text in prices.items()}
        kept = {name: getattr(one, field) for name, (field, _) in PRICES.items()}
        assert shown == {name: Fraction(picos, one.parts) for name, picos in kept.items() if picos is not None}
