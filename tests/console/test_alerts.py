"""What needs a look: each kind of alert is made real, is seen on Today with its sum, and goes when it is mended."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from msgspec.structs import replace
from tests.answering.desks import COST, PRICE
from tests.answering.test_route import DOLLARS, RATE, route
from tests.browsing import CARDS, CONFIG, MODEL
from tests.console.test_offices import Office
from tests.console.visits import ask
from tests.doors.server import Solvent, eventually

from solvent.console.alerts import without_price
from solvent.console.lasting import lacks
from solvent.pricing.rate_card import RateCard

pytestmark = pytest.mark.xdist_group("console")
HALF = """\
card: half-price
currency: KRW
entries:
  - {from: 2026-01-01, input: 5000, output: 20000, audio_input: 9000}
---
card: half-cost
currency: KRW
entries:
  - {from: 2026-01-01, input: 3000, output: 12000}
"""
MENDED = "  - {from: 2026-01-02, input: 3000, output: 12000, audio_input: 6000}\n"
PLAN = {"name": "tight", "price": "30", "tax_permille": 0, "fee_permille": 0, "at_a_loss": True,
        "included": [{"money": "1000"}]}  # fmt: skip


@pytest.fixture(scope="module")
def server(base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    """With a model whose cost card lacks sound."""
    models = MODEL.format(name="plain", url=base_url, price="page-price")
    models += MODEL.format(name="half", url=base_url, price="half-price").replace("page-cost", "half-cost")
    made = Solvent(tmp_path_factory.mktemp("alerts"), CONFIG + models)
    (made.folder / "rate_cards" / "page.yaml").write_text(CARDS)
    (made.folder / "rate_cards" / "half.yaml").write_text(HALF)
    yield made.start()
    made.kill()


def told(office: Office) -> dict[str, str]:
    """The alerts of Today: each with the sum behind it."""
    page = office.get("/console").text
    part = page[page.index('id="alerts"') : page.index('id="models-part"')]
    return {unescape(title): unescape(why) for title, why in re.findall(r"<b>([^<]*)</b><p>([^<]*)</p>", part)}


def mended(server: Solvent) -> None:
    """The price that lacked is written, and the settings are read again."""
    with (server.folder / "rate_cards" / "half.yaml").open("a") as card:
        card.write(MENDED)
    assert server.process is not None
    server.process.send_signal(signal.SIGHUP)


def bill(server: Solvent, cost: str) -> None:
    """What a provider says that one day came to: nothing of it is in the books."""
    day = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    rows = f"Day,Model,Cost,Kind\n{day},plain,{cost},Usage\n".encode()
    office = Office(server)
    page = office.get("/console/money/bills").text
    data = {
        "csrf": office.own_token(page), "do": "import_bill", "once": f"bill{cost}", "provider": "mock",
        "columns": "date=Day; amount=Cost; model=Model; kind=Kind", "currency": "KRW",
    }  # fmt: skip
    went = office.http.post("/console/money/bills", data=data, files={"file": ("bill.csv", rows)})
    assert went.status_code == 303, went.text


def test_each_alert_comes_with_what_it_is_about_and_goes_when_that_is_mended(server: Solvent) -> None:
    office, korean = Office(server), Office(server, language="ko")
    assert told(office) == {}
    for _ in range(3):
        assert ask(server, "fails") == ""
    (failing,) = [one for one in told(office) if "does not answer" in one]
    assert "It failed several times in a row. It is left alone for" in told(office)[failing]
    assert any("답이 오지 않습니다" in one for one in told(korean))

    server.operate("POST", "/v1/plans", PLAN)
    made = server.operate("POST", "/v1/customers", {"name": "Dodam & Co", "plan": "tight", "pays": "invoice"})
    key = made["api_key"]
    near, past, seen = "Dodam & Co is close to break-even", "Dodam & Co is past break-even", set[str]()
    while past not in seen:
        assert ask(server, "used 500 0 250 0", model="half", key=key)
        seen |= told(office).keys()
    assert near in seen
    assert near not in told(office), "one of them at a time"
    assert re.search(r"Brought in on tight ₩30.0, cost so far ₩[\d.]+", told(office)[past])
    assert "Dodam & Co: 본전을 넘었습니다" in told(korean)

    assert ask(server, "used 1000 0 300 0 heard 40", model="half")
    lacking = eventually(lambda: told(office).get("half lacks a price"), "no alert of the price that lacks")
    assert "Without one: Audio input (What we pay)." in lacking

    bill(server, "9000")
    (residual,) = [one for one in told(office) if "bill and books differ" in one]
    assert "₩9,000" in residual

    bill(server, "0")
    assert residual not in told(office)
    mended(server)
    eventually(lambda: "half lacks a price" not in told(office), "the price is there, and the alert too")
    eventually(lambda: ask(server), "the upstream is not tried again")
    assert failing not in told(office)
    server.operate("POST", f"/v1/customers/{made['id']}/subscription/change", {"plan": "pro", "when": "now"})
    assert told(office) == {}
    assert {one["kind"] for one in server.operate("GET", "/v1/alarms")["data"]} >= {"unpriced", "bill_residual"}


def test_models_without_a_price_in_force_are_named_once() -> None:
    good, bad = route([COST], [PRICE]), replace(route([], [PRICE]), model="bad")
    abroad = replace(route([DOLLARS], [PRICE]), model="abroad")
    assert without_price([good], "KRW", [], 200) == []
    assert without_price([good, bad, bad, abroad], "KRW", [], 200) == ["bad", "abroad"]
    assert without_price([bad, abroad], "KRW", [RATE], 200) == ["bad"]
    assert without_price([good], "USD", [], 200) == ["house"]


def test_a_price_lacks_until_it_is_in_force_in_the_book_it_lacked_in() -> None:
    half = RateCard("half", "KRW", 0, "test", input_picos=1, output_picos=1)
    later = replace(half, valid_from_us=100, cached_input_picos=1)
    assert lacks(route([half], [PRICE]), "unpriced:cost:cached_input", 200)
    assert not lacks(route([half], [PRICE]), "unpriced:price:cached_input", 200)
    assert lacks(route([half, later], [PRICE]), "unpriced:cost:cached_input", 99)
    assert not lacks(route([half, later], [PRICE]), "unpriced:cost:cached_input", 100)
    assert lacks(route([half], [PRICE]), "unpriced:cost:flex", 200), "a tariff that the card lacks"
    assert lacks(route([], [PRICE]), "unpriced:cost:input", 200)
    assert lacks(route([half], [PRICE]), "unpriced:cached_input", 200), "of an earlier version, which named no book"
    assert not lacks(route([later], [PRICE]), "unpriced:cached_input", 200)
