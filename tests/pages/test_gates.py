"""Every place of both doors, tried by whoever must not get in, and by forms that are not ours.

The tables of the doors are walked, so that a place that is added is tried from its first day.
"""

from __future__ import annotations

import uuid

import httpx2
import pytest
from tests.browsing import NewServer
from tests.chat.operators import join
from tests.chat.visits import Browser
from tests.doors.server import Solvent
from tests.pages.places import CHAT, CONSOLE, EVERY, is_events, somewhere

from solvent.identity.caller import OPERATOR_ROLES
from solvent.identity.permission import ACTIONS, Action, may
from solvent.pages.place import Place

pytestmark = pytest.mark.xdist_group("console")

POSTS = [place for place in EVERY if place.method == "POST"]
ELSEWHERE = ("//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example")
GOES_ON = ("next", "to", "back", "goes_on", "return", "url", "redirect")
NAMES = ("stranger", "customer", "person", *OPERATOR_ROLES)
HEADERS = {
    "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Solvent:
    return new_server('public_url = "https://ai.example.com"\n')


@pytest.fixture(scope="module")
def visitors(server: Solvent) -> dict[str, Browser]:
    """A stranger, a customer, an operator's key of every role, and an operator who is a person, of support."""
    found = {name: Browser(server) for name in NAMES}
    assert found["customer"].sign_up("gates@example.com").status_code == 303
    for role in OPERATOR_ROLES:
        key = server.operate("POST", "/v1/operators", {"role": role})["api_key"]
        assert found[role].send("/console/sign-in", "/console/sign-in", key=key).status_code == 303
    assert join(found["owner"], found["person"], "support").status_code == 303
    return found


@pytest.fixture(scope="module")
def tokens(visitors: dict[str, Browser]) -> dict[str, str]:
    """The form token of each."""
    home = {"stranger": "/sign-in", "customer": "/plan"}
    return {name: visitor.token(home.get(name, "/console/customers")) for name, visitor in visitors.items()}


def asked(visitor: Browser, place: Place, token: str, **members: str) -> httpx2.Response:
    """Go there, or send a form there."""
    if place.method == "GET":
        return visitor.get(somewhere(place))
    return visitor.http.post(somewhere(place), data={"csrf": token, **members})


def wanted(place: Place, name: str) -> int:
    """The status that keeps a visitor out; 0 where they may go."""
    if place.who == "anybody":
        return 0
    if name == "stranger":
        return 303 if place.method == "GET" else 401
    if place.who == "person":
        return 0 if name in ("customer", "person") else 403
    if place.who == "customer":
        return 0 if name == "customer" else 403
    if name == "customer":
        return 404
    name = "support" if name == "person" else name
    role = next(role for role in OPERATOR_ROLES if role == name)
    return 0 if place.who == "operator" or may(role, _action(place)) else 403


def _action(place: Place) -> Action:
    return next(action for action in ACTIONS if action == place.who)


@pytest.mark.parametrize("name", NAMES)
def test_whoever_may_not_go_there_is_kept_out_of_every_place(
    visitors: dict[str, Browser], tokens: dict[str, str], name: str
) -> None:
    kept_out = [place for place in EVERY if wanted(place, name)]
    assert name == "owner" or len(kept_out) > 5
    for place in kept_out:
        came = asked(visitors[name], place, tokens[name], once=uuid.uuid4().hex)
        assert came.status_code == wanted(place, name), (place.method, place.path, came.status_code)
        if came.status_code == 303:
            door = "/console/sign-in" if place in CONSOLE else "/sign-in"
            assert came.headers["location"].startswith(f"{door}?next=%2F"), place.path


def test_no_form_is_taken_without_the_sessions_own_token(visitors: dict[str, Browser], tokens: dict[str, str]) -> None:
    for place in POSTS:
        name = "stranger" if place.who == "anybody" else "customer" if place in CHAT else "owner"
        other, path = "stranger" if name != "stranger" else "customer", somewhere(place)
        visitor, own = visitors[name].http, tokens[name]
        tried = {
            "no token": visitor.post(path, data={"once": "1" * 32}),
            "another's": visitor.post(path, data={"csrf": tokens[other]}),
            "in the address": visitor.post(f"{path}?csrf={own}", data={}),
            "of another site": visitor.post(path, data={"csrf": own}, headers={"origin": "https://evil.example"}),
            "of a sandbox": visitor.post(path, data={"csrf": own}, headers={"origin": "null"}),
            "as plain text": visitor.post(path, content=f"csrf={own}", headers={"content-type": "text/plain"}),
        }
        for how, came in tried.items():
            assert came.status_code == 403, (place.path, how, came.status_code)


def test_no_place_that_reads_is_written_to_nor_the_other_way_round(
    visitors: dict[str, Browser], tokens: dict[str, str]
) -> None:
    reading = {place.path for place in EVERY if place.method == "GET"}
    writing = {place.path for place in POSTS}
    for path in sorted(reading - writing):
        name = "owner" if path.startswith("/console") else "customer"
        place = Place("POST", path, "anybody", EVERY[0].answer)
        assert asked(visitors[name], place, tokens[name]).status_code == 404, path
    for path in sorted(writing - reading):
        place = Place("GET", path, "anybody", EVERY[0].answer)
        assert asked(visitors["customer"], place, "").status_code == 404, path
    for method in ("PUT", "DELETE", "PATCH"):
        assert visitors["customer"].http.request(method, "/account").status_code == 405


def test_every_page_says_what_may_frame_script_and_store_it(visitors: dict[str, Browser]) -> None:
    for place in EVERY:
        if place.method != "GET" or is_events(place):
            continue
        name = "owner" if place in CONSOLE else "customer"
        for came in (visitors[name].get(somewhere(place)), visitors["stranger"].get(somewhere(place))):
            policy = came.headers["content-security-policy"]
            for rule in ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"):
                assert rule in policy, place.path
            assert "form-action 'self'" in policy
            assert "unsafe" not in policy
            assert {header: came.headers[header] for header in HEADERS} == HEADERS, place.path
            if came.headers.get("content-type", "").startswith("text/html"):
                assert came.headers["cache-control"] == "no-store", place.path
                assert "<script>" not in came.text, place.path
                assert " onclick=" not in came.text
                assert " style=" not in came.text, place.path
            for cookie in came.headers.get_list("set-cookie"):
                assert "HttpOnly" in cookie
                assert "SameSite=lax" in cookie


def test_nothing_leads_to_another_site(visitors: dict[str, Browser], tokens: dict[str, str]) -> None:
    for place in EVERY:
        if is_events(place) or place.path.endswith(("sign-out", "/close")):
            continue
        name = "stranger" if place.who == "anybody" else "customer" if place in CHAT else "owner"
        for evil in ELSEWHERE:
            if place.method == "GET":
                came = visitors[name].get(somewhere(place), params=dict.fromkeys(GOES_ON, evil))
            else:
                came = asked(visitors[name], place, tokens[name], **dict.fromkeys(GOES_ON, evil))
            leads = came.headers.get("location", "/")
            assert leads.startswith("/"), (place.path, evil, leads)
            assert not leads.startswith(("//", "/\\", "/\t")), (place.path, evil, leads)
            assert f'href="{evil}"' not in came.text
