"""An operator's whole story by hand, from empty books to a closed month, in all eight ways to see pages.

Each way has books of its own, for a first run, a month and a bill are there once. What few do (a colleague with a
second factor, a provider's bill, answers rated anew) is done in the four ways that hold every pair of these.
"""

from __future__ import annotations

import asyncio
import re
from base64 import b32decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, expect
from tests.browsing import CARDS, MODEL
from tests.chat.visits import PASSWORD
from tests.db.opened import opened
from tests.doors.server import Solvent
from tests.pages.walking import EIGHT, FOUR, Walk
from tests.reconciling.answered import answered

from solvent.db.port import Connection
from solvent.identity.totp import code_at, step_of

pytestmark = pytest.mark.xdist_group("operators walk")
CONFIG = 'currency = "KRW"\nhouse_model = false\n[[plans]]\nname = "pay-as-you-go"\n'
RAIL = '[[payments]]\nrail = "bank"\nkind = "bank"\ncurrencies = ["KRW"]\naccount = "Some Bank 1-2-3"\n'
# Names, and what is written as it is.
KNOWN = (
    "API", "CSV", "JSON", "PDF", "KRW", "UTC", "VAT", "Beancount", "Solvent", "plain", "basic", "Basic", "bank", "mock",
    "openai", "Usage", "first", "run", "First", "customer", "Some", "Bank", "Yuna", "Hanbit", "sorry", "standard",
    "기본", "chat", "page", "tokens", "answers", "money", "quick", "unlimited", "each", "seat", "gift", "slow", "week",
    "all", "used", "solvent", "simulation", "OpenAI", "Anthropic", "AWS", "Azure", "gzip", "MiB", "USD",
    "bills", "import",
    "embeddings", "images", "audio", "videos", "files", "batches", "wallet",
)  # fmt: skip
_TODAY = datetime.now(UTC).date()  # of all steps, also where midnight passes between two of them
TERMS = {"columns": "date=Day; amount=Cost; model=Model; kind=Kind", "currency": "KRW"}


@pytest.fixture(params=EIGHT, ids=str)
def walk(request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Somebody before a service that has nothing yet; in its books, answers of days that are over."""
    server = Solvent(tmp_path_factory.mktemp("office"), CONFIG)
    server.start()
    walk = Walk(browser, server, request.param, KNOWN)
    yield walk
    print(*walk.wrong, sep="\n")
    walk.context.close()
    server.kill()


def test_an_operator_begins_sells_is_paid_and_closes_the_month(walk: Walk, base_url: str) -> None:
    signs_in(walk)
    sets_up(walk, base_url)
    asks_first(walk)
    sells_a_plan(walk)
    makes_a_coupon(walk)
    opens_a_customer(walk)
    is_paid(walk)
    closes_a_month(walk)
    changes_prices(walk)
    if walk.way in FOUR:
        takes_a_bill(walk)
        invites(walk)
    withdraws_the_plan(walk)
    reads_what_changed(walk)
    walk.end()


def fold_out(walk: Walk, do: str) -> Locator:
    """The form that carries something out, unfolded."""
    form = walk.page.locator("form", has=walk.page.locator(f"input[name=do][value={do}]")).first
    if not form.is_visible():
        form.locator("xpath=ancestor::details[1]/summary").click()
    return form


def does(walk: Walk, do: str, *, is_refused: bool = False, **members: str) -> None:
    """Fill a form in and send it; what came of it is said."""
    form = fold_out(walk, do)
    for name, value in members.items():
        field = form.locator(f"[name='{name.rstrip('_')}']").last
        if field.evaluate("(node) => node.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    if is_refused:
        walk.press_refused(f"do.{do}.button", form)
        walk.seen(f"{do}, refused")
        return
    walk.press(f"do.{do}.button", form)
    expect(walk.page.locator(".done, .once, .quote").first).to_be_visible()
    walk.seen(do)


def signs_in(walk: Walk) -> None:
    page = walk.open("/console/sign-in")
    page.fill("#key", "sk-solvent-none")
    walk.press_refused("sign_in.go")
    walk.seen("a key that is none")
    page.fill("#key", walk.server.operator_key)
    page.press("#key", "Enter")
    expect(page.locator("nav.rail")).to_be_visible()
    walk.seen("today, of nothing")


def ticked(walk: Walk) -> list[str]:
    """Steps of the first run that the books have ticked."""
    walk.open("/console/start")
    walk.seen("the first run")
    done = walk.page.locator(".ticks .is-done h2").all_inner_texts()
    steps = ("model", "answer", "plan", "customer", "rail", "paid")
    return [step for step in steps if any(walk.w(f"start.{step}.title") in one for one in done)]


def sets_up(walk: Walk, base_url: str) -> None:
    """A model and a bank stand in the settings' file, as the page says; the service begins anew."""
    server = walk.server
    assert ticked(walk) == []
    server.kill()
    server.config.write_text(CONFIG + RAIL + MODEL.format(name="plain", url=base_url, price="page-price"))
    (server.config.parent / "rate_cards").mkdir(exist_ok=True)
    (server.config.parent / "rate_cards" / "page.yaml").write_text(CARDS)
    server.start()
    assert ticked(walk) == ["model", "rail"]


async def _has_a_past(server: Solvent) -> None:
    """Answers of last month, and of a day that a bill is of."""

    def work(connection: Connection) -> None:
        for day in (_of_last_month(), _day(3)):
            number = day.toordinal() - date(1970, 1, 1).toordinal()
            answered(connection, number, "gpt-4o-mini", "700", currency="KRW")

    async with opened(server.data) as database:
        await database.write(work)


def _day(ago: int) -> date:
    return _TODAY - timedelta(days=ago)


def _of_last_month() -> date:
    return _day(0).replace(day=1) - timedelta(days=10)


def asks_first(walk: Walk) -> None:
    does(walk, "ask_first", question="", is_refused=True)
    does(walk, "ask_first", question="used 1000 200 300 50")
    with ThreadPoolExecutor(1) as beside:  # the browser's loop runs in this thread
        beside.submit(asyncio.run, _has_a_past(walk.server)).result()


def sells_a_plan(walk: Walk) -> None:
    """A plan, refused once for what it says; then another version of it."""
    page = walk.open("/console/plans")
    walk.press("office.new_plan")
    walk.seen("a new plan")
    page.fill("[name=name]", "basic")
    page.fill("[name='title.ko']", "기본")
    page.fill("[name='title.en']", "Basic")
    page.fill("[name=price]", "many")
    walk.press_refused("do.publish.button")
    walk.has_focus(page.locator("[name=price]"), "after a price that is none")
    walk.seen("a plan that is refused")
    page.fill("[name=price]", "9900")
    expect(page.locator("[data-live=would]")).to_have_text(walk.w("office.would_begin"))
    walk.press("do.publish.button")
    expect(page.locator(".say")).to_contain_text(walk.way.money(9_900))
    walk.seen("a plan on sale")
    page.fill("[name=price]", "12000")
    expect(page.locator("#changes tbody")).to_contain_text(walk.way.money(12_000))
    walk.press("do.publish.button")
    expect(page.locator(".done")).to_have_text(walk.w("do.publish.done"))
    expect(page.locator(".say")).to_contain_text(walk.way.money(12_000))


def makes_a_coupon(walk: Walk) -> None:
    walk.open("/console/money/coupons")
    does(walk, "add_coupon", code="SPRING-10", what="percent", permille="many", is_refused=True)
    walk.has_focus(walk.page.locator("[name=permille]"), "after a share that is none")
    does(walk, "add_coupon", permille="100")
    expect(walk.page.locator("tbody")).to_contain_text("SPRING-10")


def opens_a_customer(walk: Walk) -> None:
    """With a plan that is invoiced and a gift; seen by support's own page."""
    page = walk.open("/console/customers")
    does(walk, "open", name="", plan="basic", is_refused=True)
    does(walk, "open", name="Hanbit", plan="basic", pays="invoice")
    expect(page.locator(".once .secret")).to_have_text(re.compile("^sk-solvent-"))
    walk.press("office.to_customer", name="Hanbit")
    expect(page.locator("h1")).to_have_text("Hanbit")
    walk.seen("a customer")
    does(walk, "grant", amount="0", is_refused=True)
    does(walk, "grant", amount="12000", why="a slow week")
    expect(page.locator(".say")).to_contain_text(walk.way.money(12_000))
    does(walk, "budget", amount="5000", every="month", unit="money")


def is_paid(walk: Walk) -> None:
    """A transfer is asked for, confirmed, and a part of it goes back; what is paid is not paid again."""
    page = walk.open("/console/money")
    page.locator("tbody a.row").first.click()
    does(walk, "ask_payment", rail="bank")
    expect(page.locator(".quote")).to_contain_text("Some Bank 1-2-3")
    page.goto(f"{walk.server.url}/console/money/payments")
    page.locator("tbody a.row").first.click()
    does(walk, "confirm", amount="much", is_refused=True)
    does(walk, "confirm", amount="12000")
    does(walk, "refund", amount="99000", is_refused=True)
    does(walk, "refund", amount="2000", why="sorry")
    assert ticked(walk) == ["model", "answer", "plan", "customer", "rail", "paid"]
    expect(page.locator(".say")).to_have_text(walk.w("start.all_done"))
    page.goto(f"{walk.server.url}/console/money")
    page.locator("tbody a.row").first.click()
    does(walk, "receive", amount="2000", into="bank", is_refused=True)


def closes_a_month(walk: Walk) -> None:
    page = walk.open("/console/money/months")
    month = _of_last_month().strftime("%Y-%m")
    expect(page.locator(".say")).to_contain_text(month)
    does(walk, "close_month")
    page.locator("tbody a.row").first.click()
    expect(page.locator(".say-sub")).to_contain_text(re.compile("[0-9]"))
    walk.seen("a month that is closed")


def changes_prices(walk: Walk) -> None:
    """A dated entry more in the card's file, read while the service runs; what differs; what it means for answers."""
    server, page = walk.server, walk.page
    entry = "  - {from: 2026-01-01, input: 5000, cached_input: 2500, output: 20000, reasoning: 20000}\n"
    later = f"  - {{from: {_day(-30)}, input: 6000, cached_input: 3000, output: 20000, reasoning: 20000}}\n"
    cards = server.config.parent / "rate_cards" / "page.yaml"
    cards.write_text(CARDS.replace(entry, entry + later))
    assert later in cards.read_text()
    walk.open("/console/settings")
    does(walk, "reload")
    address = f"{server.url}/console/prices/card?card=page-price"
    page.goto(address)
    for _ in range(100):
        if page.locator("#h-diff").count():
            break
        page.wait_for_timeout(50)
        page.reload()
    expect(page.locator("section[aria-labelledby=h-diff] tbody")).to_contain_text("6,000")
    walk.seen("what differs between two entries")
    if walk.way in FOUR:
        page.goto(address)
        does(walk, "rerate_preview", book="price", from_="soon", is_refused=True)
        does(walk, "rerate_preview", from_="2026-01-01")


def takes_a_bill(walk: Walk) -> None:
    """Seen before it is taken, and its residual looked into."""
    page = walk.open("/console/money/bills")
    bill = f"Day,Model,Cost,Kind\n{_day(3)},gpt-4o-mini,740,Usage\n"
    for columns, is_refused in (("date=Tag", True), (TERMS["columns"], False)):
        page.fill("[name=provider]", "openai")
        page.locator("[name=file]").set_input_files(
            {"name": "bill.csv", "mimeType": "text/csv", "buffer": bill.encode()}
        )
        if not page.locator("[name=columns]").is_visible():
            page.locator("details.ask", has=page.locator("[name=columns]")).locator("summary").first.click()
        page.fill("[name=columns]", columns)
        page.fill("[name=currency]", "KRW")
        if is_refused:
            walk.press_refused("do.preview_bill.button")
            walk.seen("a bill that cannot be read")
        else:
            walk.press("do.preview_bill.button")
    expect(page.locator("figure.chart svg")).to_be_visible()
    walk.seen("a bill before it is taken")
    walk.press("do.import_bill.button")
    expect(page.locator(".done")).to_have_text(walk.w("do.import_bill.done"))
    page.locator("tbody a.row").first.click()
    expect(page.locator("figure.chart svg")).to_be_visible()
    walk.seen("a bill")


def invites(walk: Walk) -> None:
    """A colleague chooses a password, sees what their role may, and sets an app up."""
    page = walk.open("/console/operators")
    does(walk, "invite", email="yuna", name="Yuna", role="finance", is_refused=True)
    does(walk, "invite", email="yuna@example.com")
    link = re.sub(r"^https?://[^/]+", "", page.locator(".once .secret").inner_text())
    yuna = walk.beside()
    page = yuna.open(link)
    page.fill("#password", "short")
    yuna.press_refused("invited.go")
    yuna.has_focus(page.locator("#password"), "after a password that is too short")
    yuna.seen("a password that is too short")
    page.fill("#password", PASSWORD)
    yuna.press("invited.go")
    expect(page.locator("nav.rail")).to_be_visible()
    yuna.open("/account/security")
    yuna.seen("how one signs in")
    page.locator("summary", has_text=yuna.w("security.app_begin")).click()
    page.fill("#app-password", PASSWORD)
    yuna.press("security.go_on")
    secret = page.locator(".once-code").inner_text().replace(" ", "").strip()
    page.fill("#code", "000000")
    yuna.press_refused("security.app_confirm_go")
    yuna.seen("a code that is wrong")
    page.fill("#code", code_at(b32decode(secret), step_of(int(datetime.now(UTC).timestamp() * 1e6))))
    yuna.press("security.app_confirm_go")
    expect(page.locator("code").first).to_have_text(re.compile("^[A-Z2-7-]{19}$"))
    yuna.seen("codes for recovery")
    yuna.end()
    yuna.context.close()


def withdraws_the_plan(walk: Walk) -> None:
    walk.open("/console/plans/basic")
    does(walk, "withdraw")
    expect(walk.page.locator(".say-sub")).to_contain_text(walk.w("office.off_sale"))


def reads_what_changed(walk: Walk) -> None:
    """Everything that was done stands in the log; and the books add up."""
    page = walk.open("/console/audit")
    told = page.locator("tbody").inner_text()
    for act in ("plan.publish", "plan.withdraw", "customer.open", "coupon", "refund", "month", "grant", "budget"):
        assert act in told, (act, told)
    assert ("person.invite" in told) == (walk.way in FOUR), told
    walk.seen("what changed")
    page.goto(f"{walk.server.url}/console/ledger?verify=1")
    expect(page.locator("main")).to_contain_text(walk.w("office.clean", n="").strip(". ")[:8])
    walk.seen("the ledger, verified")
