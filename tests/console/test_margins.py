"""Margins in a real browser: the picture and the table are the books', and every line leads to single answers."""

from __future__ import annotations

import csv
import io
import re
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from click.testing import CliRunner
from playwright.sync_api import expect
from tests.asked_upstream import EVIL
from tests.browsing import OpenPage
from tests.chat.visits import Browser
from tests.console.visits import ask, demand_whole, key_of, sign_in
from tests.doors.server import Solvent

from solvent.answering.store import receipts_of
from solvent.billing.plan_store import latest
from solvent.billing.subscription import SubscriptionId, begun, waiting
from solvent.billing.subscription_store import put
from solvent.cli.main import solvent
from solvent.console.margin_answers import part_of
from solvent.db.engine import open_engine
from solvent.identity.caller import Customer
from solvent.identity.store import add_customer
from solvent.margin import availability_store
from solvent.margin.availability import Availability
from solvent.margin.line import MarginKey, MarginSums
from solvent.margin.store import add
from solvent.pages import formats
from solvent.values.ids import AnswerId, CustomerId
from solvent.values.money import money
from solvent.values.period import day_number, zone

pytestmark = pytest.mark.xdist_group("console")
FORMULA = '=HYPERLINK("https://evil.example","x")'


@pytest.fixture(scope="module", autouse=True)
def booked(server: Solvent) -> None:
    """A customer who earns, one who bleeds, one with a name that acts, one of whom a spreadsheet would make a link."""
    ask(server)
    for name, model in (("Dodam Press", "below-cost"), (EVIL, "plain"), (FORMULA, "below-cost")):
        customer = {"name": name, "plan": "pay-as-you-go", "grant": "1000"}
        key = server.operate("POST", "/v1/customers", customer)["api_key"]
        ask(server, "used 3000 0 900 0", key=key, model=model)


def signed_in(server: Solvent, key: str = "") -> Browser:
    browser = Browser(server)
    browser.send("/console/sign-in", "/console/sign-in", key=key or server.operator_key)
    return browser


@pytest.mark.parametrize("by", ["customer", "plan", "model", "day", "service", "key"])
def test_the_file_is_the_profit_and_loss_of_the_api(server: Solvent, by: str) -> None:
    answer = signed_in(server).get(f"/console/margins.csv?by={by}&since=7d")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))}
    told = server.operate("GET", f"/v1/margin?group_by={by}&since=7d")["rows"]
    assert set(rows) == {row["name"] for row in told}
    for row in told:
        for member in ("answers", "revenue", "granted", "earned", "cost", "margin"):
            assert rows[row["name"]][member] == str(row[member]), (row["name"], member)
    names = [row["display_name"] for row in rows.values()]
    assert not any(name.startswith("=") for name in names)
    assert by != "customer" or f"'{FORMULA}" in names
    assert by != "key" or all(row["customer"].startswith("cus_") for row in rows.values())


def test_the_picture_then_the_table_then_single_answers(server: Solvent, open_page: OpenPage) -> None:
    look = sign_in(open_page, server)
    page = look.page
    page.get_by_role("link", name="Margins").first.click()
    total = server.operate("GET", "/v1/margin?group_by=customer&since=30d")
    expect(page.locator(".say")).to_contain_text("in the red")
    expect(page.locator("figure.chart svg").first).to_be_visible()
    assert page.locator("figure.chart rect.bar").count() >= total["customers"] == 4
    rows = page.locator("#lines tbody tr")
    assert [row.get_attribute("id") for row in rows.all()] == [row["name"] for row in total["rows"]]
    loser = total["rows"][0]
    row = page.locator(f"[id='{loser['name']}']")
    row.locator("a.exp").click()
    expect(page.locator("tr.inside .mini tr").last).to_contain_text("−")
    keys = page.locator("tr.inside a[href*='&key=']")
    expect(keys).to_have_count(1)
    page.locator("tr.inside").get_by_role("link", name="View answers").click()
    expect(page.locator("tbody tr")).to_have_count(loser["answers"])
    page.locator("tbody a.row").first.click()
    expect(page.locator("h1")).to_have_text("One answer")
    assert page.locator("img").count() == 0
    assert look.all_complaints() == []


def days_of(server: Solvent) -> dict[str, int]:
    """How many answers were asked on each day: on one, unless midnight has passed meanwhile."""
    return {row["name"]: row["answers"] for row in server.operate("GET", "/v1/margin?group_by=day&since=7d")["rows"]}


def test_every_way_to_sum_up_leads_to_its_answers(server: Solvent) -> None:
    browser = signed_in(server)
    days = days_of(server)
    assert sum(days.values()) == 4
    wanted = {"model=plain": 2, "model=below-cost": 2, "plan=pay-as-you-go": 4}
    for query, count in (wanted | {f"day={day}": count for day, count in days.items()}).items():
        text = browser.get(f"/console/margins/answers?{query}&since=7d").text
        assert text.count("/console/answers/ans_") == count, query
    assert browser.get("/console/margins/answers?model=none").text.count("ans_") == 0


def test_every_step_leads_to_what_is_behind_it(server: Solvent) -> None:
    """And what costs were for is told of each answer: the steps of the table are sums of those."""
    browser = signed_in(server)
    steps = re.findall(
        r'data-step="(\w+)"><th scope="row">(?:<a href="([^"]+)")?', browser.get("/console/margins").text
    )
    named = {name: to.replace("&amp;", "&") for name, to in steps}
    assert {"charged", "revenue", "input", "output", "margin"} <= set(named)
    assert {name for name, to in named.items() if not to} - {"left"} == {"revenue", "margin"}
    told = server.operate("GET", "/v1/margin?since=30d")
    assert [step["name"] for step in told["waterfall"]] == list(named)
    assert {"name": "margin", "amount": told["total"]["margin"], "is_total": True} in told["waterfall"]
    for name, to in named.items():
        assert not to or browser.get(to).status_code == 200, name
    amounts = {step["name"]: Decimal(step["amount"]) for step in told["waterfall"]}
    demand_equal(server, browser, named, amounts)
    assert browser.get(named["output"]).text.count("/console/answers/ans_") == 4
    assert browser.get("/console/margins/answers?spent=video").text.count("/console/answers/ans_") == 0
    only = browser.get("/console/margins/answers?service=api/chat").text
    assert only.count("/console/answers/ans_") == 4
    assert "API, chat completions" in browser.get(re.findall(r"/console/answers/ans_\w+", only)[0]).text


def test_every_line_of_a_month_leads_to_postings_that_sum_to_it(server: Solvent) -> None:
    month = max(days_of(server))[: len("2026-11")]
    browser = signed_in(server)
    page = browser.get(f"/console/money/months/{month}").text
    links = [to.replace("&amp;", "&") for to in re.findall(r'href="/console/ledger/moved\?([^"]+)"', page)]
    (books,) = server.operate("GET", f"/v1/months/{month}")["books"]
    lines = [*books["profit_and_loss"], *books["balance_sheet"]]
    assert len(links) == len(lines) > 4
    for to, line in zip(links, lines, strict=True):
        assert browser.get(f"/console/ledger/moved?{to}").status_code == 200
        left, cursor, name = Decimal(0), "", line["account"]
        while cursor is not None:
            told = server.operate("GET", f"/v1/ledger/moved?{to}&limit=3&cursor={cursor}")
            for row in told["data"]:
                for side, sign in (("debit", 1), ("credit", -1)):
                    if f"{row[side]}:".startswith(f"{name}:"):
                        left += sign * Decimal(row["amount"])
            cursor = told["next_cursor"]
        kept = sum(Decimal(one["debits"]) - Decimal(one["credits"]) for one in told["sums"])
        up = 1 if line["section"] in ("owned", "spent", "between") else -1
        assert up * left == up * kept == Decimal(line["amount"]), line
    for wrong in ("accounts=wallet&spent=fees", "accounts=cash&since=2026-01-02", "", "spent=tea"):
        assert browser.get(f"/console/ledger/moved?{wrong}").status_code == 400
    for wrong in ("since=0001-01-01", "until=9999-12-31", "until=0001-01-01", "since=9999-12-31"):
        for of in ("ledger/moved?accounts=cash&", "ledger/moved?spent=fees&", "margins/answers?"):
            assert browser.get(f"/console/{of}{wrong}").status_code == 400, (of, wrong)
    assert browser.get("/console/margins/answers?day=9999-12-31").status_code == 400


def demand_equal(server: Solvent, browser: Browser, named: dict[str, str], amounts: dict[str, Decimal]) -> None:
    """What a step leads to sums to it: of every answer on the pages behind it, and as the page says of all."""
    for name, to in named.items():
        if "/margins/answers" not in to:
            continue
        page, ids = browser.get(to).text, list[str]()
        following = page
        while following:
            ids += re.findall(r"/console/answers/(ans_\w+)", following)
            older = re.search(r'href="(\?[^"]+)" rel="next"', following)
            following = browser.get(f"/console/margins/answers{older[1].replace('&amp;', '&')}").text if older else ""
        engine = open_engine(server.data)
        with engine.connect() as connection:
            found = receipts_of(connection, [AnswerId(id) for id in ids]).values()
        engine.dispose()
        assert len(found) == len(ids)
        part = re.search(r"spent=(\w+)", to)
        if part:
            summed = -sum(part_of(one, part[1]).grains for one in found)
        else:
            summed = sum(one.granted_grains if name == "gifts" else one.charge_grains for one in found)
            summed = -summed if name == "gifts" else summed
        assert summed == money(str(amounts[name]), "KRW").grains, name
        assert formats.money(money(str(abs(amounts[name])), "KRW"), "en") in page.replace("\u200a", ""), name


def test_customers_stand_on_the_line_of_their_plan(server: Solvent, open_page: OpenPage) -> None:
    """A mark each, whoever points at one sees who it is, and whoever is past the line is named."""
    now_us = time.time_ns() // 1000
    today = day_number(now_us, zone("Asia/Seoul"))
    engine = open_engine(server.data)
    with engine.begin() as connection:
        published = latest(connection, "plus")
        assert published is not None
        for n in range(12):
            id = CustomerId(f"cus_stand{n:02}")
            add_customer(connection, Customer(id, f"{EVIL} {n}", "plus", n))
            asked = waiting(SubscriptionId(f"sub_{n}"), id, published.plan, 1, None, "card", "Asia/Seoul", now_us)
            put(connection, [begun(asked, published.plan, now_us, with_trial=False)])
            sums = MarginSums(answers=n, cost_grains=n * 1_200 * 10**7)
            add(connection, [(MarginKey(today, id, "plus", "plain"), sums)])
    engine.dispose()
    page = sign_in(open_page, server).page
    page.goto(f"{server.url}/console/plans/plus")
    assert page.locator(".stand g").count() == 12
    past = page.locator("#stand tbody tr").count()
    assert 0 < past == page.locator(".stand g.past").count() < 12
    expect(page.locator("#stand tbody tr").first).to_contain_text(f"{EVIL} 11")
    page.locator(".stand g.past").last.focus()
    who = page.locator(".stand g.past .who").last
    expect(who).to_be_visible()
    expect(who).to_contain_text(f"{EVIL} 11: ₩13,200 for 11 answers")
    assert page.locator(".stand .who:visible").count() <= 1
    for scheme, width in (("light", 1340), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 844})
        demand_whole(page, f"where customers stand, {width}")
    assert "cus_stand" not in signed_in(server, key_of(server, "support")).get("/console/plans/plus").text


def test_what_no_link_says_is_refused_in_words(server: Solvent) -> None:
    browser = signed_in(server)
    for query in ("by=colour", "since=soon"):
        assert browser.get(f"/console/margins?{query}").status_code == 400
    assert browser.get("/console/margins?open=cus_none&since=2099-01-01").status_code == 200
    for path in ("/console/margins", "/console/margins.csv", "/console/margins/answers"):
        assert signed_in(server, key_of(server, "support")).get(path).status_code == 403
        assert Browser(server).get(path).status_code == 303


@pytest.mark.parametrize(("locale", "scheme"), [("ko-KR", "dark"), ("en-US", "light")])
def test_anybody_can_read_it(server: Solvent, open_page: OpenPage, locale: str, scheme: str) -> None:
    page = sign_in(open_page, server, locale=locale, color_scheme=scheme).page
    page.goto(f"{server.url}/console/margins")
    page.locator("a.exp").first.click()
    page.wait_for_url("**open=**")
    for width in (1340, 390):
        page.set_viewport_size({"width": width, "height": 844})
        expect(page.locator("figure.chart svg").first).to_be_visible()
        demand_whole(page, f"margins, {locale}, {width}")
    if locale == "ko-KR":
        expect(page.locator(".say")).to_contain_text("지난 30일 동안")


def test_a_thousand_customers_are_drawn_from_both_ends(
    new_server: object, open_page: OpenPage, server: Solvent
) -> None:
    """Only so many bars, and the page says so; what is shown is told apart from what there is."""
    engine = open_engine(server.data)
    today = day_number(time.time_ns() // 1000, zone("Asia/Seoul"))
    lines = [
        (
            MarginKey(today, f"cus_{n}", "pay-as-you-go", "plain"),
            MarginSums(answers=1, charge_grains=n, cost_grains=500),
        )
        for n in range(1000)
    ]
    with engine.begin() as connection:
        add(connection, lines)
    engine.dispose()
    text = signed_in(server).get("/console/margins?since=7d").text
    assert "Only 200 from each end are drawn." in text
    assert text.count('"margin":') == 400
    assert len(text) < 200_000


def test_idle_engines_are_a_line_of_their_own_in_the_api_and_in_the_report(server: Solvent) -> None:
    before = server.operate("GET", "/v1/margin?since=7d")
    today = day_number(time.time_ns() // 1_000, zone("Asia/Seoul"))
    hour = Availability(
        "idle_test", today, "house", 0, 1, 36 * 10**8, 2 * 36 * 10**8, 0, 1, "KRW", 1500 * 10**7, "cost"
    )
    engine = open_engine(server.data)
    with engine.begin() as connection:
        assert availability_store.add(connection, hour)
        assert not availability_store.add(connection, hour)
    engine.dispose()
    told = server.operate("GET", "/v1/margin?since=7d")
    assert (told["rows"], told["total"]) == (before["rows"], before["total"]), "no answer costs more"
    assert told["availability"] == [
        {
            "model": "house",
            "busy_hours": "1.000000",
            "idle_hours": "2.000000",
            "idle_watt_hours": None,
            "idle_cost": "1500",
        }
    ]
    assert Decimal(told["margin_after_idle"]) == Decimal(told["total"]["margin"]) - Decimal(told["idle_cost"])
    environment = {"SOLVENT_LANGUAGE": "en", "COLUMNS": "200"}
    words = ["report", "--data", str(server.data)]
    with ThreadPoolExecutor(1) as apart:  # the browser's event loop runs in this thread
        said = apart.submit(CliRunner().invoke, solvent, words, env=environment).result()
    assert "house: its engine was 33.3 % busy; 2.00 idle hours cost ₩1,500, which is on no answer." in said.output
    assert "What is left less idle engines" in said.output
