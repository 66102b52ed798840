"""Operators' browsers: one signed in as a role, and whether a page is whole."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page
from tests.axe import violations
from tests.browsing import Look, OpenPage
from tests.doors.server import Solvent


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


def demand_whole(page: Page, where: str) -> None:
    """Nothing runs over the side, and axe finds nothing."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, where
    found = violations(page)
    assert not found, f"{where}: {found}"
