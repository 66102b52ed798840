"""One answer's page, of receipts that are odd: in a currency nobody knows, at no rate, in words of a later version."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect
from tests.browsing import OpenPage
from tests.console.test_offices import Office
from tests.console.visits import ask
from tests.doors.server import Solvent

from solvent.answering import store
from solvent.db.engine import open_engine
from solvent.values.ids import AnswerId, new_id

pytestmark = pytest.mark.xdist_group("console")
ODD: list[tuple[dict[str, Any], str]] = [
    ({"provider_currency": "USD", "provider_cost_grains": 7 * 10**6, "exchange": "2771/2"}, "1 USD = ₩1,385.50"),
    ({"provider_currency": "USD", "provider_cost_grains": 7 * 10**6, "exchange": ""}, "At no rate that is known"),
    ({"provider_currency": "USD", "provider_cost_grains": 7 * 10**6, "exchange": "unknown"}, "unknown"),
    ({"provider_currency": "USD", "provider_cost_grains": 7 * 10**6, "exchange": "1/0"}, "1/0"),
    ({"provider_currency": "XTS", "provider_cost_grains": 7, "exchange": "x"}, "In no currency that is known"),
    ({"provider_currency": "", "provider_cost_grains": 7, "exchange": ""}, "In no currency that is known"),
    ({"provider_currency": "", "provider_cost_grains": 0, "exchange": ""}, "Nothing of it is on the books"),
    ({"source": "wallet pack"}, "Wallet, pack"),
    ({"outcome": "paused"}, "paused"),
]


def test_an_odd_receipt_has_its_page_and_breaks_no_other(server: Solvent, open_page: OpenPage) -> None:
    """Nor the API's, nor the live page that is told of it."""
    known_id = ask(server)
    engine = open_engine(server.data)
    with engine.begin() as connection:
        known = store.receipt(connection, AnswerId(known_id))
        assert known is not None
        odd = [replace(known, id=AnswerId(new_id("ans", known.at_us + n, n)), **one) for n, (one, _) in enumerate(ODD)]
        store.append(connection, odd)
    engine.dispose()
    office = Office(server)
    for receipt, (what, said) in zip(odd, ODD, strict=True):
        shown = office.get(f"/console/answers/{receipt.id}")
        assert shown.status_code == 200, what
        assert said in shown.text, what
        told = server.send("GET", f"/v1/answers/{receipt.id}", key=server.operator_key)
        assert told.status == 200, what
        assert (told.json["provider_cost"] is None) == (receipt.provider_currency not in ("KRW", "USD")), what
    assert office.get("/console/margins/answers?since=30d").status_code == 200
    server.stop()
    server.start()  # so that it reads them as its newest
    look = open_page()
    today = look.go(server.operator_key)
    expect(today.locator("#stream > li")).to_have_count(len(ODD) + 1)
    for receipt in odd[:-1]:
        today.locator(f"#stream details[data-id='{receipt.id}'] summary").click()
    expect(today.locator(".slip")).to_have_count(len(ODD) - 1)
    assert look.all_complaints() == []
