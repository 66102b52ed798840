"""Every page of both doors, in all eight ways to see it: Korean and English, wide and narrow, light and dark.

One browser, one server: a page is loaded once a language, and looked at in four ways.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from tests.axe import COLOURS, violations
from tests.browsing import Look, NewServer, OpenPage
from tests.chat.own import SETTINGS, someone
from tests.chat.visits import Browser
from tests.console.test_bills import sent
from tests.console.test_offices import QUERIES, Office, found_in
from tests.doors.server import Solvent
from tests.pages.belongings import one_of_everything, tables
from tests.pages.places import CHAT, CONSOLE, is_events
from tests.payments.toss_server import TossServer

from solvent.pages.place import Place
from solvent.pages.visitor import LANGUAGE, SESSION

pytestmark = pytest.mark.xdist_group("faces")

SEEN = (Path(__file__).parent / "seen.js").read_text()
SIZES = ((1280, 860), (390, 844))
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# axe takes long and looks at each page once, and at its colours in the other theme: at one in this way, at the next in
# that one.
HEARD = {"ko": (390, "dark"), "en": (1280, "light")}
NO_PAGES = re.compile(r"[./]csv$|/pdf$|/export$|manifest|worker|pictures|^/chat/|^/pay/|/back$|/with/|/report$|/asked/")
# Names, as they are in every language.
ALLOWED = (
    "가온", "API", "CSV", "JSON", "PDF", "PIN", "KRW", "USD", "UTC", "VAT", "Anthropic", "AWS", "Azure", "Beancount",
    "OpenAI", "JavaScript", "LiteLLM", "Mooncake", "OpenRouter", "Parquet", "Python", "ServeGen", "YAML", "anthropic",
    "curl", "openai", "kWh",
)  # fmt: skip
# What people, plans, models, rails and cards of this file are called.
CALLED = (
    "Somebody", "Kim's", "First customer", "first run", "My secret question", "plain", "seeing", "free", "plus", "pro",
    "team", "bank", "toss", "mock", "Gaon AI Ltd", "현대", "국민은행 주", "프로", "Pro", "Top", "Owes", "standard",
    "wallet deferred suspense ANSWERS",
)  # fmt: skip
# What is written into fields and terminals as it is.
WRITTEN = "chat embeddings images audio videos files batches all answers money tokens quick unlimited gzip MiB cheaper"
COMMANDS = "solvent plans publish bills import simulation"
KNOWN = [*ALLOWED, *" ".join((*CALLED, WRITTEN, COMMANDS)).split()]
OPEN = "for (const each of document.querySelectorAll('details:not(.menu)')) each.open = true"
BILL = b"Day,Model,Cost,Kind\n2026-11-01,plain,5000,Usage\n2026-11-02,plain,4100,Usage\n"


@pytest.fixture(scope="module")
def server(new_server: NewServer, base_url: str, toss: TossServer) -> Solvent:
    return new_server(SETTINGS, tables(base_url, toss))


@pytest.fixture(scope="module")
def kim(server: Solvent, toss: TossServer) -> tuple[Browser, dict[str, str]]:
    """A customer with one of everything, and what else a path can name."""
    browser, names = one_of_everything(server, toss)
    office = Office(server)
    sent(office, "import_bill", BILL, provider="mock")
    office.do("/console/money/coupons", "add_coupon", code="SPRING-10", what="percent", permille="100")
    office.do("/console/money/suspense", "suspense", rail="bank", amount="5000")
    server.operate("POST", "/v1/customers", {"name": "Owes", "plan": "plus", "pays": "invoice"})
    kept = server.run("simulate", "--plan", "pro", "--plan", "free", "--keep", "plus")
    assert kept.returncode == 0, kept.stderr
    bill = found_in(office.get("/console/money/bills").text, r'href="/console/money/bills/(bill_[^"]+)"')
    link = browser.post_json(f"/chat/talks/{names['talk']}", {"is_shared": True})["link"]
    none = dict.fromkeys(("token", "provider"), "none")
    return browser, none | names | {
        "plan": "pro",
        "bill": bill,
        "run": "plus",
        "person": "psn_none",
        "link": link.split("/")[-1],
    }


def enter(look: Look, browser: Browser) -> Look:
    """The browser's session is the page's."""
    token = str(browser.http.cookies.get(SESSION))
    look.context.add_cookies([{"name": SESSION, "value": token, "url": look.server.url}])
    return look


def looked_at(look: Look, language: str, heard: str) -> Iterator[str]:
    """What is wrong with the page that is open, in each size and theme. heard: the language that axe looks at."""
    page = look.page
    for (width, height), theme in itertools.product(SIZES, THEMES):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme)
        found = page.evaluate(SEEN, {"allowed": KNOWN})
        if language == heard and width == HEARD[language][0]:
            found += violations(page, *(() if HEARD[language][1] == theme else COLOURS))
        yield from (f"{page.url.removeprefix(look.server.url)} {language} {width} {theme}: {one}" for one in found)


def demand_nothing_wrong(look: Look, paths: Iterable[str]) -> None:
    """Look at each of them in all ways, with whatever is folded up unfolded."""
    found: list[str] = []
    for language in HEARD:
        look.context.add_cookies([{"name": LANGUAGE, "value": language, "url": look.server.url}])
        for number, path in enumerate(paths):
            look.page.goto(look.server.url + path)
            look.page.evaluate(OPEN)
            found += looked_at(look, language, ("ko", "en")[number % 2])
    found += [said for said in look.all_complaints() if not re.search("status of 4", said)]
    assert not found, "\n".join(["", *found])


def unnamed(places: Iterable[Place], who: Iterable[str]) -> list[str]:
    """Where pages are that name nothing, so that they are there before there is anything."""
    nothing = (place for place in places if "{" not in place.path and not place.path.endswith("/compare"))
    return paths_of(nothing, {"talk": "", "answer": ""}, who)


def paths_of(places: Iterable[Place], names: dict[str, str], who: Iterable[str]) -> list[str]:
    """Where pages are. KeyError for a name of a new place: give somebody one of those."""
    found: list[str] = []
    for place in places:
        if place.method == "GET" and place.who in who and not NO_PAGES.search(place.path) and not is_events(place):
            id = names["talk" if "/talks/" in place.path else "answer"]
            queries = QUERIES | {"/console/scenarios/compare": "?run=plus&run=plus/free"}
            found.append(place.path.format(**names, id=id) + queries.get(place.path, ""))
    return found


# Everything that is written, twice as large: what a browser's own setting for texts alone makes of a page.
LARGER = """() => {
  const nodes = [...document.querySelectorAll('body, body *')];
  const all = nodes.map((node) => [node, parseFloat(getComputedStyle(node).fontSize)]);
  for (const [node, size] of all) node.style.fontSize = `${2 * size}px`;
}"""
# Where one is shows without a shade, which forced colours take away: underlined in a list of ways, ruled among tabs.
WAYS = """() => [...document.querySelectorAll('nav li:not(.tabs *) > [aria-current], #talks [aria-current]')]
  .filter((node) => node.checkVisibility()).map((node) => getComputedStyle(node).textDecorationLine)"""
TABS = """() => [...document.querySelectorAll('.tabs a')]
  .map((node) => [node.hasAttribute('aria-current'), getComputedStyle(node).borderBottomColor])"""
SCROLLED = "a table is wider than its place"


def main_pages(names: dict[str, str]) -> tuple[list[str], list[str]]:
    """Where customers and operators are most."""
    chat = [
        "/",
        f"/talks/{names['talk']}",
        "/plan",
        "/plan/change?plan=plus",
        "/keys",
        "/usage",
        "/invoices",
        "/account",
    ]
    console = ["", "/margins", "/customers", f"/customers/{names['customer']}", "/plans/pro", "/money", "/ledger"]
    return chat, [f"/console{path}" for path in (*console, "/start", f"/money/bills/{names['bill']}")]


OPERATORS = {place.who for place in CONSOLE} - {"anybody"}


def test_before_there_is_anything(open_page: OpenPage, server: Solvent) -> None:
    paths = [path for path in unnamed(CONSOLE, OPERATORS) if path not in QUERIES]
    assert len(paths) > 15
    demand_nothing_wrong(enter(open_page(), Office(server)), paths)
    newcomer, _ = someone(server)
    demand_nothing_wrong(enter(open_page(), newcomer), unnamed(CHAT, ("customer",)))


def test_strangers_and_whoever_is_lost(open_page: OpenPage, kim: tuple[Browser, dict[str, str]]) -> None:
    paths = paths_of((*CHAT, *CONSOLE), kim[1], ("anybody",))
    assert len(paths) > 8
    demand_nothing_wrong(open_page(), [*paths, "/nowhere"])


def test_customers(open_page: OpenPage, kim: tuple[Browser, dict[str, str]]) -> None:
    paths = paths_of(CHAT, kim[1], ("customer", "person"))
    assert len(paths) > 15
    demand_nothing_wrong(enter(open_page(), kim[0]), paths)


def test_operators(open_page: OpenPage, server: Solvent, kim: tuple[Browser, dict[str, str]]) -> None:
    paths = paths_of(CONSOLE, kim[1] | {"month": "2026-11"}, OPERATORS)
    assert len(paths) > 25
    demand_nothing_wrong(enter(open_page(), Office(server)), paths)


def test_the_main_pages_in_colours_that_a_browser_forces(
    open_page: OpenPage, server: Solvent, kim: tuple[Browser, dict[str, str]]
) -> None:
    for browser, paths in zip((kim[0], Office(server)), main_pages(kim[1]), strict=True):
        look = enter(open_page(forced_colors="active", color_scheme="dark"), browser)
        for path in paths:
            look.page.goto(server.url + path)
            look.page.evaluate(OPEN)
            assert look.page.evaluate(SEEN, {"allowed": KNOWN}) == [], path
            ways = look.page.evaluate(WAYS)
            assert set(ways) == {"underline"} or (not ways and path == "/"), (path, ways)
            ruled: dict[bool, set[str]] = {True: set(), False: set()}
            for is_here, colour in look.page.evaluate(TABS):
                ruled[is_here].add(colour)
            assert ruled[True].isdisjoint(ruled[False]), (path, ruled)
        assert look.all_complaints() == []


def test_the_main_pages_with_text_twice_as_large(
    open_page: OpenPage, server: Solvent, kim: tuple[Browser, dict[str, str]]
) -> None:
    """At a desk all of it fits; on a phone nothing is cut or lies over another, and wide tables alone are scrolled."""
    for browser, paths in zip((kim[0], Office(server)), main_pages(kim[1]), strict=True):
        look = enter(open_page(), browser)
        for path, (width, height) in itertools.product(paths, SIZES):
            look.page.set_viewport_size({"width": width, "height": height})
            look.page.goto(server.url + path)
            look.page.evaluate(OPEN)
            look.page.evaluate(LARGER)
            found = look.page.evaluate(SEEN, {"allowed": KNOWN})
            assert [one for one in found if width > 390 or not one.startswith(SCROLLED)] == [], (path, width)
