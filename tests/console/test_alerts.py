"""What needs a look: a model whose price lapsed refuses, and is named once however many upstreams it has."""

from __future__ import annotations

from msgspec.structs import replace
from tests.answering.desks import COST, PRICE
from tests.answering.test_route import DOLLARS, RATE, route

from solvent.console.alerts import without_price


def test_models_without_a_price_in_force_are_named_once() -> None:
    good, bad = route([COST], [PRICE]), replace(route([], [PRICE]), model="bad")
    abroad = replace(route([DOLLARS], [PRICE]), model="abroad")
    assert without_price([good], "KRW", [], 200) == []
    assert without_price([good, bad, bad, abroad], "KRW", [], 200) == ["bad", "abroad"]
    assert without_price([bad, abroad], "KRW", [RATE], 200) == ["bad"]
    assert without_price([good], "USD", [], 200) == ["house"]
