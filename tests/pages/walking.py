"""Somebody who walks through a story by hand, in one of the eight ways to see it, and what is wrong on their way.

What stands on a page is looked at after every step. axe takes long: it looks at a step in one way, another at each, and
at its colours in that way's opposite.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any, Literal

import msgspec
from playwright.sync_api import Browser, Locator, Page, Request, Response, expect
from tests.axe import COLOURS, violations
from tests.browsing import Look
from tests.doors.server import Solvent

from solvent.identity.person import Language
from solvent.pages.words import words_of

SEEN = (Path(__file__).parent / "seen.js").read_text()
Theme = Literal["light", "dark"]
WIDE, NARROW = 1280, 390
_HEIGHTS = {WIDE: 860, NARROW: 844}
_PRESSED: tuple[Literal["button"], Literal["link"]] = ("button", "link")
_LOCALES: dict[Language, str] = {"ko": "ko-KR", "en": "en-US"}


class Way(msgspec.Struct, frozen=True):
    """One of the eight ways to see pages."""

    language: Language
    width: int
    theme: Theme

    @property
    def is_phone(self) -> bool:
        return self.width == NARROW

    def __str__(self) -> str:
        return f"{self.language}-{self.width}-{self.theme}"

    def money(self, won: int) -> str:
        """An amount as pages write it."""
        return f"{won:,}원" if self.language == "ko" else f"₩{won:,}"


_WIDTHS: tuple[int, int] = (WIDE, NARROW)
_THEMES: tuple[Theme, Theme] = ("light", "dark")
EIGHT = tuple(Way(*one) for one in itertools.product(_LOCALES, _WIDTHS, _THEMES))
# Half of them hold every pair: each language in each width and theme, each width in each theme.
FOUR = tuple(way for way in EIGHT if (way.language == "ko") ^ way.is_phone ^ (way.theme == "dark"))


class Walk(Look):
    """One browser in one way. known: words that are names. wrong, failed: what was found on the way."""

    def __init__(self, browser: Browser, server: Solvent, way: Way, known: tuple[str, ...], **settings: Any) -> None:
        self.way, self.words, self.known = way, words_of(way.language), known
        self._steps = itertools.count()
        self.failed: list[str] = []
        self.wrong: list[str] = []
        self._browser, self._settings = browser, settings
        context = browser.new_context(
            locale=_LOCALES[way.language], timezone_id="Asia/Seoul", color_scheme=way.theme, has_touch=way.is_phone,
            viewport={"width": way.width, "height": _HEIGHTS[way.width]},
            permissions=["clipboard-read", "clipboard-write"], **settings,
        )  # fmt: skip
        super().__init__(context, server)
        context.on("requestfailed", self._lose)
        context.on("response", self._note)

    def beside(self) -> Walk:
        """Somebody else at the same service, in the same way."""
        return Walk(self._browser, self.server, self.way, self.known, **self._settings)

    def w(self, key: str, **members: object) -> str:
        """Words of a page in the way's language."""
        return self.words(key, **members)

    def open(self, path: str) -> Page:
        self.page.goto(self.server.url + path)
        return self.page

    def press(self, key: str, within: Locator | None = None, **members: object) -> None:
        """The button or link that has these words."""
        self.page.wait_for_load_state()  # else its scripts may not listen yet
        of = within or self.page.locator("body")
        words = self.w(key, **members)
        button, link = (of.get_by_role(role, name=words, exact=True) for role in _PRESSED)
        button.or_(link).first.click()

    def has_focus(self, node: Locator, when: str) -> None:
        """Where the keyboard is."""
        expect(node, f"{when}, {self.way}").to_be_focused()

    def tab_to(self, node: Locator, key: str = "Tab") -> None:
        """By the keyboard alone, there; at most a few dozen steps."""
        self.page.wait_for_load_state()
        for _ in range(60):
            if node.evaluate("(node) => node === document.activeElement"):
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"the keyboard does not come to {node}")

    def press_refused(self, key: str, within: Locator | None = None) -> None:
        """The same, where the page that follows is to be a refusal: it is the step's, and no request that failed."""
        before = len(self.failed)
        self.press(key, within)
        expect(self.page.get_by_role("alert").first).to_be_visible()
        refused = self.failed[before:]
        assert len(refused) == 1, refused
        assert re.search(r" 4(00|03|09|22)$", refused[0]), refused
        del self.failed[before:]

    def seen(self, where: str) -> None:
        """Notes whatever is wrong with the page as it stands."""
        self.page.wait_for_load_state()  # else its sheets may still be on their way
        found: list[str] = self.page.evaluate(SEEN, {"allowed": list(self.known)})
        turn, mine, last = next(self._steps) % len(EIGHT), EIGHT.index(self.way), len(EIGHT) - 1
        if mine in (turn, last - turn):  # the opposite of a way differs from it in language, width and theme
            found += violations(self.page, *(() if mine == turn else COLOURS))
        self.wrong += [f"{where}: {one}" for one in found]

    def end(self) -> None:
        """Nothing was wrong, the browser complained of nothing, and nothing failed but what was to be refused."""
        complaints = [one for one in self.all_complaints() if not re.search(r"status of 4\d\d", one)]
        assert not self.wrong + complaints + self.failed, "\n".join(
            [str(self.way), *self.wrong, *complaints, *self.failed]
        )

    def _lose(self, request: Request) -> None:
        # A download is no page, and whoever goes on while a page still loads leaves the rest of it.
        if request.failure != "net::ERR_ABORTED":
            self.failed.append(f"{request.method} {request.url} {request.failure}")

    def _note(self, response: Response) -> None:
        if response.status >= 400:
            self.failed.append(f"{response.request.method} {response.url} {response.status}")
