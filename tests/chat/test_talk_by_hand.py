"""Talking without a mouse, without eyes, by voice and without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect
from tests.asked_upstream import held, let_go
from tests.browsing import OpenPage
from tests.chat.talking import begin, settings
from tests.chat.test_talk_page import DESK, LONG, PHONE, ask, enter
from tests.doors.server import Solvent

pytestmark = pytest.mark.xdist_group("faces")

# What a screen reader is told of: what changes in a live region, unless that is still busy.
LISTENER = """() => {
  window.heard = [];
  const element = (node) => (node.nodeType === 1 ? node : node.parentElement);
  const live = (node) => element(node)?.closest('[aria-live], [role=log], [role=status], [role=alert]');
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      const place = live(target);
      if (!place || place.getAttribute('aria-live') === 'off') continue;
      for (const node of type === 'characterData' ? [target] : addedNodes) {
        const about = element(node);
        const text = node.textContent.trim();
        if (text && about && !about.closest('[aria-busy="true"]')) heard.push(text);
      }
    }
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
# A browser that hears: what is said is what the test says.
EARS = """
window.SpeechRecognition = class extends EventTarget {
  start() { window.ears = this; }
  stop() { this.dispatchEvent(new Event('end')); }
  abort() { this.dispatchEvent(Object.assign(new Event('error'), {error: 'aborted'})); this.stop(); }
  say(text, isFinal) {
    const result = Object.assign([{transcript: text}], {isFinal});
    this.dispatchEvent(Object.assign(new Event('result'), {results: [result], resultIndex: 0}));
  }
};
"""
# The width has changed, and whoever listens to media queries has not been told yet.
CTRL_K_WHILE_RESIZED = """() => addEventListener('resize', () => document.body.dispatchEvent(
  new KeyboardEvent('keydown', {key: 'k', code: 'KeyK', ctrlKey: true, bubbles: true})), {once: true})"""
WIDTH = """async (from) => {
  const one = new Image(); one.src = from; await one.decode(); return one.naturalWidth; }"""


@pytest.fixture(scope="module")
def server(base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    """With three ways to answer."""
    server = Solvent(tmp_path_factory.mktemp("hand"), settings(base_url))
    yield begin(server)
    server.kill()


def tab_to(page: Page, name: str) -> None:
    """By the keyboard alone, to what is called so; at most a few dozen steps."""
    for _ in range(60):
        page.keyboard.press("Tab")
        told = page.evaluate("[document.activeElement.getAttribute('aria-label'), document.activeElement.textContent]")
        if name in told:
            return
    raise AssertionError(f"the keyboard does not come to {name}")


def refuse(page: Page, asked: list[Route]) -> None:
    """What was asked last is refused, and the page says so."""
    asked.pop().fulfill(status=503, json={"error": {"message": "Later."}})
    expect(page.locator(".toasts p").last).to_have_text("Later.")


def is_on(page: Page, id: str) -> bool:
    return bool(page.evaluate("(id) => document.activeElement.id === id", id))


def test_keys_do_what_they_say_and_nothing_while_somebody_writes(server: Solvent, open_page: OpenPage) -> None:
    look = open_page(**DESK)
    page = enter(look, "keys@example.com", "Kim")
    page.locator("#question").press("Shift+Enter")
    page.keyboard.type("a/b?")
    expect(page.locator("#question")).to_have_value("\na/b?")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.fill("#question", "")
    page.locator("#thread").focus()
    page.keyboard.press("/")
    assert is_on(page, "question")
    page.keyboard.press("Control+k")
    assert is_on(page, "find")
    page.keyboard.press("?")
    expect(page.locator("#find")).to_have_value("?")
    page.fill("#find", "")
    page.locator("#thread").focus()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    listed = page.locator("#shortcuts dt").all_inner_texts()
    assert listed == ["Enter", "Shift + Enter", "Esc", "/", "Ctrl + K", "Alt + N", "Alt + C", "?"]
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    # A key that a Hangul syllable needs is not ours, nor is AltGr, which writes letters.
    page.fill("#question", held(LONG))
    page.press("#question", "Enter")
    expect(page.locator(".turn .prose")).to_contain_text("word")
    for key, members in (("Escape", {"isComposing": True}), ("n", {"code": "KeyN", "altKey": True, "ctrlKey": True})):
        page.dispatch_event("#question", "keydown", {"key": key, "bubbles": True, **members})
    page.wait_for_timeout(200)
    expect(page.locator("#stop")).to_be_visible()
    page.keyboard.press("Escape")
    let_go.set()
    expect(page.locator(".stopped")).to_be_visible()
    expect(page.locator(".turn .receipt")).to_be_visible()
    page.keyboard.press("Alt+c")
    expect(page.locator(".toasts")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("held trickle 30 word")
    with page.expect_navigation(url=f"{server.url}/"):
        page.keyboard.press("Alt+n")
    expect(page.locator("#greeting")).to_be_visible()
    page.evaluate(CTRL_K_WHILE_RESIZED)
    page.set_viewport_size({"width": 600, "height": 700})
    expect(page.locator("#find")).to_be_focused()
    expect(page.locator("[data-drawer]")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    assert is_on(page, "find"), "it stands in the drawer, which opens"
    page.keyboard.press("Tab")
    page.keyboard.press("Control+k")
    assert is_on(page, "find"), "the drawer was open already"
    assert look.all_complaints() == []


def test_questions_are_edited_asked_again_and_walked_through_by_the_keyboard(
    server: Solvent, open_page: OpenPage
) -> None:
    look = open_page(**DESK)
    page = enter(look, "tab@example.com", "Lee")
    ask(page, "First")
    tab_to(page, "Answer again")
    page.keyboard.press("Enter")
    expect(page.locator(".ways .num")).to_have_text("2/2")
    expect(page.locator(".turn .receipt")).to_be_visible()
    page.locator("#thread").focus()
    tab_to(page, "Previous version")
    page.keyboard.press("Enter")
    expect(page.locator(".ways .num")).to_have_text("1/2")
    tab_to(page, "Edit question")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator(".asked p")).to_have_text("First")
    page.locator("#thread").focus()
    tab_to(page, "Edit question")
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.type(" of all")
    page.keyboard.press("Enter")
    expect(page.locator(".ways .num")).to_have_text("3/3")
    expect(page.locator(".asked p")).to_have_text("First of all")
    expect(page.locator(".turn .receipt")).to_be_visible()
    assert look.all_complaints() == []


def test_whoever_listens_hears_of_an_answer_once_and_of_nothing_twice(server: Solvent, open_page: OpenPage) -> None:
    page = enter(open_page(**DESK), "ears@example.com", "Park")
    ask(page, "The first question")
    page.evaluate(LISTENER)
    page.fill("#question", held("trickle 5 " + "token " * 40))
    page.press("#question", "Enter")
    turn = page.locator(".turn").nth(1)
    expect(turn.locator(".prose")).to_contain_text("token")
    expect(turn).to_have_attribute("aria-busy", "true")
    expect(page.locator("#status")).to_have_text("Writing an answer")
    let_go.set()
    expect(turn.locator(".receipt")).to_be_visible()
    expect(turn).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#status")).to_have_text("The answer is complete")
    heard = page.evaluate("heard")
    assert not [text for text in heard if "The first question" in text], "what was there is not read again"
    assert len([text for text in heard if "token" in text]) <= 2, "a token is no news"
    names = page.locator("button:visible, a:visible, input:visible, textarea:visible").evaluate_all(
        "(all) => all.filter((one) => !(one.ariaHidden || one.ariaLabel || one.textContent.trim()"
        " || one.labels?.length)).map((one) => one.outerHTML)"
    )
    assert names == []


def test_what_is_said_is_written_and_ends_with_the_question(server: Solvent, open_page: OpenPage) -> None:
    look = open_page(**PHONE)
    look.context.add_init_script(EARS)
    page = enter(look, "voice@example.com", "김서연")
    voice = page.get_by_role("button", name="말로 적기")
    page.fill("#question", "영수증은 ")
    voice.click()
    expect(voice).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("[ears.lang, ears.continuous]") == ["ko-KR", True]
    page.evaluate("ears.say('어디', false); ears.say('어디에서 보나요', true)")
    expect(page.locator("#question")).to_have_value("영수증은 어디에서 보나요")
    page.locator("#send").click()
    expect(voice).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".turn .receipt")).to_be_visible()
    expect(page.locator("#question")).to_have_value("")
    voice.click()
    page.evaluate("ears.dispatchEvent(Object.assign(new Event('error'), {error: 'not-allowed'}))")
    expect(page.locator(".toasts")).to_contain_text("마이크")
    voice.click()
    expect(voice).to_have_attribute("aria-pressed", "false")
    assert look.all_complaints() == []


def test_code_and_answers_are_copied_or_chosen(server: Solvent, open_page: OpenPage) -> None:
    page = enter(open_page(**DESK), "copy@example.com", "Choi")
    turn = ask(page, "Look:\n\n```python\nprint(1)\n```")
    turn.locator(".code button").click()
    expect(turn.locator(".code button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").strip() == "print(1)"
    turn.get_by_role("button", name="Copy answer").click()
    expect(page.locator(".toasts")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("Look:\n\n```python")
    # Where it may not be copied it is chosen, and said so.
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new DOMException('no')); }")
    turn.locator(".code button").click()
    assert page.evaluate("getSelection().toString()").strip() == "print(1)"
    turn.get_by_role("button", name="Copy answer").click()
    expect(page.locator(".toasts")).to_contain_text("could not be copied")
    assert "Look:" in page.evaluate("getSelection().toString()")


def test_what_is_done_in_one_window_shows_in_the_other(server: Solvent, open_page: OpenPage) -> None:
    look = open_page(**DESK)
    page = enter(look, "windows@example.com", "Yoon")
    ask(page, "First")
    other = look.context.new_page()
    other.goto(page.url)
    expect(other.locator(".turn .receipt")).to_be_visible()
    ask(page, "Second")
    expect(other.locator(".turn .receipt")).to_have_count(2)
    # Deleted here, while it is answered there; what was written there meanwhile stays.
    other.fill("#question", "trickle 30 " + "word " * 30)
    other.press("#question", "Enter")
    expect(other.locator(".turn .prose").last).to_contain_text("word")
    other.fill("#question", "And then?")
    expect(page.locator(".turn")).to_have_count(3)
    page.locator("#more summary").click()
    page.locator("#more").get_by_role("button", name="Delete").click()
    expect(other.locator(".toasts")).to_contain_text("deleted in another window")
    expect(other.locator("#greeting")).to_be_visible()
    expect(other.locator("#talks a")).to_have_count(0)
    expect(other.locator("#question")).to_have_value("And then?")


def test_an_answer_that_is_stopped_while_it_thinks_keeps_nobody_and_says_what_it_came_to(
    server: Solvent, open_page: OpenPage
) -> None:
    look = open_page(**DESK)
    page = enter(look, "thinks@example.com", "Seo")
    slow = {"offline": False, "latency": 200, "downloadThroughput": -1, "uploadThroughput": -1}
    devtools = look.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", slow)
    page.fill("#question", "slowly 1200 used 12 0 3 0")
    page.press("#question", "Enter")
    page.locator("#stop").click()
    page.wait_for_url(re.compile("/talks/con_"))
    expect(page.locator("#send")).to_be_visible()
    expect(page.locator(".turn .pending")).to_have_text("Its receipt comes in a moment")
    ask(page, "Meanwhile")
    expect(page.locator(".stopped")).to_contain_text("what it read and wrote is on the receipt")
    expect(page.locator(".turn .receipt")).to_have_count(2)
    # What is refused is given back whole, before what was written meanwhile.
    asked: list[Route] = []
    page.route("**/chat/ask", lambda route: asked.append(route))
    page.set_input_files("#files", {"name": "rain.txt", "mimeType": "text/plain", "buffer": b"It rains"})
    expect(page.locator("#attached li[aria-busy]")).to_have_count(0)
    page.fill("#question", "Does it rain?")
    page.press("#question", "Enter")
    expect(page.locator(".turn").last).to_contain_text("Does it rain?")
    page.fill("#question", "Or snow?")
    refuse(page, asked)
    expect(page.locator("#question")).to_have_value("Does it rain?\n\nOr snow?")
    expect(page.locator("#attached")).to_contain_text("rain.txt")
    page.locator(".turn").last.get_by_role("button", name="Edit question").click()
    page.fill(".editing textarea", "Another")
    page.press(".editing textarea", "Enter")
    refuse(page, asked)
    expect(page.locator(".editing textarea")).to_have_value("Another")


def test_it_can_be_installed_and_says_so_where_the_network_is_gone(server: Solvent, open_page: OpenPage) -> None:
    look = open_page(**PHONE)
    page = enter(look, "install@example.com", "한지민")
    told = page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then((said) => said.json())")
    assert (told["start_url"], told["scope"], told["display"], told["lang"]) == ("/", "/", "standalone", "ko")
    for icon in told["icons"]:
        size = page.evaluate(WIDTH, icon["src"])
        assert icon["sizes"] == f"{size}x{size}"
    assert {(icon["sizes"], icon["purpose"]) for icon in told["icons"]} >= {("192x192", "any"), ("512x512", "maskable")}
    devtools = look.context.new_cdp_session(page)
    assert devtools.send("Page.getAppManifest")["errors"] == []
    hindrances = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {one["errorId"] for one in hindrances} <= {"in-incognito"}, "a test's browser is one"
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    look.context.set_offline(True)
    page.goto(f"{server.url}/plan")
    expect(page.locator("h1")).to_have_text("인터넷에 연결되어 있지 않습니다")
    expect(page.locator("h1")).to_have_css("font-weight", re.compile("6.."))
    look.context.set_offline(False)
    page.get_by_role("link", name="다시 시도").click()
    expect(page.locator(".say")).to_be_visible()
    assert page.url == f"{server.url}/plan"


# A browser that is set offline lets go on what is on its way: this breaks an answer off.
BREAKS = """() => {
  const real = window.fetch;
  window.fetch = async (path, asked) => {
    const answer = await real(path, asked);
    if (path !== '/chat/ask') return answer;
    const reader = answer.body.getReader();
    const broken = () => reader.cancel().then(() => { throw new TypeError('network error'); });
    return { ok: true, body: { getReader: () => ({ read: () => (navigator.onLine ? reader.read() : broken()) }) } };
  };
}"""


# A connection that stays open when all is told.
LINGERS = """() => {
  const real = window.fetch;
  window.fetch = async (path, asked) => {
    const answer = await real(path, asked);
    if (path !== '/chat/ask') return answer;
    const reader = answer.body.getReader();
    const read = async () => { const part = await reader.read(); return part.done ? new Promise(() => {}) : part; };
    return { ok: true, body: { getReader: () => ({ read }) } };
  };
}"""


def test_where_the_receipt_stands_the_answer_is_over(server: Solvent, open_page: OpenPage) -> None:
    look = open_page(**DESK)
    page = enter(look, "over@example.com", "Over")
    page.evaluate(LINGERS)
    turn = ask(page, "Is it over?")
    turn.get_by_role("button", name="Answer again").click()
    expect(page.locator(".ways .num")).to_have_text("2/2")
    ask(page, "Another one")
    expect(page.locator("#status")).to_have_text("The answer is complete")
    assert look.all_complaints() == []


def test_an_answer_that_the_network_breaks_off_is_looked_up_when_that_is_back(
    server: Solvent, open_page: OpenPage
) -> None:  # fmt: skip
    look = open_page(**DESK)
    page = enter(look, "tunnel@example.com", "Tunnel")
    page.evaluate(BREAKS)
    page.fill("#question", held(LONG))
    page.press("#question", "Enter")
    turn = page.locator(".turn").last
    expect(turn.locator(".prose")).to_contain_text("word word")
    look.context.set_offline(True)
    let_go.set()
    expect(turn.locator(".stopped")).to_be_visible()
    expect(page.locator(".toasts")).to_contain_text("broke off")
    expect(turn.locator(".receipt")).to_have_count(0)
    look.context.set_offline(False)
    expect(turn.locator(".receipt")).to_be_visible()
    expect(turn.locator(".prose")).to_contain_text("word word")
