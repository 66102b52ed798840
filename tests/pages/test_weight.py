"""Pages stay light: what comes before the first paint, files sent compressed, scripts told of at once."""

from __future__ import annotations

import gzip
import re

import pytest
from bench.load.opened_page import opened
from playwright.sync_api import Browser
from tests.browsing import OpenPage
from tests.chat.own import sign_up_here
from tests.chat.visits import Browser as Person
from tests.doors.server import Solvent

from solvent.pages.drawing import WEB

pytestmark = pytest.mark.xdist_group("console")

CHAT_BYTES_MAX = 150_000  # before the first paint
CONSOLE_BYTES_MAX = 250_000


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_the_two_faces_stay_within_their_budgets(open_page: OpenPage, server: Solvent, locale: str) -> None:
    look = open_page(locale=locale)
    sign_up_here(look)
    look.page.close()  # or else it could still keep the font
    chat = opened(look.context, f"{server.url}/", slowed=1)
    # A part of the font, which is counted apart, may have come before the paint.
    assert 0 < chat.bytes_before_paint <= chat.bytes_of_page + chat.bytes_of_font
    assert max(chat.bytes_before_paint, chat.bytes_of_page) < CHAT_BYTES_MAX
    assert chat.bytes_of_font, "the font comes, and late"
    desk = open_page(locale=locale)
    desk.go(server.operator_key)
    desk.page.close()
    home = opened(desk.context, f"{server.url}/console", slowed=1)
    assert 0 < home.bytes_before_paint <= home.bytes_of_page + home.bytes_of_font
    assert max(home.bytes_before_paint, home.bytes_of_page) < CONSOLE_BYTES_MAX


def test_a_browser_that_keeps_the_font_has_it_from_the_start(open_page: OpenPage, server: Solvent) -> None:
    look = open_page()
    look.page.goto(f"{server.url}/sign-in")
    for _ in range(500):
        if "solvent_font" in {cookie["name"] for cookie in look.page.context.cookies()}:
            break
        look.page.wait_for_timeout(20)
    look.page.reload()
    assert look.page.locator("head > link[rel=stylesheet]").first.get_attribute("href", timeout=1_000) == (
        "/static/vendor/pretendard-1.3.9/pretendardvariable-dynamic-subset.css"
    )
    assert look.all_complaints() == []


def test_text_goes_out_compressed_once_and_is_not_sent_again(server: Solvent) -> None:
    path, file = "/static/js/talk.js", WEB / "js" / "talk.js"
    packed = server.send("GET", path, key="", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"].startswith("text/javascript")
    assert packed.headers["vary"] == "accept-encoding"
    assert gzip.decompress(packed.body) == file.read_bytes()
    kept = {"accept-encoding": "gzip", "if-none-match": packed.headers["etag"]}
    again = server.send("GET", path, key="", headers=kept)
    assert (again.status, again.body) == (304, b"")
    plain = server.send("GET", path, key="")
    assert "content-encoding" not in plain.headers
    assert plain.body == file.read_bytes()
    assert server.send("GET", "/static/js/none.js", key="", headers={"accept-encoding": "gzip"}).status == 404
    assert server.send("GET", "/static/js/..%2f..%2fpages/site.py", key="", headers=kept).status == 404
    vendored = server.send("GET", "/static/vendor/marked-18.2.1/marked.esm.js", key="", headers=kept)
    assert vendored.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_no_page_is_compressed_for_it_carries_a_form_token(server: Solvent) -> None:
    page = Person(server).get("/sign-in", headers={"accept-encoding": "gzip"})
    assert page.status_code == 200
    assert "content-encoding" not in page.headers


def test_every_script_that_a_page_comes_to_import_is_named_in_its_head(server: Solvent, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(server.url)))
    page.goto(f"{server.url}/console/sign-in")
    named = re.findall(r'(?:href|src)="(/static/[^"]+js)"', page.content())
    context.close()
    scripts = [path for path in asked if path.endswith("js")]
    assert scripts
    assert set(scripts) == set(named)
