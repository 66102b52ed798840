"""My usage and my keys: receipts by day and one by one, keys that open what they should, and code that works."""

from __future__ import annotations

import contextlib
import csv
import html
import io
import re
import shutil
import subprocess
import sys
import uuid
from decimal import Decimal
from pathlib import Path

import pytest
from tests.axe import faults
from tests.browsing import NewServer, OpenPage
from tests.chat.own import TABLES, do, sign_up_here, someone
from tests.chat.visits import Browser
from tests.doors.server import Solvent

from solvent.chat.usage import watt_hours

pytestmark = pytest.mark.xdist_group("console")
SECRET = re.compile(r"sk-solvent-[0-9a-f]+")


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Solvent:
    return new_server("", TABLES)


def issued(browser: Browser, **members: str) -> str:
    """A new key's secret, from the page that shows it."""
    page = browser.send("/keys", "/keys", once=uuid.uuid4().hex, **members)
    assert page.status_code == 200, page.text
    (shown,) = set(SECRET.findall(page.text))
    return str(shown)


def ask(server: Solvent, key: str, model: str = "plain", words: str = "used 1000 0 0 500", **members: str) -> int:
    body = {"model": model, "messages": [{"role": "user", "content": words}], **members}
    return server.send("POST", "/v1/chat/completions", body, key).status


def key_page(browser: Browser) -> str:
    """Where the newest key is managed."""
    found = re.search(r"/keys/key_\w+", browser.get("/keys").text)
    assert found
    return found[0]


def test_a_key_is_shown_once_and_used_as_it_says(server: Solvent) -> None:
    kim, _ = someone(server)
    once = uuid.uuid4().hex
    token = kim.token("/keys")
    wish = {"csrf": token, "once": once, "name": "shop", "model:plain": "1", "use:chat": "1"}
    first, again = kim.http.post("/keys", data=wish), kim.http.post("/keys", data=wish)
    (key,) = set(SECRET.findall(first.text))
    assert not SECRET.findall(again.text)
    assert "shown already" in again.text
    assert len(set(re.findall(r"/keys/key_\w+", again.text))) == 1
    assert ask(server, key) == 200
    assert ask(server, key, "below-cost") == 403
    where = key_page(kim)
    assert 'name="model:plain" value="1" checked' in kim.get(where).text
    assert do(kim, where, at=where, **{"model:below-cost": "1"}) == where
    assert (ask(server, key), ask(server, key, "below-cost")) == (403, 200)
    assert do(kim, where, at=where, name="  the  website ", **{"model:below-cost": "1"}) == where
    assert "the website" in kim.get("/keys").text
    assert do(kim, where, at=where, name="x" * 121, **{"model:below-cost": "1"}) == ""
    rotated = kim.send(f"{where}/rotate", where, once=uuid.uuid4().hex, overlap="0")
    (newer,) = set(SECRET.findall(rotated.text))
    assert (ask(server, key, "below-cost"), ask(server, newer, "below-cost")) == (401, 200)
    assert kim.send(f"{where}/rotate", where, once=uuid.uuid4().hex, overlap="5").status_code == 422
    assert "3 answers in 31 days" in kim.get(where).text
    assert do(kim, f"{where}/revoke", at=where) == "/keys"
    assert ask(server, newer, "below-cost") == 401
    assert "taken back" in kim.get("/keys").text
    for bad in ({"expires": "2020-01-01"}, {"expires": "soon"}, {"name": "x" * 121}, {"use:flying": "1"}):
        assert kim.send("/keys", "/keys", once=uuid.uuid4().hex, **bad).status_code == 422, bad


def test_the_code_on_the_page_works(server: Solvent) -> None:
    kim, _ = someone(server)
    key = issued(kim)
    texts = dict(re.findall(r'<code id="code-(\w+)">(.*?)</code>', kim.get("/keys").text, re.DOTALL))
    assert set(texts) == {"curl", "openai", "anthropic", "javascript"}
    for name in ("openai", "anthropic"):
        code = html.unescape(texts[name]).replace("YOUR_KEY", key)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(code, {})
        assert "Hello" in said.getvalue(), name
    for name in ("curl", "javascript"):
        assert f"{server.url}/v1/chat/completions" in html.unescape(texts[name])
    if shutil.which("curl"):
        code = html.unescape(texts["curl"]).replace("YOUR_KEY", key)
        assert "Hello" in subprocess.run(code, shell=True, capture_output=True, text=True, check=True).stdout
    code = html.unescape(texts["javascript"]).replace("YOUR_KEY", key)
    node = [str(Path(sys.executable).parent / "node"), "--input-type=module", "--eval", code]
    assert "Hello" in subprocess.run(node, capture_output=True, text=True, check=True, timeout=60).stdout


def test_usage_is_told_by_day_by_key_and_by_answer(server: Solvent) -> None:
    kim, _ = someone(server)
    assert "not asked anything" in kim.get("/usage").text
    key, other = issued(kim, name="one"), issued(kim, name="two")
    for _ in range(2):
        assert ask(server, key) == 200
    assert ask(server, other, "below-cost", user="=cmd()") == 200
    page = kim.get("/usage").text
    assert "3 answers in 31 days" in page
    receipts = re.findall(r'href="/usage/(ans_\w+)"', page)
    assert len(receipts) == len(set(receipts)) == 3
    by_model = kim.get("/usage?model=below-cost").text
    assert re.findall(r'href="/usage/(ans_\w+)"', by_model) == receipts[:1]
    ids = re.findall(r'<option value="(key_\w+)"', page)
    assert len(ids) == 2
    assert len(re.findall(r'href="/usage/ans_', kim.get(f"/usage?key={ids[1]}").text)) == 2
    one = kim.get(f"/usage/{receipts[0]}").text
    assert "below-cost" in one
    # Its lines come to what is paid, and say what the receipt under an answer says.
    assert "Thought" in one
    table = re.findall(
        r'<td class="n">(?:−\u200a)?₩([0-9.,]+)</td>', one.partition("<table")[2].partition("</table>")[0]
    )
    *lines, worth, covered, due = [Decimal(each.replace(",", "")) for each in table]
    assert sum(lines) == worth == covered + due > 0
    assert "Covered by the plan" in one
    assert "margin" not in one.lower()
    rows = list(csv.DictReader(io.StringIO(kim.get("/usage.csv").text)))
    assert [row["id"] for row in rows] == receipts
    assert rows[0]["user"] == "'=cmd()"
    assert {row["currency"] for row in rows} == {"KRW"}
    assert kim.get("/usage?model=%00").status_code == 400


def test_what_took_little_energy_does_not_read_as_none() -> None:
    told = [watt_hours(uj) for uj in (540_000, 1_512_000_000, 3_600_000_000, 45_000_000_000)]
    assert told == ["0.00015", "0.42", "1.00", "12.50"]


@pytest.mark.parametrize(("locale", "width"), [("ko-KR", 390), ("en-US", 1280)])
def test_usage_and_keys_in_a_browser(server: Solvent, open_page: OpenPage, locale: str, width: int) -> None:
    look = open_page(locale=locale, viewport={"width": width, "height": 900})
    page = sign_up_here(look)
    page.goto(f"{server.url}/keys")
    page.locator("[name=name]").fill("가게")
    page.locator("#new button.prime").click()
    key = page.locator("#secret").inner_text()
    assert ask(server, key) == 200
    page.locator("[data-copies=secret]").click()
    assert not faults(page)
    page.goto(f"{server.url}{page.locator('a.row').get_attribute('href')}")
    assert not faults(page)
    page.goto(f"{server.url}/usage")
    assert not faults(page)
    page.locator("tbody a.row").first.click()
    page.wait_for_url("**/usage/ans_*")
    assert not faults(page)
    assert not look.all_complaints()
