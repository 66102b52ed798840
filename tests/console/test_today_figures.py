"""What Today is held against, what it warns of, where its figures lead, and that anybody can read it, quickly."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect
from sqlalchemy import delete
from tests.browsing import NewServer, OpenPage
from tests.console.visits import ask, demand_whole
from tests.doors.server import Solvent

from solvent.answering import store
from solvent.db.engine import open_engine
from solvent.margin import store as margin_store
from solvent.margin.line import MarginKey, MarginSums
from solvent.values.ids import AnswerId, new_id
from solvent.values.period import day_number, start_of_day, zone

pytestmark = pytest.mark.xdist_group("console")
WEIGHT_MAX = 250_000  # bytes of the page and all it needs, but its font, which is kept for a year
WEIGHT = """['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind))
    .filter(({name}) => !/woff2|live-events/.test(name)).reduce((all, one) => all + one.encodedBodySize, 0)"""


def test_today_is_held_against_yesterday_at_this_hour_and_stays_light_with_many_receipts(
    new_server: NewServer, open_page: OpenPage
) -> None:
    other = new_server()
    id = ask(other)
    engine = open_engine(other.data)
    with engine.begin() as connection:
        known = store.receipt(connection, AnswerId(id))
        assert known is not None
        seoul = zone("Asia/Seoul")
        yesterday_us = start_of_day(day_number(known.at_us, seoul) - 1, seoul)
        for at_us, count in ((known.at_us, 10_000), (yesterday_us, 3)):
            rows = [replace(known, id=AnswerId(new_id("ans", at_us - n, n)), at_us=at_us) for n in range(count)]
            store.append(connection, rows)
        connection.execute(delete(store.unsummed))  # as a version before booked them; what they came to follows
        key = MarginKey(day_number(yesterday_us, seoul), known.customer, known.plan, known.model)
        margin_store.add(connection, [(key, MarginSums(answers=3, charge_grains=80 * 10**7, cost_grains=10 * 10**7))])
    engine.dispose()
    other.stop()
    other.start()
    look = open_page(other)
    page = look.go(other.operator_key)
    expect(page.locator("#stream > li")).to_have_count(50)
    expect(page.locator("#fig-answers")).to_contain_text("3 this time yesterday")
    expect(page.locator("#month")).to_contain_text("today among them, ₩70.0: the mean of the last whole days (1)")
    page.wait_for_selector("#day svg", state="attached")
    assert page.evaluate(WEIGHT) < WEIGHT_MAX
    assert look.all_complaints() == []


@pytest.mark.parametrize(("locale", "scheme"), [("ko-KR", "light"), ("en-US", "dark")])
def test_nothing_keeps_anybody_from_reading_today_and_an_answer(
    server: Solvent, open_page: OpenPage, locale: str, scheme: str
) -> None:
    ask(server, "used 70 0 20 0", model="below-cost")
    page = open_page(locale=locale, color_scheme=scheme).go(server.operator_key)
    page.locator("#stream summary").first.click()
    for width in (1340, 390):
        page.set_viewport_size({"width": width, "height": 844})
        demand_whole(page, f"today, {width}")
    page.locator("#stream .facts a").first.click()
    page.wait_for_url("**/console/answers/*")
    for width in (390, 1340):
        page.set_viewport_size({"width": width, "height": 844})
        demand_whole(page, f"an answer, {width}")


def test_a_receipt_leads_to_both_books_and_what_was_posted(server: Solvent, open_page: OpenPage) -> None:
    id = ask(server)
    page = open_page().go(server.operator_key)
    page.locator(f"#stream details[data-id='{id}'] summary").click()
    page.locator(f"#stream details[data-id='{id}'] .facts a").click()
    booked = server.receipt(id)
    expect(page.locator(".slip")).to_contain_text(booked["price_card"])
    expect(page.locator(".slip")).to_contain_text(booked["cost_card"])
    told = server.operate("GET", f"/v1/ledger/transfers?cause={id}")["data"]
    rows = page.locator(".ledger tbody tr")
    assert rows.count() == len(told) > 1
    for row, one in zip(rows.all(), told, strict=True):
        for member in ("debit", "credit", "amount", "id"):
            expect(row).to_contain_text(one[member])
    assert page.goto(f"{server.url}/console/answers/ans_none").status == 404  # type: ignore[union-attr]


def test_every_figure_leads_to_what_is_behind_it(server: Solvent, open_page: OpenPage) -> None:
    """And keeps the keyboard's place while answers come in."""
    server.operate("POST", "/v1/customers", {"name": "Pays", "plan": "plus", "pays": "invoice"})
    ask(server)
    look = open_page()
    page = look.go(server.operator_key)
    expect(page.locator("#state")).to_have_text("Live")
    for name in ("answers", "revenue", "cost", "margin_rate", "cost_each"):
        figure = page.locator(f"#fig-{name} a")
        path = figure.get_attribute("href") or ""
        behind = look.context.request.get(f"{server.url}{path}")
        assert behind.ok, path
        anchor = path.partition("#")[2]
        assert not anchor or f'id="{anchor}"' in behind.text(), path
    answers = int(page.locator("#fig-answers a").inner_text())
    page.locator("#fig-cost a").focus()
    ask(server)
    expect(page.locator("#fig-answers a")).to_have_text(str(answers + 1))
    assert page.evaluate("document.activeElement.closest('#figs > div')?.id") == "fig-cost"
    page.goto(f"{server.url}/console")
    row = page.locator("#models tbody tr", has_text="plain")
    of_model = int(row.locator("td").first.inner_text())
    row.get_by_role("link").click()
    expect(page.locator("main .ledger tbody tr")).to_have_count(of_model)
    page.goto(f"{server.url}/console")
    for link in page.locator("#month a, #plans a").all():
        assert look.context.request.get(f"{server.url}{link.get_attribute('href')}").ok
