"""Nothing of one's own is anybody else's: every place that names something, with what is another customer's."""

from __future__ import annotations

import uuid

import pytest
from tests.browsing import MODEL, NewServer
from tests.chat.own import SETTINGS, someone
from tests.chat.visits import PASSWORD, Browser
from tests.doors.server import Solvent
from tests.pages.belongings import one_of_everything, tables
from tests.pages.places import CHAT
from tests.payments.toss_server import TossServer

pytestmark = pytest.mark.xdist_group("console")

HOUSES = ("{provider}",)  # names of the house's own, in solvent.toml: nobody's
NAMED = [
    place for place in CHAT
    if place.who in ("customer", "person") and "{" in place.path and not any(name in place.path for name in HOUSES)
]  # fmt: skip
UNSEEN = {"/statements/{month}/pdf", "/account/sessions/{session}/end"}  # nothing of the kind is open to oneself yet
SEES = MODEL + "image_tokens_max = 100\n"


@pytest.fixture(scope="module")
def server(new_server: NewServer, base_url: str, toss: TossServer) -> Solvent:
    return new_server(SETTINGS, tables(base_url, toss))


@pytest.fixture(scope="module")
def kim(server: Solvent, toss: TossServer) -> tuple[Browser, dict[str, str]]:
    return one_of_everything(server, toss)


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
