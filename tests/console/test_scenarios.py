"""The pages of scenarios: runs are listed, looked at, compared and adopted, in both languages, by those who may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import update
from tests.browsing import NewServer, OpenPage
from tests.console.test_offices import Office
from tests.console.visits import ask, demand_whole, key_of, sign_in
from tests.doors.server import Solvent

from solvent.db.engine import open_engine
from solvent.simulation.kept_run_store import simulation_runs

pytestmark = pytest.mark.xdist_group("console")
PHONE = {"locale": "ko-KR", "color_scheme": "dark", "viewport": {"width": 390, "height": 844}}
EVIL = "<script>alert(1)</script>"
PLANS = """\
- {name: dear, price: '9000', beyond: stop, included: [{answers: 300}]}
"""


@pytest.fixture(scope="module")
def server(new_server: NewServer, tmp_path_factory: pytest.TempPathFactory) -> Solvent:
    """Two runs are kept: of a month from a file, with a year, and of its own books."""
    server = new_server()
    folder: Path = tmp_path_factory.mktemp("traffic")
    (folder / "plans.yaml").write_text(PLANS)
    rows = [f'2026-11-{1 + n // 30:02} {n % 24:02}:15:00,900,500,"{EVIL}{n % 7}"' for n in range(27 * 30)]
    (folder / "trace.csv").write_text("at,input_tokens,output_tokens,customer\n" + "\n".join(rows) + "\n")
    trace = ("--trace", str(folder / "trace.csv"), "--sort", "--model", "plain", "--year", "--draws", "40")
    ask(server)
    for words in (
        (
            *trace,
            "--plan",
            "pay-as-you-go",
            "--plans",
            str(folder / "plans.yaml"),
            "--plan",
            "dear",
            "--keep",
            "autumn",
        ),
        ("--plans", str(folder / "plans.yaml"), "--plan", "dear", "--keep", "own", "--seed", "2"),
    ):
        done = server.run("simulate", *words)
        assert done.returncode == 0, done.stderr
    return server


def test_runs_are_looked_at_and_compared_on_a_phone_and_by_keyboard(server: Solvent, open_page: OpenPage) -> None:
    look = sign_in(open_page, server, key_of(server, "read_only"), **PHONE)
    page = look.page
    page.goto(f"{server.url}/console/scenarios")
    demand_whole(page, "list")
    assert page.locator("#runs tbody tr").count() == 2
    for name in ("autumn", "own"):
        page.get_by_role("checkbox", name=name).focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="비교").press("Enter")
    page.wait_for_url("**/compare?run=*")
    demand_whole(page, "compared")
    assert page.locator("#figures thead th").count() == 3, page.locator("main").inner_text()
    assert "다름" in page.locator("#given tr", has_text="트래픽").first.inner_text()
    assert page.locator(".drawn figure").count() == 1  # a year was drawn in one of them alone
    page.goto(f"{server.url}/console/scenarios/autumn")
    demand_whole(page, "run")
    assert page.locator("#scenarios tbody tr").count() == 2
    assert not page.get_by_role("link", name="채택").count()  # who reads alone adopts nothing
    page.goto(f"{server.url}/console/scenarios/compare?run=autumn")
    assert "둘에서 넷" in page.locator("main").inner_text()  # says how many, and breaks nothing
    assert [one for one in look.all_complaints() if "400" not in one] == []


def test_a_run_that_is_called_as_something_else_in_an_address_has_its_page_and_report(server: Solvent) -> None:
    engine, office = open_engine(server.data), Office(server)
    for name, new in (("own", "asked"), ("asked", "own")):
        with engine.begin() as connection:
            connection.execute(update(simulation_runs).where(simulation_runs.c.name == name).values(name=new))
        for path in (f"/console/scenarios/{new}", f"/console/scenarios/{new}/report"):
            assert office.get(path).status_code == 200, path
    engine.dispose()


def test_a_report_is_shown_and_can_do_nothing(server: Solvent, open_page: OpenPage) -> None:
    look = sign_in(open_page, server)
    reply = look.page.goto(f"{server.url}/console/scenarios/autumn/report")
    assert reply is not None
    assert "sandbox" in reply.headers["content-security-policy"].split("; ")
    assert EVIL in look.page.locator("main").inner_text()  # as words
    assert look.page.locator("script").count() == 1  # its JSON
    with pytest.raises(Exception, match="sandboxed"):
        look.page.evaluate("document.cookie")
    stranger = open_page(server).page.request.get(f"{server.url}/console/scenarios/autumn/report", max_redirects=0)
    assert stranger.status == 303
    support = sign_in(open_page, server, key_of(server, "support")).page
    for path in ("", "/autumn", "/autumn/report", "/compare?run=autumn&run=own", "/autumn/adopt/dear"):
        reply = support.goto(f"{server.url}/console/scenarios{path}")
        assert reply is not None
        assert reply.status == 403, path


def test_a_plan_is_adopted_with_one_click_after_it_says_what_that_changes(server: Solvent, open_page: OpenPage) -> None:
    look = sign_in(open_page, server, key_of(server, "finance"), locale="en-US")
    page = look.page
    page.goto(f"{server.url}/console/scenarios/own")
    page.get_by_role("link", name="Adopt").first.click()
    page.wait_for_url("**/own/adopt/dear")
    demand_whole(page, "adopt")
    assert "9000" in page.locator("#differences").inner_text()
    assert "1 customers would pay more" in page.locator("main").inner_text()
    page.get_by_role("button", name="Put it on sale").click()
    expect(page.locator(".done")).to_contain_text("on sale")
    expect(page.locator(".say")).to_contain_text("version 1")
    sold = server.operate("GET", "/v1/plans/dear")["data"]
    assert [(one["version"], one["terms"]["price"]) for one in sold] == [(1, "9000")]
    expect(page.locator(".say")).not_to_contain_text("goes on sale")  # it is
    server.operate("POST", "/v1/plans/dear/withdraw", {})
    page.goto(f"{server.url}/console/scenarios/own/adopt/dear")
    demand_whole(page, "adopt again")
    expect(page.locator(".say")).to_have_text("dear goes on sale as version 1")
    assert "It is off sale now" in page.locator("main").inner_text()
    page.get_by_role("button", name="Put it on sale").click()
    expect(page.locator(".say")).to_have_text("dear is on sale so, as version 1")
    (sold,) = server.operate("GET", "/v1/plans/dear")["data"]
    assert (sold["version"], sold["is_on_sale"]) == (1, True)
    server.operate("POST", "/v1/plans", {"name": "dear", "price": "10"})
    page.goto(f"{server.url}/console/scenarios/own/adopt/dear")
    expect(page.locator(".trouble")).to_contain_text("Run it again")
    assert not page.get_by_role("button", name="Put it on sale").count()
    assert look.all_complaints() == []


def test_what_a_scenario_differs_in_is_said_and_only_a_plan_itself_is_adopted(
    server: Solvent, open_page: OpenPage, tmp_path: Path
) -> None:
    (tmp_path / "free").mkdir()
    card = "card: page-price\ncurrency: KRW\nentries:\n  - {from: 2020-01-01, answer: 0, source: made for a test}\n"
    (tmp_path / "free/cards.yaml").write_text(card)
    file = tmp_path / "scenarios.yaml"
    file.write_text(
        "- {name: pay-as-you-go, plan: pay-as-you-go, prices: free}\n- {name: dear, plan: dear, cached: 500}\n"
    )
    (tmp_path / "plans.yaml").write_text(PLANS)
    report = tmp_path / "report.html"
    words = ("--scenarios", str(file), "--plans", str(tmp_path / "plans.yaml"), "--language", "ko")
    done = server.run("simulate", *words, "--report", str(report), "--keep", "varied")
    assert done.returncode == 0, done.stderr
    assert "<p>pay-as-you-go에서 다른 점: plain의 판매 가격" in report.read_text()
    assert "다만 pay-as-you-go에는 제 단가표가 있습니다" in report.read_text()
    page = sign_in(open_page, server, locale="en-US").page
    page.goto(f"{server.url}/console/scenarios/varied")
    demand_whole(page, "varied run")
    said = page.locator("main").inner_text()
    assert "pay-as-you-go differs: plain is sold at other prices" in said
    assert "pay-as-you-go is not adopted from this run" in said
    assert "when each answer was asked, but for pay-as-you-go, which has cards of its own" in said
    assert page.get_by_role("link", name="Adopt").count() == 1
    page.get_by_role("link", name="Adopt").click()
    page.wait_for_url("**/varied/adopt/dear")
    demand_whole(page, "varied adopt")
    assert "dear differs: 50.0% of what is read comes from a cache." in page.locator("main").inner_text()
    page.goto(f"{server.url}/console/scenarios/compare?run=varied/dear&run=varied/pay-as-you-go")
    demand_whole(page, "varied compared")
    row = page.locator("#given tr.differs", has_text="differs in").inner_text()
    assert "sold at other prices" in row
    assert "50.0%" in row
    page.goto(f"{server.url}/console/scenarios/varied/adopt/pay-as-you-go")
    assert "of other prices or costs" in page.locator("main").inner_text()
    assert not page.get_by_role("button", name="Put it on sale").count()
    server.operate("POST", "/v1/simulations/varied/remove", {})


@contextmanager
def staying(page: Page) -> Iterator[None]:
    """Nothing is told of how far a run is, so that its page stays while somebody looks at it, or leaves it."""
    held: list[Route] = []
    page.route("**/console/asked/*", lambda route: held.append(route))
    yield
    page.unroute("**/console/asked/*")  # which lets all go on


def test_a_run_is_asked_for_goes_on_while_nobody_looks_and_leads_to_what_it_found(
    server: Solvent, open_page: OpenPage
) -> None:
    look = sign_in(open_page, server, key_of(server, "finance"), locale="en-US")
    page = look.page
    page.goto(f"{server.url}/console/scenarios")
    page.get_by_role("link", name="Run a simulation").click()
    page.wait_for_url("**/scenarios/new")
    demand_whole(page, "the form")
    assert page.locator("#run-generate").is_hidden()  # of a source that is not chosen
    page.get_by_role("radio", name="A file").check()
    page.locator("#run-file").set_input_files(
        {"name": "autumn.csv", "mimeType": "text/csv", "buffer": b"at,input_tokens,output_tokens\n2026-11-01,5,-3\n"}
    )
    page.locator("#run-model").fill("plain")
    page.get_by_text("Assumptions and their ranges").click()
    page.get_by_role("textbox", name="customers who leave a month").fill("0.5:0.4")
    page.get_by_role("button", name="Run it").click()
    expect(page.get_by_role("alert")).to_contain_text("within 0 to 1")
    demand_whole(page, "the form with trouble")
    page.get_by_role("textbox", name="customers who leave a month").fill("0.01:0.02:0.05")
    page.locator("#run-file").set_input_files(
        {"name": "autumn.csv", "mimeType": "text/csv", "buffer": b"at,input_tokens,output_tokens\n2026-11-01,5,-3\n"}
    )
    with staying(page):
        page.get_by_role("button", name="Run it").click()
        page.wait_for_url("**/new?done=ask_run")
        demand_whole(page, "it runs")
    expect(page.locator("#asked")).to_contain_text("output_tokens", timeout=30_000)  # the row at fault, and why
    expect(page.locator("#asked")).to_contain_text("came to nothing")
    page.get_by_role("radio", name="Our own books").check()
    page.get_by_role("checkbox", name="Pay as you go").check()
    page.get_by_role("checkbox", name="Draw the year to come").uncheck()
    page.locator("#run-seed").fill("3")
    page.locator("#run-keep").fill("asked-for")
    with staying(page):
        page.get_by_role("button", name="Run it").click()
        page.wait_for_url("**/new?done=ask_run")
        page.goto(f"{server.url}/console/plans")  # it survives the page
    page.goto(f"{server.url}/console/scenarios/new")
    found = page.locator("#asked a, h1", has_text="asked-for")  # the page goes on to it, or leads there
    expect(found).to_be_visible(timeout=30_000)
    page.goto(f"{server.url}/console/scenarios/asked-for")
    demand_whole(page, "what it found")
    command = "solvent simulate --plan=pay-as-you-go --seed=3 --keep=asked-for"
    assert command in page.locator("main").inner_text()
    (by,) = {one["by"] for one in server.operate("GET", "/v1/simulations")["data"] if one["name"] == "asked-for"}
    made = server.operate("GET", "/v1/audit?subject=asked-for")["data"]
    assert [(one["action"], one["actor"]) for one in made] == [("simulation.keep", by)]
    assert by.startswith("key_")
    assert [one for one in look.all_complaints() if "400" not in one] == []
    server.operate("POST", "/v1/simulations/asked-for/remove", {})


def test_a_run_is_cancelled_by_those_who_may_ask_and_by_nobody_else(server: Solvent, open_page: OpenPage) -> None:
    body = {"source": "generated", "generate": "customers=20000,days=300", "model": "plain"}
    server.operate("POST", "/v1/simulations", body)
    reader = sign_in(open_page, server, key_of(server, "read_only"), **PHONE).page
    reader.goto(f"{server.url}/console/scenarios")
    expect(reader.locator("#asked progress")).to_have_attribute("max", re.compile(r"\d+"), timeout=30_000)
    demand_whole(reader, "list while one runs")
    assert not reader.get_by_role("link", name="모의 실행하기").count()
    reply = reader.goto(f"{server.url}/console/scenarios/new")
    assert reply is not None
    assert reply.status == 403
    reader.go_back()
    reader.context.clear_cookies()
    expect(reader.locator("[data-said]")).to_have_text("로그아웃되었습니다. 시뮬레이션은 계속됩니다.")
    expect(reader.get_by_role("link", name="다시 로그인")).to_be_visible()
    page = sign_in(open_page, server, locale="ko-KR").page
    page.goto(f"{server.url}/console/scenarios/new")
    expect(page.locator("[data-said]")).to_contain_text("답변을 다시 셈하는 중: ", timeout=30_000)
    assert not page.get_by_role("button", name="실행하기").count()  # one at a time
    page.get_by_role("button", name="취소하기").click()
    expect(page.locator("#asked")).to_contain_text("취소되어", timeout=30_000)
    expect(page.get_by_role("button", name="실행하기")).to_have_count(1)


def test_searches_and_sizings_are_kept_and_shown(server: Solvent, open_page: OpenPage, tmp_path: Path) -> None:
    report = tmp_path / "sized.html"
    demand = ("--assume", "worth=350", "--assume", "metering=7000", "--assume", "inertia=1000")
    for words in (
        ("size", "llama-3.1-8b", "--on", "H100", "--keep", "sized", "--report", str(report), "--language", "ko"),
        ("size", "compare", "--model", "llama-3.1-8b", "--on", "H100", "--on", "A100", "--keep", "hardware"),
        ("simulate", "optimise", "--customers", "300", "--cost", "1", "--cost", "50", *demand, "--keep", "tariffs"),
    ):
        done = server.run(*words)
        assert done.returncode == 0, done.stderr
    assert '<table class="ledger" id="sized">' in report.read_text()
    again = server.run("size", "llama-3.1-8b", "--on", "H100", "--keep", "sized")
    assert "already" in again.stderr
    look = sign_in(open_page, server, key_of(server, "read_only"), **PHONE)
    page = look.page
    page.goto(f"{server.url}/console/scenarios")
    demand_whole(page, "list of all kinds")
    assert "원가 비교" in page.locator("#runs").inner_text()
    for name, found in (("sized", "#sized tr"), ("hardware", "#compared tbody tr"), ("tariffs", "#regimes tbody tr")):
        page.goto(f"{server.url}/console/scenarios/{name}")
        demand_whole(page, name)
        assert page.locator(found).count() >= 2, name
        reply = page.goto(f"{server.url}/console/scenarios/{name}/report")
        assert reply is not None
        assert reply.status == 200
        server.operate("POST", f"/v1/simulations/{name}/remove", {})
    assert look.all_complaints() == []


def test_a_run_is_removed(server: Solvent, open_page: OpenPage) -> None:
    assert server.run("simulate", "--plan", "pay-as-you-go", "--keep", "gone").returncode == 0
    page = sign_in(open_page, server, locale="en-US").page
    tab = page.context.new_page()
    for one in (page, tab):
        one.goto(f"{server.url}/console/scenarios/gone")
        one.locator("details", has_text="Remove").locator("summary").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".done")).to_contain_text("removed")
    assert page.get_by_role("link", name="gone").count() == 0
    tab.get_by_role("button", name="Remove").click()  # twice, by another tab
    expect(tab.get_by_role("alert")).to_contain_text("No such run is kept")
