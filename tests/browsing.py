"""A real server before a tiny upstream, and a real browser that tells of everything it complains about."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests import asked_upstream as upstream
from tests.doors.server import Solvent
from tools.chromium import MISSING, find_chromium

CARDS = """\
card: page-cost
currency: KRW
entries:
  - {from: 2026-01-01, input: 3000, cached_input: 1500, output: 12000, reasoning: 12000}
---
card: page-price
currency: KRW
entries:
  - {from: 2026-01-01, input: 5000, cached_input: 2500, output: 20000, reasoning: 20000}
---
card: page-cheap
currency: KRW
entries:
  - {from: 2026-01-01, input: 1000, cached_input: 500, output: 4000, reasoning: 4000}
"""
CONFIG = """\
currency = "KRW"
house_model = false
[first_run]
grant = "100000"
"""
MODEL = """\
[[models]]
name = "{name}"
provider = "openai_compatible"
vendor = "mock"
base_url = "{url}"
cost_card = "page-cost"
price_card = "{price}"
"""
# Headless as root in a container, and without Chromium's own calls to the outside.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
COMPLAINTS = """
window.complaints = [];
addEventListener('securitypolicyviolation', (event) => complaints.push(`policy: ${event.violatedDirective}`));
window.alert = (words) => complaints.push(`alert: ${words}`);
"""

WAIT_MS = 20_000  # what is waited for at most, and by nobody who is answered sooner: CI's machines are busy ones
expect.set_options(timeout=WAIT_MS)

OpenPage = Callable[..., "Look"]
NewServer = Callable[..., Solvent]


def chromium() -> str:
    """Where Chromium is. Without it these tests are skipped, but in CI they fail."""
    found = find_chromium()
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return found


class Look:
    """One page in a browser profile of its own. complaints: what its console called an error."""

    def __init__(self, context: BrowserContext, server: Solvent) -> None:
        self.server = server
        self.context = context
        self.complaints: list[str] = []
        context.add_init_script(COMPLAINTS)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", lambda said: self._hear(said.type, said.text))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def go(self, key: str = "") -> Page:
        """Open the console, with a key after the # if there is one: it signs in."""
        self.page.goto(f"{self.server.url}/console" + (f"#{key}" if key else ""))
        if key:
            self.page.wait_for_url(f"{self.server.url}/console")
        return self.page

    def all_complaints(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.complaints")
        return self.complaints + found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file's tests."""
    where = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=where, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """The upstream's."""
    with upstream.running() as url:
        yield url


@pytest.fixture(scope="module")
def new_server(base_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewServer]:
    """Starts servers with empty books; none outlives the file's tests. settings, tables: beside the usual ones.

    words: of the command that serves.
    """
    made: list[Solvent] = []

    def make(settings: str = "", tables: str = "", *words: str) -> Solvent:
        folder: Path = tmp_path_factory.mktemp("page")
        prices = {"plain": "page-price", "below-cost": "page-cheap"}
        models = [MODEL.format(name=name, url=base_url, price=price) for name, price in prices.items()]
        server = Solvent(folder, settings + CONFIG + "".join(models) + tables)
        (folder / "rate_cards" / "page.yaml").write_text(CARDS)
        made.append(server)
        return server.start(*words)

    yield make
    for server in made:
        server.kill()


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Solvent:
    """A server that a file's tests share: its books grow."""
    return new_server()


@pytest.fixture
def open_page(browser: Browser, server: Solvent) -> Iterator[OpenPage]:
    """Opens pages: `open_page(locale="ko-KR")` and Playwright's other settings of a browser context."""
    opened: list[BrowserContext] = []

    def make(at: Solvent | None = None, **settings: Any) -> Look:
        usual = {"locale": "en-US", "timezone_id": "Asia/Seoul", "permissions": ["clipboard-read", "clipboard-write"]}
        context = browser.new_context(**usual | settings)
        opened.append(context)
        return Look(context, at or server)

    yield make
    for context in opened:
        context.close()
