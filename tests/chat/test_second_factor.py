"""Second factors as people meet them: in a real browser with a real authenticator, and by who means harm."""

from __future__ import annotations

import json
import re
import uuid
from base64 import b32decode
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.axe import faults
from tests.browsing import Look, NewServer, OpenPage
from tests.chat.operators import AT, Person, give, owner
from tests.chat.own import do
from tests.chat.visits import PASSWORD, Browser
from tests.doors.server import Solvent
from tests.pages.places import CONSOLE, EVERY, somewhere
from tests.ports import unused_port
from tests.soft_passkey import SoftPasskey

from solvent.identity.totp import spelled
from solvent.values.limits import SIGN_IN_FAILURES_MAX

pytestmark = pytest.mark.xdist_group("console")


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Solvent:
    """At a name, as passkeys hang on one; browsers trust localhost without TLS."""
    port = unused_port()
    return new_server(f'public_url = "http://localhost:{port}"\n', "", "--port", str(port))


@pytest.fixture(scope="module")
def chief(server: Solvent) -> Browser:
    return owner(server)


def is_in(browser: Browser) -> bool:
    return browser.get(AT).status_code == 200


@pytest.fixture(scope="module")
def kim(server: Solvent, chief: Browser) -> Person:
    """An owner with an app."""
    kim = Person(server, chief)
    assert kim.set_up().status_code == 200
    assert len(set(kim.codes)) == 10
    return kim


def test_the_secret_and_the_codes_are_shown_once_and_nowhere_else(server: Solvent, kim: Person) -> None:
    told = kim.browser.get(AT).text + str(server.operate("GET", "/v1/audit?limit=200")) + server.output
    told += str(server.operate("GET", "/v1/people"))
    for secret in (spelled(kim.secret), kim.secret.hex(), *kim.codes, kim.codes[0].replace("-", "")):
        assert secret not in told
    assert "10 codes are left" in kim.browser.get(AT).text
    (person,) = [one for one in server.operate("GET", "/v1/people")["data"] if one["email"] == kim.email]
    assert person["second_factor"] == ["app"]
    key = (server.data / "sealing.key").stat()
    assert key.st_mode & 0o777 == 0o600


def test_whoever_gave_the_password_alone_is_a_stranger_everywhere(server: Solvent, kim: Person) -> None:
    """Every place of both doors, with all that the first factor gives: each is kept shut as for a stranger."""
    half, stranger = kim.half(), Browser(server)
    token = half.token("/sign-in/second")
    mark = dict(half.http.cookies)["solvent_second"]
    for name in ("solvent_session", "solvent_second"):  # what waits for a code is no session, whatever it is called
        half.http.cookies.set(name, mark)
    tried = 0
    for place in EVERY:
        if place.who == "anybody":
            continue
        path = somewhere(place)
        if place.method == "GET":
            came, other = half.get(path), stranger.get(path)
            assert (came.status_code, came.headers.get("location")) == (303, other.headers["location"]), path
        else:
            came = half.http.post(path, data={"csrf": token, "once": "1" * 32, "password": PASSWORD})
            assert came.status_code == 401, path
        tried += 1
    assert tried > 90
    assert half.get("/sign-in/second").status_code == 200, "the first factor is still good"


def test_a_code_begins_another_session_and_goes_where_one_wanted(server: Solvent, kim: Person) -> None:
    half = kim.half(next="/console/operators")
    before = dict(half.http.cookies)
    went = give(half, kim.codes.pop())
    assert (went.status_code, went.headers["location"]) == (303, "/console/operators")
    session = half.http.cookies["solvent_session"]
    assert session not in before.values(), "nobody has seen it before"
    assert half.get("/console/operators").status_code == 200
    assert "solvent_second" not in half.http.cookies


def test_a_session_that_somebody_chose_is_nobodys(server: Solvent, kim: Person) -> None:
    victim, chosen = Browser(server), "f" * 48
    for name in ("solvent_session", "solvent_second"):
        victim.http.cookies.set(name, chosen)
    victim.sign_in(kim.email)
    assert give(victim, kim.codes.pop()).status_code == 303
    thief = Browser(server)
    thief.http.cookies.set("solvent_session", chosen)
    thief.http.cookies.set("solvent_second", chosen)
    assert not is_in(thief)
    assert is_in(victim)


def test_what_waits_is_of_no_use_in_another_browser_or_for_another_persons_code(
    server: Solvent, chief: Browser, kim: Person
) -> None:
    half, thief = kim.half(), Browser(server)
    thief.get("/sign-in")
    thief.http.cookies.set("solvent_second", half.http.cookies["solvent_second"])
    assert thief.get("/sign-in/second").headers["location"] == "/sign-in"
    came = thief.send("/sign-in/second", "/sign-in", code=kim.codes[-1])
    assert came.status_code == 403
    lee = Person(server, chief)
    lee.set_up()
    assert give(half, lee.codes[0]).status_code == 422
    assert give(half, lee.code()).status_code == 422
    assert give(half, kim.codes.pop()).status_code == 303
    assert Browser(server).get("/sign-in/second").headers["location"] == "/sign-in"


def test_wrong_codes_are_tried_only_so_often(server: Solvent, chief: Browser) -> None:
    park = Person(server, chief, "support")
    park.set_up()
    half = park.half()
    for _ in range(SIGN_IN_FAILURES_MAX):
        assert "code is wrong" in give(half, "123456").text
    assert "too often" in give(half, park.codes[0]).text
    assert "too often" in give(park.half(), park.codes[0]).text, "the password forgives none"
    told = [one["action"] for one in journal(server, "subject", id_of(server, park))]
    assert told.count("person.sign_in_failed") == SIGN_IN_FAILURES_MAX


def journal(server: Solvent, member: str, id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.operate("GET", f"/v1/audit?limit=100&{member}={id}")["data"]
    return found


def id_of(server: Solvent, who: Person) -> str:
    return str(next(one["id"] for one in server.operate("GET", "/v1/people")["data"] if one["email"] == who.email))


def test_the_journal_tells_who_came_from_where_and_who_did_not(server: Solvent, chief: Browser) -> None:
    choi = Person(server, chief)
    Browser(server).sign_in(choi.email, "not the password")
    choi.set_up()
    assert give(choi.half(), choi.codes[0]).status_code == 303
    assert do(choi.browser, "/account/password", at=AT, password=PASSWORD, new="another long one")
    assert do(choi.browser, "/account/app/remove", at=AT, password="another long one") == f"{AT}?changed=removed"
    found = journal(server, "subject", id_of(server, choi))
    told = [(one["action"], one["result"].get("by"), one["result"].get("place")) for one in reversed(found)]
    assert told == [
        ("person.sign_in", "invitation", "127.0.0.1"), ("person.sign_in_failed", "password", "127.0.0.1"),
        ("person.add_second_factor", "app", "127.0.0.1"), ("person.sign_in", "recovery", "127.0.0.1"),
        ("person.password", "password", "127.0.0.1"), ("person.remove_second_factor", "app", "127.0.0.1"),
    ]  # fmt: skip
    assert {(one["actor_name"], one["actor_role"]) for one in found} == {("Operator", "owner")}
    assert PASSWORD not in json.dumps(found)
    assert "another long one" not in json.dumps(found)
    keys = [one for one in server.operate("GET", "/v1/audit?limit=100")["data"] if one["action"] == "key.sign_in"]
    assert keys[-1]["result"] == {"place": "127.0.0.1", "by": "key"}


def test_a_customers_comings_are_not_written_down_but_changes_are_and_without_where(server: Solvent) -> None:
    song = Person(server)
    song.set_up()
    changes = [one for one in server.operate("GET", "/v1/audit?limit=20")["data"] if "second" in one["action"]]
    assert changes[0]["result"] == {"place": "", "by": "app"}
    assert give(song.half(), song.codes[0]).headers["location"] == "/"
    assert not [one for one in journal(server, "actor", changes[0]["actor"]) if "sign_in" in one["action"]]
    told = song.browser.get("/account/export").json()["signs_in_with"]
    assert [one["kind"] for one in told] == ["app"]


def test_sessions_that_came_in_without_it_end(server: Solvent, chief: Browser) -> None:
    jang, other = Person(server, chief), Browser(server)
    other.sign_in(jang.email)
    assert is_in(other)
    jang.set_up()
    assert not is_in(other)
    assert is_in(jang.browser)


def test_nothing_is_set_up_or_taken_away_without_the_password_or_by_another_site(kim: Person) -> None:
    for path in ("/account/app", "/account/app/remove", "/account/recovery", "/account/passkeys/x/remove"):
        assert kim.browser.send(path, AT, once=uuid.uuid4().hex, password="wrong wrong").status_code == 422, path
        evil = {"csrf": kim.browser.token(AT), "once": uuid.uuid4().hex, "password": PASSWORD}
        assert kim.browser.http.post(path, data=evil, headers={"origin": "https://evil.example"}).status_code == 403
        assert kim.browser.http.post(path, data=evil | {"csrf": ""}).status_code == 403
        kim.browser.http.post("/account/sessions/none/end", data=evil)
    token = kim.browser.token(AT)
    wrong = {"password": "wrong"}
    refused = kim.browser.http.post("/account/passkeys/challenge", json=wrong, headers={"x-csrf": token})
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "wrong_password")
    assert "Your account asks for more" in kim.browser.get(AT).text


def test_another_owner_resets_it_on_the_page_and_the_command_does(server: Solvent, chief: Browser) -> None:
    yoon = Person(server, chief)
    yoon.set_up()
    own = {"do": "reset_second_factor", "once": uuid.uuid4().hex, "person": id_of(server, yoon)}
    assert yoon.browser.send("/console/operators", "/console/operators", **own).status_code == 409
    support = Person(server, chief, "support")
    assert support.browser.send("/console/operators", AT, **own).status_code == 403
    unsure = chief.send("/console/operators", "/console/operators", **own | {"once": uuid.uuid4().hex})
    assert unsure.status_code == 403  # the key of the first run may be Yoon's own
    another = Person(server, chief)
    went = another.browser.send("/console/operators", "/console/operators", **own | {"once": uuid.uuid4().hex})
    assert went.headers["location"] == "/console/operators?done=reset_second_factor"
    assert not is_in(yoon.browser)
    assert yoon.browser.sign_in(yoon.email).headers["location"] == "/console"
    assert yoon.set_up().status_code == 200
    told = server.run("operators", "reset-second-factor", yoon.email, "--json").stdout
    assert json.loads(told)["second_factor"] == []
    assert not is_in(yoon.browser)
    assert yoon.email in server.run("operators", "people").stdout


def test_operators_see_nothing_before_they_have_one_where_they_must(new_server: NewServer) -> None:
    server = new_server("", '[people]\nsecond_factor = "operators"\n')
    kim = Person(server, owner(server))
    must = [place for place in CONSOLE if place.who not in ("anybody", "person")]
    token = kim.browser.token(AT)
    for place in must:
        if place.method == "GET":
            assert kim.browser.get(somewhere(place)).headers["location"] == f"{AT}?changed=needed", place.path
        else:
            assert kim.browser.http.post(somewhere(place), data={"csrf": token}).status_code == 403, place.path
    assert kim.set_up().status_code == 200
    assert kim.browser.get("/console/customers").status_code == 200
    assert do(kim.browser, "/account/app/remove", at=AT, password=PASSWORD)
    assert kim.browser.get("/console/customers").status_code == 303
    assert "passkey" not in kim.browser.get(AT).text, "without a public_url that is a name there are none"
    assert kim.browser.http.post("/sign-in/passkey/challenge", json={}, headers={"x-csrf": token}).status_code == 404
    assert Person(server).browser.get("/plan").status_code == 200, "customers may do without"


def challenge(browser: Browser, path: str = "/sign-in/passkey/challenge", **body: str) -> dict[str, str]:
    at = AT if path.startswith("/account") else "/sign-in"
    answer = browser.http.post(path, json=body, headers={"x-csrf": browser.token(at)})
    assert answer.status_code == 200, answer.text
    told: dict[str, str] = answer.json()
    return told


def test_a_passkey_of_software_signs_in_once_for_each_challenge(server: Solvent, chief: Browser) -> None:
    origin = f"http://localhost:{server.url.rpartition(':')[2]}"
    han, key = Person(server, chief), SoftPasskey(origin, "localhost")
    sent = key.make(challenge(han.browser, "/account/passkeys/challenge", password=PASSWORD))
    for status in (200, 422):  # its challenge is good once
        members = {"once": uuid.uuid4().hex, "name": "Yubikey", "credential": sent}
        page = han.browser.send("/account/passkeys", AT, **members)
        assert page.status_code == status
        assert len(re.findall(r"<code>[A-Z2-7-]{19}</code>", page.text)) == (10 if status == 200 else 0)
    phone = Browser(server)
    sent = key.sign(challenge(phone))
    thief = Browser(server)
    thief.get("/sign-in")
    assert thief.send("/sign-in/passkey", credential=sent).status_code == 403, "the challenge is another browser's"
    went = phone.send("/sign-in/passkey", credential=sent, next="/console/plans")
    assert (went.status_code, went.headers["location"]) == (303, "/console/plans")
    again = Browser(server)
    again.http.cookies.update(phone.http.cookies)
    again.http.cookies.delete("solvent_session")
    assert again.send("/sign-in/passkey", credential=sent).status_code == 403, "it was used"
    key.origin = "https://evil.example"
    assert phone.send("/sign-out", AT).status_code == 303
    assert phone.send("/sign-in/passkey", credential=key.sign(challenge(phone))).status_code == 403
    assert "Yubikey" in han.browser.get(AT).text


class Device:
    """Chromium's authenticator of software, and what is asked of it."""

    def __init__(self, look: Look) -> None:
        self.cdp = look.context.new_cdp_session(look.page)
        self.cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True,
        }  # fmt: skip
        self.id = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def verifies(self, *, user: bool) -> None:
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": user})


@pytest.fixture
def at_localhost(server: Solvent) -> str:
    return f"http://localhost:{server.url.rpartition(':')[2]}"


def sign_in_here(page: Page, at: str, email: str) -> None:
    page.goto(f"{at}/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.locator("form[action='/sign-in'] button").first.click()


def set_up_an_app(page: Page, who: Person) -> None:
    assert not faults(page)
    page.locator("#h-app ~ details summary").click()
    page.fill("#app-password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/app")
    assert not faults(page)
    assert page.locator("svg.qr").bounding_box()
    who.secret = b32decode(page.locator(".once-code").inner_text().replace(" ", ""))
    page.fill("#code", who.code())
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/app/confirm")
    assert not faults(page)
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    page.locator("main a.prime").click()
    page.wait_for_url("**" + AT)


def add_a_passkey(page: Page) -> None:
    page.locator("[data-passkeys-add] summary").click()
    assert not faults(page)
    page.fill("#passkey-password", "wrong wrong")
    page.keyboard.press("Enter")
    page.locator("[data-passkey] [role=alert]").wait_for()
    page.fill("#passkey-password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**?changed=passkey")
    assert page.locator(".holds li").count() == 1
    assert not faults(page)


@pytest.mark.parametrize(("locale", "width", "scheme"), [("ko-KR", 390, "dark"), ("en-US", 1280, "light")])
def test_a_person_in_a_browser_from_the_first_code_to_the_passkey(
    server: Solvent, chief: Browser, open_page: OpenPage, at_localhost: str, locale: str, width: int, scheme: str
) -> None:
    who = Person(server, chief)
    look = open_page(locale=locale, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, device = look.page, Device(look)
    sign_in_here(page, at_localhost, who.email)
    page.wait_for_url("**/console")
    page.goto(at_localhost + AT)
    set_up_an_app(page, who)
    add_a_passkey(page)
    page.context.clear_cookies()
    sign_in_here(page, at_localhost, who.email)
    page.wait_for_url("**/sign-in/second")
    assert not faults(page)
    page.fill("#code", "000000")
    page.keyboard.press("Enter")
    assert page.locator("main > .wrong").inner_text()
    page.fill("#code", who.code())
    page.keyboard.press("Enter")
    page.wait_for_url("**/console")
    page.context.clear_cookies()
    page.goto(f"{at_localhost}/sign-in")
    assert not faults(page)
    device.verifies(user=False)
    page.locator("[data-passkey] button").click()
    page.locator("[data-passkey] [role=alert]").wait_for()
    device.verifies(user=True)
    page.locator("[data-passkey] button").click()
    page.wait_for_url("**/console")
    page.goto(at_localhost + AT)
    page.locator(".holds summary").last.click()
    page.fill("#passkey-password-1", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**?changed=removed")
    assert page.locator(".holds li").count() == 0
    assert not [said for said in look.all_complaints() if "status of 4" not in said]
