"""Operators who are people, invited by an owner; and people with authenticator apps."""

from __future__ import annotations

import html
import re
import time
import uuid
from base64 import b32decode

import httpx2
from tests.chat.visits import PASSWORD, Browser
from tests.doors.server import Solvent

from solvent.identity.totp import code_at, step_of

AT = "/account/security"
LINK = re.compile(r"/console/invited/psn_\w+/[\w-]+")


def owner(server: Solvent) -> Browser:
    """Whoever holds the first key."""
    browser = Browser(server)
    key = {"key": server.operator_key}
    assert browser.send("/console/sign-in", "/console/sign-in", **key).status_code == 303
    return browser


def join(owner: Browser, who: Browser, role: str = "owner", email: str = "") -> httpx2.Response:
    """Be invited, and accept: the answer to that."""
    email = email or f"{uuid.uuid4().hex[:12]}@example.com"
    asked = {"do": "invite", "once": uuid.uuid4().hex, "email": email, "name": "Operator", "role": role}
    page = owner.send("/console/operators", "/console/operators", **asked).text
    link = LINK.search(page)
    assert link, page
    return who.send(link[0], link[0], password=PASSWORD)


class Person:
    """Somebody with an app. secret: the app's. codes: for recovery. next_code: each is good once."""

    def __init__(self, server: Solvent, chief: Browser | None = None, role: str = "owner") -> None:
        self.server, self.email = server, f"{uuid.uuid4().hex[:12]}@example.com"
        self.browser, self.codes, self._taken = Browser(server), [""], 0
        if chief is not None:
            assert join(chief, self.browser, role, self.email).status_code == 303
        else:
            assert self.browser.sign_up(self.email).status_code == 303

    def set_up(self) -> httpx2.Response:
        page = self.browser.send("/account/app", AT, once=uuid.uuid4().hex, password=PASSWORD)
        assert page.status_code == 200, page.text
        self.secret = b32decode(found(page.text, r'once-code"><code>([A-Z2-7 ]+)</code>').replace(" ", ""))
        token = found(page.text, r'name="token" value="([\w-]+)"')
        wrong = self.browser.send("/account/app/confirm", AT, once=uuid.uuid4().hex, token=token, code="000000")
        assert (wrong.status_code, found(wrong.text, r'name="token" value="([\w-]+)"')) == (422, token)
        done = self.browser.send("/account/app/confirm", AT, once=uuid.uuid4().hex, token=token, code=self.code())
        self.codes = re.findall(r"<code>([A-Z2-7-]{19})</code>", done.text)
        return done

    def code(self) -> str:
        """One that was not taken yet: no more than two, as a clock may be off by one step."""
        now = step_of(time.time_ns() // 1000)
        self._taken = max(now, self._taken + 1)
        assert self._taken <= now + 1, "use a recovery code"
        return code_at(self.secret, self._taken)

    def half(self, **members: str) -> Browser:
        """A browser that gave the password, and is asked for more."""
        browser = Browser(self.server)
        went = browser.sign_in(self.email, **members)
        assert (went.status_code, went.headers["location"]) == (303, "/sign-in/second")
        assert "solvent_session" not in browser.http.cookies
        return browser


def found(text: str, pattern: str) -> str:
    match = re.search(pattern, text)
    assert match, pattern
    return html.unescape(match[1])


def give(browser: Browser, code: str) -> httpx2.Response:
    return browser.send("/sign-in/second", "/sign-in/second", code=code)
