"""Operators' browsers: one signed in as a role, and what axe finds on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from tests.browsing import Look, OpenPage
from tests.doors.server import Solvent

AXE = Path(__file__).parents[1] / "web" / "vendor" / "axe-core-4.14.1" / "axe.min.js"


def key_of(server: Solvent, role: str) -> str:
    """A new operator's key."""
    return str(server.operate("POST", "/v1/operators", {"role": role})["api_key"])


def ask(server: Solvent, words: str = "used 1000 200 300 50", *, key: str = "", **members: Any) -> str:
    """Ask one question; the answer's id, or "" where it failed."""
    body = {"model": "plain", "messages": [{"role": "user", "content": words}]} | members
    answer = server.send("POST", "/v1/chat/completions", body, key or None)
    return str(answer.json["id"]) if answer.status == 200 else ""


def sign_in(open_page: OpenPage, server: Solvent, key: str = "", **settings: Any) -> Look:
    """A page of whoever holds the key, or of the owner, on their home."""
    look = open_page(server, **settings)
    look.page.goto(f"{server.url}/console/sign-in")
    look.page.locator("#key").fill(key or server.operator_key)
    look.page.locator("#key").press("Enter")
    look.page.wait_for_url(lambda url: not url.endswith("/sign-in"))
    return look


STILL_MS = 600  # longer than anything fades in


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds wrong, by rule, with the elements at fault, once nothing fades in any more."""
    page.evaluate(AXE.read_text())
    page.wait_for_timeout(STILL_MS)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]


def demand_whole(page: Page, where: str) -> None:
    """Nothing runs over the side, and axe finds nothing."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, where
    found = violations(page)
    assert not found, f"{where}: {found}"
