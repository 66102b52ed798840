"""Words of people, models, upstreams and settings never become markup, wherever a page shows them; and odd uploads."""

from __future__ import annotations

import base64
import gzip
import json
import struct
import uuid
import zlib
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from tests.browsing import MODEL, NewServer, OpenPage
from tests.chat.own import SETTINGS, TABLES, do
from tests.chat.talking import PNG, Talker
from tests.console.test_offices import Office
from tests.doors.server import Solvent
from tests.pages.places import CHAT, CONSOLE, is_events, somewhere

from solvent.values.limits import PICTURE_SIDE_PIXELS_MAX, QUESTION_BYTES_MAX, TALK_PICTURES_BYTES_MAX

pytestmark = pytest.mark.xdist_group("console")

BARE = "<img src=x onerror=alert(1)>"
EVIL = f"</script>{BARE}'\"{{{{7*7}}}}"
NAME = "<img/src/onerror=alert(1)>"  # where names are short
PLAN = """\
[[plans]]
name = "evil"
title = {ko = "<img src=x onerror=alert(1)>", en = "<img src=x onerror=alert(1)>"}
price = "9900"
included = [{answers = 10}]
afterwards = "free"
at_a_loss = true
"""


@pytest.fixture(scope="module")
def server(new_server: NewServer, base_url: str) -> Solvent:
    sees = MODEL.replace("{name}", "seeing") + "image_tokens_max = 100\n"
    return new_server(SETTINGS, TABLES + PLAN + sees.format(url=base_url, price="page-price"))


class Evil(Talker):
    """Somebody who puts markup wherever they can. asked: the last answer over the API."""

    talk_id = link = asked = ""


@pytest.fixture(scope="module")
def kim(server: Solvent) -> Evil:
    """They did, as a customer, and so did an operator."""
    kim = Evil(server, f"{uuid.uuid4().hex}@example.com")
    do(kim, "/account", at="/account", name=EVIL[:100])
    talk, _ = kim.answered(f"evil {EVIL}", mode="plain")
    kim.post(f"/chat/talks/{talk['id']}", {"title": EVIL})
    kim.answered(f"fails {EVIL}", mode="plain")
    kim.send("/keys", "/keys", once=uuid.uuid4().hex, name=BARE)
    do(kim, "/invoices/profile", at="/invoices/profile", name=EVIL, address=EVIL, email="a@example.com")
    for name in (EVIL, NAME):
        made = server.operate("POST", "/v1/customers", {"name": name, "plan": "evil", "pays": "invoice"})
        server.operate("POST", "/v1/grants", {"customer": made["id"], "amount": "5", "why": EVIL})
        body = {"model": "plain", "user": BARE, "messages": [{"role": "user", "content": "used 10 0 10 0 evil"}]}
        kim.asked = server.send("POST", "/v1/chat/completions", body, made["api_key"]).headers["x-request-id"]
    server.operate("POST", "/v1/operators", {"role": "support", "name": BARE})
    kim.talk_id = talk["id"]
    kim.link = kim.post(f"/chat/talks/{talk['id']}", {"is_shared": True}).json()["link"]
    return kim


@pytest.fixture(scope="module")
def office(server: Solvent) -> Office:
    return Office(server)


def paths(server: Solvent, kim: Evil) -> list[str]:
    """Pages with everybody's words on them, besides those of the tables that name nothing."""
    customers = server.operate("GET", "/v1/customers?limit=100")["data"]
    invoices = server.operate("GET", "/v1/invoices?limit=100")["data"]
    return [
        *(f"/console/customers/{one['id']}" for one in customers[:3]),
        *(f"/console/money/invoices/{one['number']}" for one in invoices[:2]),
        f"/console/answers/{kim.asked}", "/console/plans/evil", f"/talks/{kim.talk_id}", kim.link,
        f"/console/customers?search={quote(EVIL)}",
    ]  # fmt: skip


def test_no_page_has_anybodys_markup_in_it(server: Solvent, kim: Evil, office: Office) -> None:
    whole = [place.path for place in (*CHAT, *CONSOLE) if place.method == "GET" and "{" not in place.path]
    whole = [path for path in whole if not path.endswith("live-events")]
    seen = ""
    for path in [*whole, *paths(server, kim)]:
        came = (office if path.startswith("/console") else kim).get(path)
        assert came.status_code in (200, 400, 303, 404), path
        if not came.headers.get("content-type", "").startswith("text/html"):
            continue
        assert "<img" not in came.text.lower(), path
        assert "onerror=alert(1)>" not in came.text, path
        seen += came.text
    assert seen.count("&lt;img") > 20, "the words are on the pages"
    assert EVIL.replace("7*7", "49") not in seen


def test_what_an_address_or_a_form_says_is_never_markup(kim: Evil, office: Office) -> None:
    names = (
        "search", "state", "cursor", "since", "days", "by", "sought", "plan", "customer", "month", "done",
        "next", "model", "key", "day",
    )  # fmt: skip
    said = dict.fromkeys(names, EVIL)
    for place in (*CHAT, *CONSOLE):
        if is_events(place):
            continue
        who = office if place in CONSOLE else kim
        if place.method == "GET":
            came = who.get(somewhere(place).replace("none_", "%3Cimg%20src=x%20"), params=said)
        elif place.path.endswith(("sign-out", "/close")):
            continue
        else:
            token = who.token("/console/customers" if place in CONSOLE else "/plan")
            came = who.http.post(somewhere(place), data={**said, "csrf": token, "do": EVIL, "once": EVIL, "name": EVIL})
        assert came.status_code < 500, (place.method, place.path)
        if came.headers.get("content-type", "").startswith("text/html"):
            assert "<img" not in came.text.lower(), (place.method, place.path)


@pytest.mark.parametrize("path", ["talk", "shared", "/console/margins?days=7"])
def test_nor_when_a_pages_own_scripts_write_it(open_page: OpenPage, server: Solvent, kim: Evil, path: str) -> None:
    look = open_page()
    page: Page = look.page
    if path.startswith("/console"):
        look.go(server.operator_key)
    else:
        look.context.add_cookies([
            {"name": cookie.name, "value": str(cookie.value), "url": server.url} for cookie in kim.http.cookies.jar
        ])  # fmt: skip
    page.goto(server.url + {"talk": f"/talks/{kim.talk_id}", "shared": kim.link}.get(path, path))
    written = page.locator("figure.chart svg" if path.startswith("/console") else ".turn .prose")
    expect(written.first).not_to_be_empty()
    assert page.locator("img").count() == 0
    assert "onerror" in page.content(), "somebody's words are on it"
    # Where words with markup in them are sanitised, Chromium says that it blocked what it would not have run anyway.
    assert [said for said in look.all_complaints() if said.startswith(("alert", "error"))] == []


def png(width: int, height: int) -> bytes:
    """A picture of few bytes that says it is so large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(100_000), 9)), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def address(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def test_pictures_that_are_bombs_or_none_are_refused_before_they_are_kept(kim: Evil) -> None:
    wide, tall = PICTURE_SIDE_PIXELS_MAX + 1, PICTURE_SIDE_PIXELS_MAX + 1
    tried = {
        "picture_too_wide": [png(wide, 1), png(1, tall), png(2**31 - 1, 2**31 - 1), b"GIF89a" + b"\xff" * 20],
        "bad_picture": [
            b"PK\x03\x04" + bytes(200), gzip.compress(bytes(10_000)), b"<svg onload=alert(1)>", b"<html>", b"",
            b"%PDF-1.7", png(0, 5), b"\x89PNG\r\n\x1a\n",
        ],
        "pictures_too_large": [png(10, 10) + bytes(TALK_PICTURES_BYTES_MAX)],
    }  # fmt: skip
    before = kim.get("/chat/talks").json()
    for code, pictures in tried.items():
        for data in pictures:
            refused = kim.post("/chat/ask", {"question": "x", "mode": "seeing", "pictures": [address(data)]})
            assert (refused.status_code, refused.json()["error"]["code"]) == (400, code), data[:20]
    assert kim.get("/chat/talks").json() == before


def test_a_picture_is_what_it_is_and_not_what_it_says(kim: Evil) -> None:
    page = base64.b64decode(PNG.partition(",")[2]) + b"<script>alert(1)</script>"
    _, turn = kim.answered("look", mode="seeing", pictures=[address(page, "text/html")])
    came = kim.get(f"/chat/turns/{turn['id']}/pictures/0")
    assert came.headers["content-type"] == "image/png"
    assert came.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in came.headers["content-security-policy"]


def test_nothing_that_is_sent_is_ever_unpacked(kim: Evil) -> None:
    packed = gzip.compress(json.dumps({"question": "x" * 10, "mode": "plain"}).encode())
    headers = {"x-csrf": kim.csrf, "content-encoding": "gzip", "content-type": "application/json"}
    assert kim.http.post("/chat/ask", content=packed, headers=headers).status_code == 400
    whole = b'{"question": "' + b"x" * QUESTION_BYTES_MAX + b'"}'
    assert kim.http.post("/chat/ask", content=whole, headers={"x-csrf": kim.csrf}).status_code in (400, 413)
    deep = b"[" * 100_000
    assert kim.http.post("/chat/ask", content=deep, headers={"x-csrf": kim.csrf}).status_code == 400
