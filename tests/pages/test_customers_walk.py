"""A customer's whole story by hand, from signing up to leaving, in all eight ways to see pages.

Languages, widths and themes are all combined in what everybody does; what few do (a coupon, another card, seats that do
not fit, a name that cannot be) in the four of them that hold every pair.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests import mail_server
from tests.asked_upstream import held, let_go
from tests.browsing import NewServer
from tests.chat.own import TABLES, TOSS
from tests.chat.talking import MODEL
from tests.chat.visits import PASSWORD
from tests.doors.server import Solvent
from tests.mail_server import Mailbox
from tests.pages.walking import EIGHT, FOUR, Walk, Way
from tests.payments.toss_server import SECRET_KEY, TossServer

from solvent.payments.toss import WINDOW

pytestmark = pytest.mark.xdist_group("walks")
# What people, plans, models, rails and cards are called here, and what is written as it is.
KNOWN = (
    "국민은행", "주", "현대", "trickle", "held",
    "가온", "API", "CSV", "JSON", "PDF", "Markdown", "JavaScript", "Python", "anthropic", "curl", "openai", "kWh",
    "KRW", "toss", "bank", "large", "small", "plain", "shop", "Receipts", "Enter", "Shift", "Esc", "Ctrl", "Alt",
    "Somebody", "What", "receipt",
)  # fmt: skip
# Toss' script as far as it concerns our page: it leads away in the same tab, and back with what they say.
WINDOW_SCRIPT = """
const go = (told, to) => location.assign(`${new URL(to).pathname}?${new URLSearchParams(told)}`);
globalThis.TossPayments = () => ({ payment: ({ customerKey }) => ({
  requestPayment: async ({ orderId, amount, successUrl }) => go(await tossPay(orderId, amount.value), successUrl),
  requestBillingAuth: async ({ successUrl }) => go(await tossCard(customerKey), successUrl),
}) });
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mail_server.running() as box:
        yield box


@pytest.fixture(scope="module")
def server(new_server: NewServer, base_url: str, toss: TossServer, box: Mailbox) -> Solvent:
    os.environ["TOSS_KEY_OF_TESTS"] = SECRET_KEY
    quick = MODEL.format(name="small", url=base_url, kind="quick", price="page-cheap", more="output_tokens_max = 512")
    tables = TABLES + TOSS.format(base_url=toss.base_url) + mail_server.TABLE.format(port=box.port) + quick
    server = new_server('public_url = "http://ai.example"\n', tables)
    server.operate("POST", "/v1/coupons", {"code": "SPRING-20", "what": "percent", "permille": 200, "periods": 3})
    return server


def walker(browser: Browser, server: Solvent, toss: TossServer, way: Way) -> Walk:
    """Somebody for whom the processor's window is there."""
    walk = Walk(browser, server, way, KNOWN, accept_downloads=True)
    page = walk.page
    page.expose_function("tossPay", lambda order, amount: toss.authorize(order, amount))
    page.expose_function("tossCard", lambda customer: toss.authorize_card(customer))
    page.route(WINDOW.script, lambda route: route.fulfill(body=WINDOW_SCRIPT, content_type="text/javascript"))
    return walk


@pytest.fixture(params=EIGHT, ids=str)
def walk(request: pytest.FixtureRequest, browser: Browser, server: Solvent, toss: TossServer) -> Iterator[Walk]:
    walk = walker(browser, server, toss, request.param)
    yield walk
    print(*walk.wrong, sep="\n")
    walk.context.close()


def test_a_customer_comes_asks_pays_and_leaves(walk: Walk, box: Mailbox) -> None:
    email = f"{uuid.uuid4().hex[:12]}@example.com"
    signs_up(walk, box, email)
    asks(walk)
    keeps_and_shares(walk)
    limits(walk)
    tops_up(walk)
    changes_plan(walk)
    key = makes_a_key(walk)
    signs_out_and_in_by_letter(walk, box, email)
    leaves(walk, email, key)
    walk.end()


def test_asking_and_paying_by_the_keyboard_alone(browser: Browser, server: Solvent, toss: TossServer) -> None:
    """No pointer from the door to the payment's window and back."""
    walk = walker(browser, server, toss, EIGHT[0])
    page, keys = walk.open("/sign-up"), walk.page.keyboard
    for field, words in (("name", "한지민"), ("email", f"{uuid.uuid4().hex[:12]}@example.com"), ("password", PASSWORD)):
        walk.tab_to(page.locator(f"#{field}"))
        keys.type(words)
    keys.press("Enter")
    expect(page.locator("#question")).to_be_focused()
    keys.type("What is a receipt?")
    keys.press("Enter")
    expect(page.locator(".turn .receipt")).to_be_visible()
    page.locator("#question").press("Shift+Tab")
    walk.tab_to(page.locator(".receipt summary"), "Shift+Tab")
    keys.press("Enter")
    expect(page.locator(".receipt table")).to_be_visible()
    walk.tab_to(page.locator(".me summary"), "Shift+Tab")
    keys.press("Enter")
    walk.tab_to(page.locator(".me a[href='/plan']"))
    keys.press("Enter")
    expect(page.locator("#top-up")).to_be_visible()
    walk.tab_to(page.locator("#top-up-amount"))
    keys.type("10000")
    walk.tab_to(page.locator("#top-up [name=rail]:checked"))
    while not page.locator("#top-up [value=toss]").is_checked():
        keys.press("ArrowDown")
    walk.tab_to(page.locator("#top-up button"))
    keys.press("Enter")
    expect(page.locator("#pay")).to_be_enabled()
    walk.tab_to(page.locator("#pay"))
    keys.press("Enter")
    expect(page.locator("h1")).to_have_text(walk.w("paid.paid_amount", amount=walk.way.money(10_000)))
    walk.tab_to(page.get_by_role("link", name=walk.w("plan.to_plan")))
    keys.press("Enter")
    expect(page.get_by_role("row", name=re.compile(f"^{walk.w('plan.source_wallet')}"))).to_contain_text("10,000")
    walk.end()
    walk.context.close()


def signs_up(walk: Walk, box: Mailbox, email: str) -> None:
    page = walk.open("/sign-up")
    page.fill("#name", "김서연" if walk.way.language == "ko" else "Somebody")
    page.fill("#email", "nobody")
    page.fill("#password", "short")
    walk.press_refused("sign_up.go")
    expect(page.locator("[aria-invalid=true]")).to_have_count(1)
    walk.seen("what is wrong with an address")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    walk.press("sign_up.go")
    expect(page.locator("#greeting")).to_be_visible()
    walk.seen("where one talks first")
    link = box.link(email)
    walk.open(link)
    walk.seen("a letter's page")
    walk.press("letters.confirm_go")
    expect(page.get_by_role("status").filter(has_text=walk.w("account.confirmed"))).to_be_visible()
    walk.seen("confirmed")


def asks(walk: Walk) -> None:
    """A streamed answer with its receipt, asked again, edited, and walked through; by another service; stopped."""
    page = walk.open("/")
    page.fill("#question", held("trickle 8 What **is** a receipt?"))
    page.press("#question", "Enter")
    turn = page.locator(".turn").last
    expect(turn).to_have_attribute("aria-busy", "true")
    let_go.set()
    expect(turn.locator(".receipt")).to_be_visible()
    expect(turn.locator(".prose strong")).to_have_text("is")
    turn.locator(".receipt summary").click()
    expect(turn.locator(".receipt table")).to_contain_text("0.024")
    walk.seen("an answer with its receipt open")
    turn.get_by_role("button", name=walk.w("talk.say.retry")).click()
    expect(page.locator(".ways .num")).to_have_text("2/2")
    expect(page.locator(".turn .receipt")).to_be_visible()
    walk.has_focus(page.locator("#thread"), "after asking again")
    edit = page.get_by_role("button", name=walk.w("talk.say.edit"), exact=True)
    edit.click()
    walk.has_focus(page.locator(".editing textarea"), "while a question is edited")
    walk.seen("a question that is edited")
    walk.press("talk.say.cancel", page.locator(".editing"))
    walk.has_focus(edit, "after leaving a question as it is")
    edit.click()
    page.fill(".editing textarea", "Why?")
    walk.press("talk.say.edit_save")
    expect(page.locator(".ways .num")).to_have_text("3/3")
    expect(page.locator(".turn .receipt")).to_be_visible()
    page.get_by_role("button", name=walk.w("talk.say.before")).click()
    expect(page.locator(".ways .num")).to_have_text("2/3")
    page.get_by_role("radio", name=re.compile(walk.w("talk.mode_standard"))).check()
    page.fill("#question", held("trickle 25 " + "word " * 90))
    page.locator("#send").click()
    last = page.locator(".turn").last
    expect(last.locator(".prose")).to_contain_text("word word")
    page.locator("#stop").click()
    let_go.set()
    expect(last.locator(".stopped")).to_be_visible()
    expect(last.locator(".receipt")).to_contain_text(walk.w("talk.mode_standard"))
    walk.seen("an answer that was stopped")


def keeps_and_shares(walk: Walk) -> None:
    """A name of one's own, what others may read, a file to keep, and found again."""
    page = walk.page
    more = page.locator("#more")
    more.locator("summary").click()
    walk.press("talk.rename", more)
    walk.has_focus(page.locator("#new-title"), "while a chat is named")
    walk.seen("a name of one's own")
    page.fill("#new-title", "Receipts")
    page.press("#new-title", "Enter")
    expect(page.locator("#heading")).to_have_text("Receipts")
    walk.has_focus(more.locator("summary"), "after naming a chat")
    more.locator("summary").click()
    walk.press("talk.share", more)
    walk.press("talk.share_begin")
    expect(page.locator("#link")).to_have_value(re.compile("/shared/"))
    walk.seen("a link to share")
    walk.press("talk.share_copy")
    link = page.evaluate("navigator.clipboard.readText()")
    page.keyboard.press("Escape")
    walk.has_focus(more.locator("summary"), "after sharing")
    for words, ending in (("export_markdown", ".md"), ("export_json", ".json")):
        more.locator("summary").click()
        with page.expect_download() as kept:
            walk.press(f"talk.{words}", more)
        assert kept.value.suggested_filename.endswith(ending)
        assert "word word" in Path(kept.value.path()).read_text()
        page.keyboard.press("Escape")
    if walk.way.is_phone:
        page.get_by_role("button", name=walk.w("talk.menu")).click()
    page.fill("#find", "no such words")
    expect(page.locator("#talks")).to_contain_text(walk.w("talk.say.none_found"))
    page.fill("#find", "receipts")
    expect(page.locator("#talks a")).to_have_text("Receipts")
    walk.seen("chats that were looked for")
    page.locator("#talks a").click()
    expect(page.locator(".turn")).to_have_count(2)
    page.goto(link)
    expect(page.locator(".prose strong").first).to_have_text("is")
    walk.seen("a chat as others read it")


def limits(walk: Walk) -> None:
    page = walk.open("/plan")
    walk.seen("a plan and a wallet")
    page.fill("#limit-amount", "ten")
    walk.press_refused("plan.limit_go")
    walk.seen("a limit that is no amount")
    page.fill("#limit-amount", "30000")
    page.select_option("#limit-alert", "500")
    walk.press("plan.limit_go")
    expect(page.locator("#limit .note").first).to_contain_text(walk.way.money(30_000))
    expect(page.locator("#limit-alert")).to_have_value("500")


def tops_up(walk: Walk) -> None:
    """By bank, which is withdrawn again; and by card, through the processor's window and back."""
    page = walk.page
    page.fill("#top-up-amount", "25000")
    page.locator("#top-up [value=bank]").check()
    walk.press("plan.top_up_go")
    expect(page.locator(".facts")).to_contain_text(walk.way.money(25_000))
    walk.seen("where to transfer it")
    walk.press("plan.to_plan")
    walk.press("plan.withdraw")
    expect(page.get_by_role("heading", name=walk.w("plan.to_pay"))).to_have_count(0)
    page.fill("#top-up-amount", "10000")
    page.locator("#top-up [value=toss]").check()
    walk.press("plan.top_up_go")
    pays(walk, 10_000)
    walk.seen("paid")
    walk.press("plan.to_plan")
    wallet = page.get_by_role("row", name=re.compile(f"^{walk.w('plan.source_wallet')}"))
    expect(wallet).to_contain_text(walk.way.money(10_000))


def pays(walk: Walk, won: int) -> None:
    page = walk.page
    expect(page.locator(".say")).to_contain_text(walk.way.money(won))
    page.locator("#pay").click()
    expect(page.locator("h1")).to_have_text(walk.w("paid.paid_amount", amount=walk.way.money(won)))


def changes_plan(walk: Walk) -> None:
    """From free to one that costs, and to a dearer one, reckoned beforehand; its invoices, and its card."""
    page = walk.page
    offer = page.locator("#plans")
    offer.get_by_role("link", name=re.compile(f"{walk.w('plan.look')} .*(플러스|Plus)")).click()
    expect(page.locator(".say")).to_have_text(walk.w("plan.due_now", amount=walk.way.money(9_900)))
    walk.seen("another plan")
    if walk.way in FOUR:
        takes_a_coupon(walk)
    else:
        page.locator("[value=toss]").check()
        walk.press("plan.change_and_pay", amount=walk.way.money(9_900))
        pays(walk, 9_900)
    page.goto(f"{walk.server.url}/plan/change?plan=pro")
    expect(page.get_by_role("heading", name=walk.w("plan.reckoning"))).to_be_visible()
    expect(page.locator("tbody").last).to_contain_text("−")
    due = page.locator("tfoot td").last.inner_text()
    walk.seen("what a dearer plan comes to for the rest of the month")
    page.locator("[value=toss]").check()
    page.locator("main button.prime").click()
    page.locator("#pay").click()
    expect(page.locator("h1")).to_have_text(walk.w("paid.paid_amount", amount=due))
    page.goto(f"{walk.server.url}/invoices")
    expect(page.locator("tbody tr")).to_have_count(2)
    walk.seen("invoices")
    page.locator("tbody a").first.click()
    expect(page.locator("h1")).to_contain_text(re.compile(r"20\d\d-0000\d\d"))
    walk.seen("an invoice")
    with page.expect_download() as kept:
        walk.press("invoices.pdf")
    assert Path(kept.value.path()).read_bytes().startswith(b"%PDF")
    if walk.way in FOUR:
        saves_another_card(walk)


def takes_a_coupon(walk: Walk) -> None:
    page = walk.page
    page.fill("#coupon", "NONE")
    walk.press_refused("coupons.look")
    walk.seen("a coupon that is none")
    page.goto(f"{walk.server.url}/plan/change?plan=plus")
    page.fill("#coupon", "spring-20")
    walk.press("coupons.look")
    expect(page.locator("tfoot")).to_contain_text(walk.way.money(7_920))
    walk.seen("what a coupon does")
    walk.press("coupons.take")
    page.locator("[value=toss]").check()
    walk.press("plan.change_and_pay", amount=walk.way.money(7_920))
    pays(walk, 7_920)


def saves_another_card(walk: Walk) -> None:
    page = walk.open("/plan")
    walk.press("plan.save_card")
    page.locator("#pay").click()
    expect(page.locator("h1")).to_have_text(walk.w("paid.saved"))
    walk.press("plan.to_plan")
    cards = page.locator("#cards tbody tr")
    had = cards.count()
    cards.last.get_by_role("link").click()
    walk.seen("a card that is to be removed")
    walk.press("cards.remove")
    expect(cards).to_have_count(had - 1)
    walk.seen("a plan that is paid by card")


def makes_a_key(walk: Walk) -> str:
    page = walk.open("/keys")
    page.fill("#name", "x" * 121)
    walk.press_refused("keys.issue")
    walk.seen("a name that is too long")
    page.fill("#name", "shop")
    walk.press("keys.issue")
    key = page.locator("#secret").inner_text()
    walk.press("keys.copy", page.locator(".shown"))
    expect(page.locator(".shown button")).to_have_text(walk.w("keys.copied"))
    assert page.evaluate("navigator.clipboard.readText()") == key
    walk.seen("a new key")
    body = {"model": "plain", "messages": [{"role": "user", "content": "used 100 0 0 50"}]}
    assert walk.server.send("POST", "/v1/chat/completions", body, key).status == 200
    page.goto(f"{walk.server.url}/usage")
    page.locator("tbody a.row").first.click()
    expect(page.locator("main")).to_contain_text("plain")
    walk.seen("what one answer came to")
    return key


def signs_out_and_in_by_letter(walk: Walk, box: Mailbox, email: str) -> None:
    page = walk.open("/")
    if walk.way.is_phone:
        page.get_by_role("button", name=walk.w("talk.menu")).click()
    page.locator(".me summary").click()
    walk.seen("one's menu")
    walk.press("talk.sign_out")
    expect(page.locator("h1")).to_have_text(walk.w("sign_in.title"))
    page.fill("#email", email)
    page.fill("#password", "not the password")
    walk.press_refused("sign_in.go")
    walk.seen("a wrong password")
    walk.press("letters.by_link")
    expect(page.locator("h1")).to_have_text(walk.w("letters.sent"))
    walk.seen("a letter was sent")
    walk.open(box.link(email, 2))
    walk.press("letters.enter_go")
    expect(page.locator("#composer")).to_be_visible()


def leaves(walk: Walk, email: str, key: str) -> None:
    page = walk.open("/account")
    with page.expect_download() as kept:
        walk.press("account.export")
    assert email in Path(kept.value.path()).read_text()
    walk.press("account.close")
    page.fill("#password", "not the password")
    walk.press_refused("account.close_go")
    walk.seen("the end, and a wrong password")
    page.fill("#password", PASSWORD)
    walk.press("account.close_go")
    expect(page.locator("h1")).to_have_text(walk.w("sign_in.title"))
    assert walk.server.send("GET", "/v1/models", key=key).status == 401
