"""Nothing of one's own is anybody else's: every place and member that names something, with what is another's.

Places are read off the door's table, members out of the code and the forms: whatever is added must be said here.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from tests.browsing import MODEL, NewServer
from tests.chat.own import SETTINGS, someone
from tests.chat.talking import events
from tests.chat.visits import PASSWORD, Browser
from tests.doors.server import Solvent
from tests.pages.belongings import one_of_everything, tables
from tests.pages.members import of_code, of_templates
from tests.pages.places import CHAT
from tests.payments.toss_server import TossServer
from tests.soft_passkey import SoftPasskey

pytestmark = pytest.mark.xdist_group("console")

HOUSES = ("{provider}",)  # names of the house's own, in solvent.toml: nobody's
NAMED = [
    place for place in CHAT
    if place.who in ("customer", "person") and "{" in place.path and not any(name in place.path for name in HOUSES)
]  # fmt: skip
# For whoever has the link, the state or the order's number, which nobody guesses; and names of the house's own.
OPEN = {
    "/letters/{token}", "/sign-in/with/{provider}", "/sign-in/with/{provider}/back", "/pay/{rail}/{order}",
    "/paid/{order}", "/shared/{link}", "/shared/{link}/pictures/{place}/{number}",
}  # fmt: skip
# Members that name something of somebody's. All of them are tried below.
NAMING = {
    "conversation", "after", "instead_of", "shown", "order", "key", "before", "token", "credential", "once",
}  # fmt: skip
# Whoever knows one has it: tickets of one's own browser, and codes of coupons, which are the house's.
KNOWN = {"code", "state"}
HOUSES_OWN = {"plan", "pack", "rail", "mode", "model"}  # which are on sale to everybody
PLAIN = {
    "alert", "amount", "as", "changed", "country", "csrf", "documents", "email", "expires", "is_deleted", "is_shared",
    "language",
    "left", "name", "new", "next", "overlap", "password", "pictures", "question", "seats", "sought", "sure", "theme",
    "title", "username",
}  # fmt: skip
# What reads members that it is told, or all there are: texts of a form shown again, ticks, and the fields of a profile.
BY_TOLD = {
    "accounts._about", "amounts._given", "invoices._wished", "invoices.put_profile", "keys._models", "keys._uses",
    "letters._page", "letters.take", "returns.come_back", "usage._word",
}  # fmt: skip
UNSEEN = {"/statements/{month}/pdf", "/account/sessions/{session}/end"}  # nothing of the kind is open to oneself yet
SEES = MODEL + "image_tokens_max = 100\n"


@pytest.fixture(scope="module")
def server(new_server: NewServer, base_url: str, toss: TossServer) -> Solvent:
    return new_server(SETTINGS, tables(base_url, toss))


@pytest.fixture(scope="module")
def kim(server: Solvent, toss: TossServer) -> tuple[Browser, dict[str, str]]:
    return one_of_everything(server, toss)


def test_whatever_names_something_is_said_here() -> None:
    named, by_told = of_code()
    assert by_told == BY_TOLD, "say which members it reads"
    said = NAMING | KNOWN | HOUSES_OWN | PLAIN
    unsaid = (named | of_templates()) - said
    assert not unsaid, "say whether they name something of somebody's, and try it here as another customer"
    assert len(NAMING) + len(KNOWN) + len(HOUSES_OWN) + len(PLAIN) == len(said)
    assert {place.path for place in CHAT if place.who == "anybody" and "{" in place.path} == OPEN


def path_of(path: str, names: dict[str, str]) -> str:
    """KeyError for a name of a new place: give somebody one of those."""
    kind = "turn" if "/turns/" in path else "talk"
    return path.format(**names, id=names[kind])


def test_everything_of_ones_own_is_there_for_oneself(kim: tuple[Browser, dict[str, str]]) -> None:
    browser, names = kim
    for place in NAMED:
        if place.method == "GET" and place.path not in UNSEEN:
            assert browser.get(path_of(place.path, names)).status_code == 200, place.path


def test_and_is_not_there_for_anybody_else(server: Solvent, kim: tuple[Browser, dict[str, str]]) -> None:
    browser, names = kim
    thief, _ = someone(server)
    token, order = thief.token("/plan"), names["order"]
    assert len(NAMED) >= 16
    for place in NAMED:
        where = path_of(place.path, names)
        if place.method == "GET":
            came = thief.get(where)
        elif place.path.startswith("/chat/"):
            came = thief.http.post(where, json={"title": "mine now"}, headers={"x-csrf": token})
        else:
            members = {
                "csrf": token,
                "once": uuid.uuid4().hex,
                "rail": "bank",
                "name": "mine now",
                "password": PASSWORD,
            }
            came = thief.http.post(where, data={"csrf": token, "once": uuid.uuid4().hex, **members})
        expected = {303} if "{session}" in place.path else {404, 422} if order in where else {404}
        assert came.status_code in expected, (place.method, place.path, came.status_code)
        assert "My secret question" not in came.text
    assert server.operate("GET", f"/v1/payments/{order}")["order"]["state"] == "open"
    assert browser.get(f"/chat/talks/{names['talk']}").json()["title"].startswith("My secret")
    assert f"/plan/cards/{names['card']}/remove" in browser.get("/plan").text
    assert "mine now" not in browser.get("/keys").text
    assert "Kim&#39;s" in browser.get("/account/security").text


def test_no_member_reaches_what_is_another_customers(server: Solvent, kim: tuple[Browser, dict[str, str]]) -> None:
    browser, names = kim
    thief, _ = someone(server)
    header = {"x-csrf": thief.token("/plan")}
    asked = dict(events(thief.http.post("/chat/ask", json={"question": "Mine", "mode": "plain"}, headers=header).text))
    own: Any = next(iter(asked.values()))
    for stolen in (
        {"conversation": names["talk"]}, {"conversation": own["id"], "after": names["turn"]},
        {"conversation": own["id"], "instead_of": names["turn"]},
        {"conversation": names["talk"], "after": names["turn"]},
    ):  # fmt: skip
        body = {"question": "What was said before?", "mode": "plain"} | stolen
        came = thief.http.post("/chat/ask", json=body, headers=header)
        assert came.status_code == 404, (stolen, came.text)
        assert "My secret" not in came.text
    for stolen in ({"after": names["turn"]}, {"instead_of": names["turn"]}):  # in a conversation that begins with it
        body = {"question": "What was said before?", "mode": "plain"} | stolen
        came = thief.http.post("/chat/ask", json=body, headers=header)
        assert came.status_code in (400, 404), (stolen, came.text)
    shown = thief.http.post(f"/chat/talks/{own['id']}", json={"shown": names["turn"]}, headers=header)
    assert shown.status_code == 404, shown.text
    assert len(thief.get(f"/chat/talks/{own['id']}").json()["turns"]) == 1
    assert len(browser.get(f"/chat/talks/{names['talk']}").json()["turns"]) == 1
    went = thief.get("/plan", params={"order": names["order"]})
    assert thief.get(went.headers["location"]).status_code == 404
    assert names["answer"] in browser.get("/usage.csv", params={"key": names["key"]}).text
    for member in ("key", "before"):
        for path in ("/usage", "/usage.csv"):
            told = thief.get(path, params={member: names["key" if member == "key" else "answer"]})
            assert names["answer"] not in told.text, (path, member)
    assert names["invoice"] not in thief.get("/invoices", params={"before": f"9-{names['invoice']}"}).text


def test_no_ticket_mark_or_link_of_another_is_ones_own(server: Solvent, kim: tuple[Browser, dict[str, str]]) -> None:
    browser, names = kim
    thief, _ = someone(server)
    at, once = "/account/security", uuid.uuid4().hex
    begun = browser.send("/account/app", at, once=uuid.uuid4().hex, password=PASSWORD).text
    token = re.search(r'name="token" value="([\w-]+)"', begun)
    assert token
    confirmed = thief.send("/account/app/confirm", at, once=uuid.uuid4().hex, token=token[1], code="000000")
    assert confirmed.status_code == 422
    assert "took too long" in confirmed.text
    challenge = browser.http.post(
        "/account/passkeys/challenge", json={"password": PASSWORD}, headers={"x-csrf": browser.token("/plan")}
    )
    made = SoftPasskey("https://ai.example.com", "ai.example.com").make(challenge.json())
    added = thief.send("/account/passkeys", at, once=uuid.uuid4().hex, name="Theirs", credential=made)
    assert added.status_code == 422
    assert "Theirs" not in browser.get(at).text + thief.get(at).text
    keys = [
        re.findall(r"sk-solvent-[0-9a-f]{20,}", one.send("/keys", "/keys", once=once).text) for one in (browser, thief)
    ]
    assert all(keys)
    assert keys[0] != keys[1], "the same mark of another person is another act"
    for nothing in (names["talk"], names["turn"], "x"):
        assert thief.get(f"/shared/{nothing}").status_code == 404
        assert thief.get(f"/shared/{nothing}/pictures/0/0").status_code == 404
    assert "5,000" not in thief.get(f"/paid/{names['order']}").text


def test_a_passkey_is_called_otherwise_by_whose_it_is(kim: tuple[Browser, dict[str, str]]) -> None:
    browser, names = kim
    path, at = f"/account/passkeys/{names['passkey']}/name", "/account/security"
    long = "long " * 99
    for wrong in ("", long):
        page = browser.send(path, at, once=uuid.uuid4().hex, name=wrong)
        assert page.status_code == 422
        form = page.text.partition(f'action="{path}"')
        assert form[0].rpartition("<details")[2].startswith(' class="ask small" open>')
        field = form[2].partition("</form>")[0]
        assert f'value="{wrong}"' in field, "what was written is there still"
        assert 'role="alert"' in field
    went = browser.send(path, at, once=uuid.uuid4().hex, name="Kim's phone")
    assert went.headers["location"] == f"{at}?changed=renamed#passkeys"
    assert "Kim&#39;s phone" in browser.get(at).text
