"""Talking in a real browser: in Korean on a phone, in English at a desk; and nothing on the page keeps anyone out."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect
from tests import documents
from tests.asked_upstream import held, let_go
from tests.axe import faults
from tests.browsing import Look, OpenPage
from tests.chat.talking import PNG, begin, many, settings
from tests.chat.visits import PASSWORD
from tests.doors.server import Solvent

pytestmark = pytest.mark.xdist_group("console")

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "locale": "ko-KR", "has_touch": True}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US"}
LONG = "trickle 30 " + "word " * 120


@pytest.fixture(scope="module")
def talking(base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    """A server that a file's tests share."""
    server = Solvent(tmp_path_factory.mktemp("talk"), settings(base_url))
    yield begin(server)
    server.kill()


def enter(look: Look, email: str, name: str) -> Page:
    """Sign up; one is then where one talks."""
    page = look.page
    page.goto(f"{look.server.url}/sign-up")
    for field, words in (("name", name), ("email", email), ("password", PASSWORD)):
        page.fill(f"#{field}", words)
    page.locator("form[action='/sign-up'] button").click()
    page.wait_for_url(f"{look.server.url}/")
    return page


def ask(page: Page, question: str) -> Locator:
    """Ask, and wait for the receipt; the turn."""
    page.fill("#question", question)
    page.press("#question", "Enter")
    turn = page.locator(".turn").last
    expect(turn.locator(".receipt")).to_be_visible()
    return turn


def asks_again_and_edits(page: Page) -> None:
    """Branches stand beside each other; the first one is shown in the end."""
    page.locator(".turn").first.get_by_role("button", name="Edit question").click()
    page.fill(".editing textarea", "What is a hold?")
    page.press(".editing textarea", "Enter")
    expect(page.locator(".ways .num")).to_have_text("2/2")
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".turn .receipt")).to_be_visible()
    page.get_by_role("button", name="Answer again").click()
    expect(page.locator(".ways .num")).to_have_text("3/3")
    expect(page.locator(".turn .receipt")).to_be_visible()
    page.get_by_role("button", name="Previous version").click()
    expect(page.locator(".ways .num")).to_have_text("2/3")
    page.get_by_role("button", name="Previous version").click()
    expect(page.locator(".ways .num")).to_have_text("1/3")
    expect(page.locator(".turn")).to_have_count(2)


def test_somebody_talks_at_a_desk_in_english(talking: Solvent, open_page: OpenPage) -> None:
    look = open_page(at=talking, **DESK)
    page = enter(look, "desk@example.com", "Kim")
    expect(page.locator(".examples button")).to_have_count(3)
    assert faults(page) == []
    expect(page.get_by_role("radio", name=re.compile("Quick about ₩"))).to_be_checked()
    turn = ask(page, "What **is** a receipt?")
    expect(turn.get_by_role("heading", level=2)).to_have_text("Answer 1")
    expect(turn.locator(".prose strong")).to_have_text("is")
    page.wait_for_url(re.compile(r"/talks/con_"))
    expect(page.locator("#talks a[aria-current=page]")).to_have_text("What **is** a receipt?")
    # The receipt opens to its lines, which are the charge alone.
    turn.locator(".receipt summary").click()
    expect(turn.locator(".receipt table")).to_contain_text("Written")
    assert faults(page) == []
    # Stopped: what was written until then stays, with its receipt.
    page.fill("#question", held(LONG))
    page.press("#question", "Enter")
    last = page.locator(".turn").last
    expect(last.locator(".prose")).to_contain_text("word word")
    page.locator("#stop").click()
    let_go.set()  # whoever stops waits for what the model reports in the end
    expect(last.locator(".stopped")).to_be_visible()
    expect(last.locator(".receipt")).to_be_visible()
    assert len(last.locator(".prose").inner_text()) < len(LONG) - 50
    asks_again_and_edits(page)
    # A name of one's own, a link for others, and all of it after a reload.
    page.locator("#more summary").click()
    page.locator("#more").get_by_role("button", name="Rename").click()
    page.fill("#new-title", "Receipts")
    page.press("#new-title", "Enter")
    expect(page.locator("#heading")).to_have_text("Receipts")
    page.locator("#more summary").click()
    page.locator("#more").get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator("#link")).to_have_value(re.compile(r"/shared/"))
    link = page.input_value("#link")
    assert faults(page) == []
    page.press("#link", "Escape")
    page.reload()
    expect(page.locator("#heading")).to_have_text("Receipts")
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".turn").first.locator(".prose strong")).to_have_text("is")
    expect(page.locator(".turn").last.locator(".stopped")).to_be_visible()
    page.goto(link)
    expect(page.locator(".prose strong").first).to_have_text("is")
    expect(page.locator(".receipt")).to_have_count(0)
    assert faults(page) == []
    assert look.all_complaints() == []


def test_many_ways_to_answer_are_a_list(base_url: str, tmp_path: Path, open_page: OpenPage) -> None:
    server = Solvent(tmp_path, many(base_url))
    try:
        look = open_page(at=begin(server), **PHONE)
        page = enter(look, "many@example.com", "Lee")
        page.select_option("select[name=mode]", "m3")
        expect(ask(page, "Hi").locator(".receipt")).to_contain_text("m3")
        page.reload()
        expect(page.locator("select[name=mode]")).to_have_value("m3")
        assert faults(page) == []
        assert look.all_complaints() == []
    finally:
        server.kill()


def test_a_stranger_reads_what_is_shared_and_nothing_asks_for_more_than_the_policy_allows(
    talking: Solvent, open_page: OpenPage
) -> None:  # fmt: skip
    look = open_page(at=talking)
    page = enter(look, "strict@example.com", "Lee")
    turn = ask(page, "<i title=x><img src=/x.png>**b**</i> $x^2$\n\n```python\nprint(1)\n```")
    expect(turn.locator(".prose strong")).to_have_text("b")
    expect(turn.locator(".prose .math")).to_be_visible()
    expect(turn.locator(".code")).to_be_visible()
    expect(turn.locator(".prose img, .asked img")).to_have_count(0)
    page.locator("#more summary").click()
    page.locator("#more").get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator("#link")).to_have_value(re.compile(r"/shared/"))
    reader = open_page(at=talking)
    reader.page.goto(page.input_value("#link"))
    expect(reader.page.locator(".prose strong")).to_have_text("b")
    expect(reader.page.locator("img")).to_have_count(0)
    assert look.all_complaints() == reader.all_complaints() == []
    # What would act does not: the browser tells of it where the sanitiser reads it, and runs nothing.
    page.reload()
    turn = ask(page, "evil <img src=x onerror=alert(1)><svg onload=alert(1)>**c**")
    expect(turn.locator(".prose strong")).to_have_text("c")
    expect(page.locator("#turns img, #turns svg[onload]")).to_have_count(0)
    assert not [each for each in look.all_complaints() if each.startswith("alert")]


def test_somebody_talks_on_a_phone_in_korean(talking: Solvent, open_page: OpenPage) -> None:
    look = open_page(at=talking, **PHONE)
    page = enter(look, "phone@example.com", "김서연")
    page.get_by_role("radio", name=re.compile("꼼꼼하게")).check()
    # Enter that ends a Hangul syllable does not send.
    page.fill("#question", "영수증이 뭐")
    page.dispatch_event("#question", "keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(page.locator(".turn")).to_have_count(0)
    picture = FilePayload(name="사진.png", mimeType="image/png", buffer=base64.b64decode(PNG.partition(",")[2]))
    note = FilePayload(name="메모.txt", mimeType="text/plain", buffer="우유 **1리터**".encode())
    page.set_input_files("#files", [picture, note])
    expect(page.locator("#attached li")).to_have_count(2)
    assert faults(page) == []
    page.fill("#question", "영수증이 뭐예요?")
    page.locator("#send").click()
    turn = page.locator(".turn").last
    expect(turn.locator(".receipt")).to_be_visible()
    expect(turn.locator(".asked img")).to_have_js_property("naturalWidth", 1)
    expect(turn.locator(".asked p")).to_have_text("영수증이 뭐예요?")
    expect(turn.locator(".asked .attached a")).to_contain_text("메모.txt")
    expect(turn.locator(".prose")).to_contain_text("우유 **1리터**")
    expect(turn.locator(".receipt")).to_contain_text("꼼꼼하게")
    expect(page.locator("#attached li")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # What fails is said, and can be asked again; what was written is not lost while the network is gone.
    failed = ask(page, "this fails")
    expect(failed.locator(".trouble")).to_contain_text("다시")
    look.context.set_offline(True)
    page.fill("#question", "끊긴 질문")
    page.locator("#send").click()
    expect(page.locator("#question")).to_have_value("끊긴 질문")
    expect(page.locator(".toasts")).to_contain_text("닿지 않습니다")
    look.context.set_offline(False)
    look.complaints = [each for each in look.complaints if "ERR_INTERNET_DISCONNECTED" not in each]
    page.locator("#send").click()
    expect(page.locator(".turn")).to_have_count(3)
    expect(page.locator(".turn").last.locator(".receipt")).to_be_visible()
    assert faults(page) == []
    # The drawer: find it, delete it, have it back.
    page.get_by_role("button", name="대화 목록 열기").click()
    page.fill("#find", "없는 말")
    expect(page.locator("#talks")).to_contain_text("없습니다")
    page.fill("#find", "리터")
    expect(page.locator("#talks a")).to_have_count(1)
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.locator("#more summary").click()
    page.locator("#more").get_by_role("button", name="지우기").click()
    expect(page.locator("#greeting")).to_be_visible()
    page.get_by_role("button", name="되돌리기").click()
    expect(page.locator(".turn")).to_have_count(3)
    assert look.all_complaints() == []


def test_what_reads_answers_comes_when_somebody_writes_and_at_once_where_some_are(
    talking: Solvent, open_page: OpenPage
) -> None:
    look = open_page(at=talking, **DESK)
    asked: list[str] = []
    look.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    page = enter(look, "late@example.com", "Late")
    page.evaluate("new Promise((done) => { requestIdleCallback(done); })")
    assert "talk.js" in asked
    assert not {"marked.esm.js", "purify.es.mjs", "markdown.js"} & set(asked)
    turn = ask(page, "markdown please")
    expect(turn.locator(".prose")).to_have_text("markdown please")
    assert {"marked.esm.js", "purify.es.mjs"} <= set(asked)
    page.reload()
    assert page.locator("head > link[rel=modulepreload][href*='marked']").count() == 1
    expect(page.locator(".turn .prose")).to_have_text("markdown please")
    assert not look.all_complaints()


DROP = """async (files) => {
  const moved = new DataTransfer();
  for (const [name, type, text, size] of files) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    moved.items.add(new File(size ? [new Uint8Array(size)] : [bytes], name, { type }));
  }
  const over = (kind, more) => document.getElementById('thread').dispatchEvent(
    new DragEvent(kind, { dataTransfer: moved, bubbles: true, cancelable: true, ...more }));
  over('dragenter');
  const isShown = !document.getElementById('drop').hidden;
  const isOurs = !over('dragover');
  over('drop');
  return [isShown, isOurs, document.getElementById('drop').hidden];
}"""

PASTE = """(text) => {
  const kept = new DataTransfer();
  if (text) kept.setData('text/plain', text);
  kept.items.add(new File(['x'], 'x.txt', { type: 'text/plain' }));
  const pasted = new ClipboardEvent('paste', { clipboardData: kept, bubbles: true, cancelable: true });
  return !document.getElementById('question').dispatchEvent(pasted);
}"""


def dropped(page: Page, *files: tuple[str, str, bytes, int]) -> list[bool]:
    """Whether the zone was shown, the browser was kept from opening the files, and the zone went. size: of one that
    is as large, whatever is in it."""
    told = [[name, kind, base64.b64encode(data).decode(), size] for name, kind, data, size in files]
    shown: list[bool] = page.evaluate(DROP, told)
    return shown


def test_files_are_dropped_read_and_asked_with(talking: Solvent, open_page: OpenPage) -> None:
    look = open_page(at=talking, **DESK)
    page = enter(look, "files@example.com", "Park")
    pdf, png = documents.pdf(["It rains in Busan", "and in Seoul"]), base64.b64decode(PNG.partition(",")[2])
    files = [("rain.pdf", "application/pdf", pdf, 0), ("huge.pdf", "application/pdf", b"", 21 << 20)]
    pictures = [(f"{n}.png", "image/png", png, 0) for n in range(5)]
    assert dropped(page, *files, *pictures) == [True, True, True]
    # What is too much is said at once; the rest is taken.
    expect(page.locator(".toasts p")).to_have_count(1)
    expect(page.locator(".toasts p")).to_contain_text("huge.pdf")
    expect(page.locator(".toasts p")).to_contain_text("At most 4 pictures")
    expect(page.locator("#attached li")).to_have_count(5)
    expect(page.locator("#attached li", has_text="rain.pdf")).to_contain_text("2 pages · 1 kB")
    expect(page.locator(".adds")).to_contain_text(re.compile(r"adds about ₩"))
    cheap = page.locator(".adds").inner_text()
    page.get_by_role("radio", name=re.compile("Careful")).check()
    expect(page.locator(".adds")).not_to_have_text(cheap)
    assert faults(page) == []
    turn = ask(page, "Where does it rain?")
    expect(turn.locator(".asked .attached li")).to_have_text(re.compile("rain.pdf"))
    expect(turn.locator(".prose")).to_contain_text("It rains in Busan")
    expect(page.locator(".adds")).to_be_hidden()
    # Cells of a spreadsheet are pasted as words, though they are there as a picture too.
    assert [page.evaluate(PASTE, text) for text in ("1\t2", "")] == [False, True]
    expect(page.locator("#attached li")).to_have_count(1)
    at = turn.locator(".asked .attached a").get_attribute("href")
    assert "and in Seoul" in page.request.get(f"{talking.url}{at}").text()
    page.reload()
    expect(page.locator(".asked .attached a")).to_contain_text("2 pages")
    assert look.all_complaints() == []


def test_what_is_being_read_is_shown_and_can_be_taken_away(talking: Solvent, open_page: OpenPage) -> None:
    look = open_page(at=talking, **PHONE)
    page = enter(look, "slow@example.com", "박")
    held: list[Any] = []
    page.route("**/chat/documents", lambda route: held.append(route))  # it is on its way
    page.fill("#question", "읽어 주세요")
    scan = FilePayload(name="스캔.pdf", mimeType="application/pdf", buffer=documents.pdf([""]))
    long = FilePayload(name=f"{'긴이름' * 30}.pdf", mimeType="application/pdf", buffer=documents.pdf(["x"]))
    page.set_input_files("#files", [long, scan])
    expect(page.locator("#attached li")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#send").click()
    expect(page.locator(".toasts")).to_contain_text("아직 읽고 있는")
    page.get_by_role("button", name="긴이름").click()
    expect(page.locator("#attached li")).to_have_count(1)
    page.unroute("**/chat/documents")  # which lets all go on that are held
    # What cannot be read is said by its name, and what was written stays.
    expect(page.locator(".toasts")).to_contain_text("스캔.pdf: 글이 없는 파일입니다")
    expect(page.locator("#attached li")).to_have_count(0)
    expect(page.locator("#question")).to_have_value("읽어 주세요")


def test_what_is_long_opens_at_its_end_and_drafts_outlive_a_session(talking: Solvent, open_page: OpenPage) -> None:
    look = open_page(at=talking, **DESK)
    page = enter(look, "long@example.com", "Long")
    page.fill("#question", "half a thought")
    page.reload()
    expect(page.locator("#question")).to_have_value("half a thought")
    # A long question is folded, and its answer is opened at its end, also where what reads it comes late.
    turn = ask(page, "a line\n\n" * 200)
    expect(turn.locator(".asked p.folded")).to_be_visible()
    turn.get_by_role("button", name="Show all").click()
    expect(turn.locator(".asked p.folded")).to_have_count(0)
    turn.get_by_role("button", name="Show less").click()
    page.fill("#question", "a second thought")
    page.reload()
    expect(page.locator(".turn .prose p").last).to_be_in_viewport()
    # What is being written belongs to the conversation that it was begun in.
    expect(page.locator("#question")).to_have_value("a second thought")
    # Signed out elsewhere: it is said with the way back, and what was written is there again.
    look.context.clear_cookies(name="solvent_session")
    page.press("#question", "Enter")
    back = page.locator(".toasts").get_by_role("link", name="Sign in")
    expect(back).to_be_visible()
    toast, send = page.locator(".toasts p").bounding_box(), page.locator("#send").bounding_box()
    assert toast
    assert send
    assert toast["y"] + toast["height"] < send["y"], "what is said hides nothing that is pressed"
    expect(page.locator("#question")).to_have_value("a second thought")
    back.click()
    page.fill("#email", "long@example.com")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_have_value("a second thought")
    assert faults(page) == []
