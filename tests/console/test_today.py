"""Today in a real browser against a real server: what the operator sees is what is on the books."""

from __future__ import annotations

import re
import time
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.asked_upstream import EVIL
from tests.browsing import Look, NewServer, OpenPage
from tests.console.visits import ask
from tests.doors.server import Solvent
from tests.ports import unused_port

from solvent.db.engine import open_engine
from solvent.margin.earned_store import add_earned
from solvent.pages.drawing import WEB
from solvent.pages.words import words_of
from solvent.values.period import day_number, zone

pytestmark = pytest.mark.xdist_group("console")


def rows(page: Page) -> int:
    return page.locator("#stream > li").count()


def exact(page: Page, figure: str) -> Decimal:
    """The amount behind a figure, as the page was sent it."""
    return Decimal(page.locator(f"#fig-{figure} dd").first.locator("data").get_attribute("value") or "")


def said(page: Page) -> Decimal:
    """The amount behind the sentence."""
    return Decimal(page.locator("#say data").get_attribute("value") or "")


def amounts(page: Page, where: str) -> list[Decimal]:
    """The amounts as they are shown."""
    found = re.findall(r"₩(\d[\d,]*(?:\.\d+)?)", page.locator(where).inner_text())
    return [Decimal(text.replace(",", "")) for text in found]


def test_the_page_opens_with_the_key_after_the_hash_and_hides_it(server: Solvent, open_page: OpenPage) -> None:
    look = open_page()
    page = look.go(server.operator_key)
    expect(page.locator("#state")).to_have_text("Live")
    assert page.url == f"{server.url}/console"
    assert server.operator_key not in page.content()
    page.reload()
    expect(page.locator("#state")).to_have_text("Live")
    assert page.locator("h1:visible").count() == 1
    assert look.all_complaints() == []


# What is told stays on its way until `letGo()`.
SLOW_NEWS = """
const real = window.fetch, wait = new Promise((done) => { window.letGo = done; });
window.fetch = async (...asked) => {
  const answer = await real(...asked), reader = answer.body.getReader();
  const read = () => wait.then(() => reader.read());
  return { ok: answer.ok, status: answer.status, body: { getReader: () => ({ read }) } };
};"""


def test_it_is_live_when_what_the_books_say_is_shown(server: Solvent, open_page: OpenPage) -> None:
    id = ask(server)
    look = open_page()
    look.context.add_init_script(SLOW_NEWS)
    page = look.go(server.operator_key)
    assert page.locator("#state").inner_text() != "Live"
    page.evaluate("letGo()")
    shown = page.wait_for_function(
        "document.getElementById('state').textContent === 'Live'"
        " && [document.querySelector('#stream details')?.dataset.id ?? 'nothing yet']"
    )
    assert shown.json_value() == [id]
    assert look.all_complaints() == []


def test_an_empty_day_says_so_and_how_to_ask(new_server: NewServer, open_page: OpenPage) -> None:
    fresh = new_server()
    look = open_page(fresh)
    page = look.go(fresh.operator_key)
    expect(page.locator("#say")).to_have_text("No answer yet today")
    command = page.locator("#empty pre")
    expect(command).to_contain_text(f"curl {fresh.url}/v1/chat/completions")
    expect(command).to_contain_text("YOUR_KEY")
    expect(command).to_contain_text('"model": "plain"')
    ask(fresh)
    expect(page.locator("#stream > li")).to_have_count(1)
    expect(page.locator("#empty")).to_be_hidden()
    assert look.all_complaints() == []


def test_a_receipt_arrives_and_the_sums_are_those_of_the_books(server: Solvent, open_page: OpenPage) -> None:
    look = open_page()
    page = look.go(server.operator_key)
    expect(page.locator("#state")).to_have_text("Live")
    before = rows(page)
    ask(server)
    ask(server, "used 70 0 20 0", model="below-cost", user="user-7")
    expect(page.locator("#stream > li")).to_have_count(before + 2)
    total = server.operate("GET", "/v1/margin?group_by=model&since=1d")["total"]
    assert exact(page, "revenue") == Decimal(total["revenue"])
    assert exact(page, "cost") == Decimal(total["cost"])
    assert said(page) == Decimal(total["margin"])
    assert exact(page, "cost_each") == Decimal(total["cost_per_answer"])
    assert page.locator("#fig-answers dd").first.inner_text() == f"{total['answers']}"
    paid, cost, kept = [*amounts(page, "#say-sub"), *amounts(page, "#say")]
    assert kept == paid - cost, "what is shown adds up in view"
    assert look.all_complaints() == []


def test_what_plans_earn_is_in_what_is_left(new_server: NewServer, open_page: OpenPage) -> None:
    server = new_server()
    engine = open_engine(server.data)
    with engine.begin() as connection:
        today = day_number(time.time_ns() // 1000, zone("Asia/Seoul"))
        add_earned(connection, [(today, "cus_1", "pro", 33_000 * 10**7)])
    engine.dispose()
    server.stop()
    server.start()
    look = open_page(server)
    page = look.go(server.operator_key)
    expect(page.locator("#state")).to_have_text("Live")
    ask(server)
    expect(page.locator("#stream > li")).to_have_count(1)
    total = server.operate("GET", "/v1/margin?group_by=model&since=1d")["total"]
    assert Decimal(total["earned"]) == 33_000
    assert said(page) == Decimal(total["margin"])
    assert exact(page, "revenue") == Decimal(total["revenue"]) - Decimal(total["granted"]) + Decimal(total["earned"])
    paid, earned, cost, kept = [*amounts(page, "#say-sub"), *amounts(page, "#say")]
    assert kept == paid + earned - cost, "what is shown adds up in view"
    assert look.all_complaints() == []


def test_a_loss_has_its_sign_and_colour_and_a_failure_says_that_nothing_was_paid(
    server: Solvent, open_page: OpenPage
) -> None:
    ask(server, "used 70 0 20 0", model="below-cost")
    ask(server, "fails")
    page = open_page().go(server.operator_key)
    failed = page.locator("#stream > li.failed").first
    expect(failed.locator(".charge data")).to_have_text("₩0")
    expect(failed.locator(".outcome")).to_have_text("Failed")
    loss = page.locator("#stream .margin .loss").first
    assert loss.inner_text().startswith("−")
    assert loss.evaluate("node => getComputedStyle(node).color") == "rgb(194, 51, 15)"
    failed.locator("summary").click()
    expect(failed.locator(".facts")).to_contain_text("There was no answer, so nothing was charged.")
    expect(failed.locator(".facts")).to_contain_text("upstream_failed")


def test_a_receipt_unfolds_in_place_and_holds_the_page_still(server: Solvent, open_page: OpenPage) -> None:
    id = ask(server, user="user-7")
    page = open_page().go(server.operator_key)
    receipt = page.locator(f"#stream details[data-id='{id}']")
    receipt.locator("summary").press("Enter")
    slip = receipt.locator(".slip")
    for words in ("Read, new", "800", "Read again, cached", "200", "Thinking", "50", "page-price@2026-01-01"):
        expect(slip).to_contain_text(words)
    booked = server.receipt(id)
    expect(slip.locator(".total data")).to_have_attribute("value", booked["margin"])
    for words in ("it was complete", "first token after", "our own engine was not used", "user-7", id):
        expect(receipt.locator(".facts")).to_contain_text(words)
    count = rows(page)
    ask(server)
    expect(page.locator("#state")).to_contain_text("1 new receipt")
    assert rows(page) == count
    page.locator("#pause").click()
    expect(page.locator("#stream > li")).to_have_count(count + 1)
    expect(page.locator("#state")).to_have_text("Live")


def test_a_receipt_tells_of_pictures_that_were_seen(server: Solvent, open_page: OpenPage) -> None:
    id = ask(server, "used 1000 0 300 0 saw 765")
    page = open_page().go(server.operator_key)
    receipt = page.locator(f"#stream details[data-id='{id}']")
    expect(receipt.locator(".tokens")).to_contain_text("1,300")
    receipt.locator("summary").press("Enter")
    rows = receipt.locator(".slip tr").all_inner_texts()
    assert [" ".join(row.split()) for row in rows[:4]] == [
        "Read, new 235", "Pictures seen 765", "Written answer 300", "All 1,300",
    ]  # fmt: skip


def test_pause_holds_the_stream_and_resume_lets_it_go_on(server: Solvent, open_page: OpenPage) -> None:
    page = open_page().go(server.operator_key)
    expect(page.locator("#state")).to_have_text("Live")
    page.locator("#pause").click()
    expect(page.locator("#pause")).to_have_text("Resume")
    count = rows(page)
    ask(server)
    ask(server)
    expect(page.locator("#state")).to_contain_text("2 new receipts")
    assert rows(page) == count
    page.locator("#pause").click()
    expect(page.locator("#stream > li")).to_have_count(count + 2)


def test_a_wrong_key_is_told_at_the_field(open_page: OpenPage) -> None:
    page = open_page().go()
    field = page.get_by_label("Operator’s key")
    expect(field).to_be_focused()
    assert field.get_attribute("type") == "password"
    told = {"": "Write the key", "op-solvent-unknown": "not known", "키": "not known"}
    for given, words in told.items():
        field.fill(given)
        field.press("Enter")
        expect(page.locator("#key-note")).to_contain_text(words)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_be_focused()


def test_a_customers_key_is_told_apart_and_the_whole_address_can_be_pasted(
    server: Solvent, open_page: OpenPage
) -> None:
    page = open_page().page
    page.goto(f"{server.url}/console#{server.key}")
    expect(page.locator("#key-note")).to_contain_text("operator’s key")
    assert "#" not in page.url
    page.get_by_label("Operator’s key").fill(f" {server.url}/console#{server.operator_key} ")
    page.get_by_label("Operator’s key").press("Enter")
    expect(page.locator("#state")).to_have_text("Live")
    page.locator(".rail-foot").get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Operator’s key")).to_be_visible()
    page.goto(f"{server.url}/console")
    expect(page.get_by_label("Operator’s key")).to_be_visible()


def test_speaks_korean_or_english_and_remembers_which(server: Solvent, open_page: OpenPage) -> None:
    ask(server)
    page = open_page(locale="ko-KR").go(server.operator_key)
    expect(page.locator("#say")).to_have_text(re.compile(r"^지금까지 [\d,.]+원 남겼습니다$"))
    assert page.evaluate("document.documentElement.lang") == "ko"
    page.locator("#stream summary").first.click()
    expect(page.locator("#stream .facts").first).to_contain_text("고객이 고른 모델")
    page.locator(".rail-foot").get_by_role("button", name="English").click()
    expect(page.locator("#say")).to_have_text(re.compile(r"^You have kept ₩[\d,.]+ so far today$"))
    page.locator("#stream summary").first.click()
    expect(page.locator("#stream .facts").first).to_contain_text("the customer asked for it")
    assert page.evaluate("document.documentElement.lang") == "en"
    page.reload()
    expect(page.locator("#say")).to_contain_text("You have kept")


def test_every_word_that_the_scripts_ask_for_is_written() -> None:
    asked = {
        name
        for file in ("today", "receipts", "slip", "figures")
        for name in re.findall(r"\b(?:say|told)\('(\w+)'", (WEB / "js" / f"{file}.js").read_text(encoding="utf-8"))
    }
    assert len(asked) > 20
    assert [name for name in sorted(asked) if not words_of("ko").has(f"live.{name}")] == []


def test_follows_the_systems_dark_mode(server: Solvent, open_page: OpenPage) -> None:
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    page = open_page(color_scheme="dark").go(server.operator_key)
    assert page.evaluate(paper) == "rgb(20, 21, 23)"
    page.emulate_media(color_scheme="light")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"


def test_nothing_runs_over_the_side(server: Solvent, open_page: OpenPage) -> None:
    long_name = "A customer whose name goes on and on without any end in sight, " * 2
    key = server.operate("POST", "/v1/customers", {"name": long_name[:120], "plan": "plus", "grant": "100"})["api_key"]
    ask(server, key=key, user="u" * 60)
    page = open_page(viewport={"width": 390, "height": 844}).go(server.operator_key)
    page.locator("#stream summary").first.click()
    expect(page.locator("#stream .slip").first).to_be_visible()
    assert page.locator("#stream summary").first.evaluate("node => node.getBoundingClientRect().height") >= 44
    for width in (390, 600, 768, 870, 900, 1010, 1100, 1190, 1340):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width


def test_names_and_an_upstreams_words_are_shown_and_never_run(server: Solvent, open_page: OpenPage) -> None:
    customer = {"name": EVIL, "plan": "plus", "grant": "100"}
    key = server.operate("POST", "/v1/customers", customer)["api_key"]
    look = open_page()
    page = look.go(server.operator_key)
    expect(page.locator("#state")).to_have_text("Live")
    id = ask(server, "evil", key=key, user=EVIL)
    receipt = page.locator(f"#stream details[data-id='{id}']")
    expect(receipt.locator(".who")).to_contain_text(EVIL)
    receipt.locator("summary").click()
    expect(receipt.locator(".facts")).to_contain_text(EVIL)
    page.wait_for_timeout(200)
    assert page.locator("img").count() == 0
    assert look.all_complaints() == []


def test_a_lost_connection_says_so_and_comes_back_by_itself(new_server: NewServer, open_page: OpenPage) -> None:
    port = str(unused_port())
    other = new_server("", "", "--port", port)
    ask(other)
    page = open_page(other).go(other.operator_key)
    expect(page.locator("#stream > li")).to_have_count(1)
    assert other.stop() == 0
    expect(page.locator("#state")).to_contain_text("Connection lost")
    expect(page.locator("#say")).to_contain_text("You have kept")
    other.start("--port", port)
    expect(page.locator("#state")).to_have_text("Live")
    ask(other)
    expect(page.locator("#stream > li")).to_have_count(2)


def test_headers_keep_foreign_scripts_and_frames_out(server: Solvent) -> None:
    files = ("/static/js/today.js", "/static/css/tokens.css", "/static/mark.svg")
    for path in ("/sign-in", "/console/sign-in", *files, "/nowhere", "/static/nowhere"):
        answer = server.send("GET", path, key="")
        assert answer.status == (404 if "nowhere" in path else 200)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
    assert server.send("GET", "/static/../console/pages.py", key="").status == 404
    assert server.send("GET", "/static/%2e%2e/console/pages.py", key="").status == 404


def module(look: Look, name: str, expression: str) -> Any:
    """What an expression makes of one of the page's own modules, `it`."""
    return look.page.evaluate(f"import('/static/js/{name}.js').then((it) => {expression})")


def test_amounts_are_rounded_for_the_eye_only_and_never_pass_through_a_float(open_page: OpenPage) -> None:
    look = open_page()
    look.go()
    wanted = {
        ("0", "KRW", "ko"): "0원",
        ("0.75", "KRW", "ko"): "0.75원",
        ("12.125", "KRW", "ko"): "12.1원",
        ("1240.5", "KRW", "ko"): "1,240원",
        ("1241.5", "KRW", "ko"): "1,242원",
        ("-12.34", "KRW", "ko"): "−12.3원",
        ("-12.34", "KRW", "en"): "−\u200a₩12.3",
        ("0.0000004", "KRW", "ko"): "0.00000040원",
        ("9007199254740993.01", "USD", "en"): "$9,007,199,254,740,993.01",
        ("0.000123", "USD", "ko"): "$0.00012",
        ("5", "CHF", "en"): "CHF\u00a05.00",
    }
    for (text, currency, language), shown in wanted.items():
        made = module(look, "money", f"it.moneyText(it.picos('{text}'), '{currency}', '{language}')")
        assert made == shown, text
    assert module(look, "money", "it.moneyText(it.picos('0.0004'), 'KRW', 'ko', 2)") == "<0.01원"
    assert module(look, "money", "it.rateText('2771/2')") == "1,385.5"
    assert module(look, "money", "it.percentage(it.picos('-1'), it.picos('8'))") == "−12.5%"
    with pytest.raises(Exception, match="not an amount"):
        module(look, "money", "it.picos('1e5')")


def test_events_are_read_wherever_the_network_cuts_them(open_page: OpenPage) -> None:
    look = open_page()
    look.go()
    stream = ': beat\n\nevent: state\ndata: {"a": 1}\n\r\nevent: receipt\r\ndata: x\r\ndata:y\r\n\r\n: beat\n\n'
    for step in (1, 2, 3, 7, len(stream)):
        cut = [stream[at : at + step] for at in range(0, len(stream), step)]
        heard = look.page.evaluate(
            "(cut) => import('/static/js/events.js').then((it) => { const heard = []; const feed ="
            " it.eventReader((name, data) => heard.push([name, data])); cut.forEach(feed); return heard; })",
            cut,
        )
        assert heard == [["state", '{"a": 1}'], ["receipt", "x\ny"]], step


COUNT_DRAWS = """() => {
  window.draws = 0;
  window.counted = performance.now();
  new MutationObserver(() => { draws += 1; }).observe(document.getElementById('stream'), { childList: true });
}"""


def test_many_receipts_at_once_are_drawn_together_and_the_oldest_go(server: Solvent, open_page: OpenPage) -> None:
    page = open_page().go(server.operator_key)
    expect(page.locator("#state")).to_have_text("Live")
    page.evaluate(COUNT_DRAWS)
    newest = [ask(server, "used 10 0 5 0") for _ in range(110)][-1]
    expect(page.locator("#stream details").first).to_have_attribute("data-id", newest)
    assert rows(page) == 100
    draws, possible = page.evaluate("[draws, 2 + (performance.now() - counted) / 250]")
    assert draws <= possible
