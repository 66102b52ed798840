"""What an answer was served at is what the provider says, not what was asked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from tests.metering.reports import encoded, reports

from solvent.metering.tariff import reported_tariff, tariff_named
from solvent.pricing.rate_card import TARIFFS


@pytest.mark.parametrize(
    ("report", "tariff"),
    [
        ({}, ""),
        ({"service_tier": None}, ""),
        ({"service_tier": "default", "usage": {"prompt_tokens": 1}}, ""),
        ({"service_tier": "standard", "input_tokens": 3}, ""),
        ({"service_tier": "flex"}, "flex"),
        ({"service_tier": "priority"}, "priority"),
        ({"service_tier": "batch"}, "batch"),
        ({"serviceTier": "STANDARD", "trafficType": "ON_DEMAND"}, ""),
        ({"trafficType": "ON_DEMAND_PRIORITY"}, "priority"),
        ({"service_tier": "standard", "speed": "fast"}, "fast"),
        ({"speed": "standard"}, ""),
        ({"service_tier": "platinum"}, None),
        ({"service_tier": 7}, None),
    ],
)
def test_the_providers_words_are_understood(report: object, tariff: str | None) -> None:
    assert reported_tariff(encoded(report)) == tariff


def test_every_tariff_of_a_rate_card_can_be_reported() -> None:
    assert [tariff_named(name) for name in TARIFFS] == list(TARIFFS)
    assert tariff_named("auto") is None, "a setting of a request says nothing of the answer"


@given(reports("service_tier", "serviceTier", "trafficType", "speed"))
@settings(deadline=None)
def test_any_bytes_have_a_tariff_or_none(report: bytes) -> None:
    assert reported_tariff(report) in (None, "", *TARIFFS)
