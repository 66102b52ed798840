"""Paying by card: cards that are saved and removed, and the way to a processor and back."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.browsing import NewServer
from tests.chat.own import SETTINGS, TABLES, TOSS, do, save_card, someone
from tests.doors.server import Solvent
from tests.payments.toss_server import SECRET_KEY, TossServer

pytestmark = pytest.mark.xdist_group("console")


@pytest.fixture(scope="module")
def toss() -> Iterator[TossServer]:
    server = TossServer()
    with server.running():
        yield server


@pytest.fixture(scope="module")
def server(new_server: NewServer, toss: TossServer) -> Solvent:
    os.environ["TOSS_KEY_OF_TESTS"] = SECRET_KEY
    return new_server(SETTINGS, TABLES + TOSS.format(base_url=toss.base_url))


def test_a_card_is_removed_after_its_page_said_what_that_does(server: Solvent, toss: TossServer) -> None:
    kim, id = someone(server)
    first = save_card(kim, toss, id)
    assert "Your plan does not need it" in kim.get(f"/plan/cards/{first}/remove").text
    assert do(kim, "/plan/change", plan="plus", rail="toss").startswith("/plan/pay/ord_")
    order = do(kim, "/plan/change", plan="plus", rail="bank").split("/")[-1]
    server.operate("POST", f"/v1/payments/{order}/confirm", {"amount": "9900"})
    asked = kim.get(f"/plan/cards/{first}/remove").text.replace("\u200a", "")
    assert "the only card of your plan Plus, which asks for ₩9,900" in asked
    assert "Plus ends, and Free begins" in asked
    second = save_card(kim, toss, id)
    assert second != first
    assert "Your plan is charged to" in kim.get(f"/plan/cards/{first}/remove").text
    assert "From then on your plan is charged to" in kim.get(f"/plan/cards/{second}/remove").text
    kept = set(toss.cards)
    assert do(kim, f"/plan/cards/{second}/remove") == "/plan#cards"
    (gone,) = [key for key in kept - set(toss.cards) if key.startswith("bill_")]
    assert gone
    page = kim.get("/plan").text
    assert first in page
    assert second not in page
    assert kim.get(f"/plan/cards/{second}/remove").status_code == 404
    do(kim, "/plan/cancel")
    assert "ends on" in kim.get(f"/plan/cards/{first}/remove").text
    assert "anyway" in kim.get(f"/plan/cards/{first}/remove").text
