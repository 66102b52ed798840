"""Signing in with an account elsewhere, before a real provider; and what somebody who means harm would try."""

from __future__ import annotations

import time
import uuid
from base64 import b32decode
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from tests import identity_provider
from tests.axe import faults
from tests.browsing import NewServer, OpenPage
from tests.chat.operators import AT, found, give, owner
from tests.chat.operators import Person as Operator
from tests.chat.own import do
from tests.chat.visits import PASSWORD, Browser
from tests.doors.server import Solvent
from tests.identity_provider import CLIENT, SECRET, Provider

from solvent.identity.totp import code_at, step_of
from solvent.values.limits import SIGN_INS_BEGUN_MAX

pytestmark = pytest.mark.xdist_group("console")
ENTRY = """\
[[identity_providers]]
name = "{name}"
kind = "{kind}"
client_id = "{client}"
client_secret = "file:there.secret"
issuer = "{url}"
"""


@pytest.fixture(scope="module")
def there() -> Iterator[Provider]:
    with identity_provider.running() as provider:
        yield provider


@pytest.fixture(scope="module")
def server(new_server: NewServer, there: Provider, tmp_path_factory: pytest.TempPathFactory) -> Solvent:
    secret = tmp_path_factory.mktemp("there") / "there.secret"
    secret.write_text(SECRET)
    tables = "".join(
        ENTRY.format(name=name, kind=kind, client=CLIENT, url=there.url).replace("there.secret", str(secret))
        for name, kind in (("staff", "oidc"), ("second", "oidc"), ("naver", "naver"))
    )
    return new_server('public_url = "http://ai.example"\n', tables)


@pytest.fixture(autouse=True)
def _nothing_wrong(there: Provider) -> None:
    there.wrong, there.alg, there.is_forged = {}, "RS256", False


def somebody(**claims: Any) -> dict[str, Any]:
    """Somebody whom the provider knows, and whose address it has verified."""
    name = uuid.uuid4().hex[:12]
    return {"sub": name, "email": f"{name}@example.com", "email_verified": True, "name": "김서연"} | claims


def way_back(browser: Browser, to: str = "/sign-in/with/staff", **query: str) -> str:
    """Go there; the path that the provider sends one back to."""
    went = browser.get(to, params=query)
    assert went.status_code == 303
    sent_back = httpx2.get(went.headers["location"]).headers["location"]
    assert sent_back.startswith("http://ai.example/sign-in/with/")
    parts = urlsplit(sent_back)
    return f"{parts.path}?{parts.query}"


def enter(browser: Browser, to: str = "/sign-in/with/staff", **query: str) -> httpx2.Response:
    return browser.get(way_back(browser, to, **query))


def is_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


def test_a_newcomer_opens_an_account_and_comes_back_to_it(server: Solvent, there: Provider) -> None:
    there.who = somebody()
    kim = Browser(server)
    assert enter(kim).headers["location"] == "/"
    told = kim.get("/account/export").json()
    assert (told["person"]["email"], told["person"]["name"]) == (there.who["email"], "김서연")
    assert told["person"]["confirmed_us"] > 0
    assert told["signs_in_with"][0]["known_as"] == f"{there.url} {there.who['sub']}"
    again = Browser(server)
    there.who = {**there.who, "email": "another@example.com"}  # the address may change; who they are does not
    assert enter(again, next="/plan").headers["location"] == "/plan"
    assert again.get("/account/export").json()["person"]["id"] == told["person"]["id"]
    assert there.asked["code_challenge_method"] == "S256"
    assert SECRET not in str(there.asked)


WRONG: list[dict[str, Any]] = [
    {"nonce": "another"}, {"nonce": None}, {"aud": "somebody else"}, {"iss": "https://evil.example"},
    {"exp": 1_000_000},
    {"exp": None}, {"sub": None}, {"sub": ""}, {"iat": 9_999_999_999}, {"azp": "somebody else"},
    {"aud": [CLIENT, "other"], "azp": "other"},
]  # fmt: skip


def test_a_token_with_anything_wrong_lets_nobody_in(server: Solvent, there: Provider) -> None:
    there.who = somebody()
    mallory = Browser(server)
    for wrong in WRONG:
        there.wrong = wrong
        assert enter(mallory).status_code == 403, wrong
    there.wrong = {}
    for alg in ("none", "HS256"):
        there.alg = alg
        assert enter(mallory).status_code == 403, alg
    there.alg, there.is_forged = "RS256", True
    assert enter(mallory).status_code == 403
    assert not is_in(mallory)


def test_states_and_codes_that_are_not_ones_own_let_nobody_in(server: Solvent, there: Provider) -> None:
    there.who = somebody()
    kim, mallory = Browser(server), Browser(server)
    back = way_back(mallory)
    assert kim.get(back).status_code == 403  # what mallory began is not kim's to end
    assert not is_in(kim)
    assert mallory.get(back).status_code == 303
    assert mallory.get(back).status_code == 403  # once
    code = back.partition("code=")[2].partition("&")[0]
    fresh = way_back(kim)
    state = fresh.partition("state=")[2]
    assert kim.get(f"/sign-in/with/staff/back?code={code}&state={state}").status_code == 403  # a code that was used
    for query in ("", "?state=x&code=y", f"?code={code}"):
        assert kim.get(f"/sign-in/with/staff/back{query}").status_code == 403
    other = way_back(kim).replace("/with/staff/", "/with/second/")
    assert kim.get(other).status_code == 403
    assert kim.get("/sign-in/with/nobody").status_code == 404
    assert not is_in(kim)
    no = way_back(kim).partition("?")[0] + "?error=access_denied&" + way_back(kim).partition("&")[2]
    assert kim.get(no).headers["location"] == "/sign-in"


def test_nobody_is_sent_to_another_site(server: Solvent, there: Provider) -> None:
    there.who = somebody()
    for evil in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert enter(Browser(server), next=evil).headers["location"] == "/"


def test_an_address_opens_no_account_that_is_there(server: Solvent, there: Provider) -> None:
    kim = Browser(server)
    for verified in (True, False):
        email = f"{uuid.uuid4().hex[:12]}@example.com"
        assert Browser(server).sign_up(email).status_code == 303
        there.who = somebody(email=email, email_verified=verified)
        page = enter(kim)
        assert page.status_code == 409
        assert "There is an account with this address" in page.text
        assert not is_in(kim)


def test_who_is_signed_in_links_and_takes_away(server: Solvent, there: Provider) -> None:
    kim, email = Browser(server), f"{uuid.uuid4().hex[:12]}@example.com"
    kim.sign_up(email)
    there.who = somebody(email=email)
    for wrong in ({}, {"password": "not the password"}):
        refused = kim.send("/account/link/staff", AT, **wrong)
        assert (refused.status_code, " open><summary>Link" in refused.text) == (422, True)
        assert "staff/back" not in refused.text
    page = kim.send("/account/link/staff", AT, password=PASSWORD)
    link = page.text.partition('class="btn prime wide" href="')[2].partition('"')[0].replace("&amp;", "&")
    back = httpx2.get(link).headers["location"].removeprefix("http://ai.example")
    other = Browser(server)
    other.sign_up(f"{uuid.uuid4().hex[:12]}@example.com")
    assert other.get(back).status_code == 403
    assert kim.get(back).headers["location"] == "/account/security?changed=linked"
    assert enter(Browser(server)).status_code == 303
    page = other.send("/account/link/staff", "/account", password=PASSWORD)  # which is kim's already
    link = page.text.partition('class="btn prime wide" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert other.get(httpx2.get(link).headers["location"].removeprefix("http://ai.example")).status_code == 409
    assert kim.get("/account/link/staff").status_code == 404
    assert take_away(kim, "not the password") == 422
    assert "Linked on" in kim.get(AT).text
    assert take_away(kim) == 303
    assert "Linked on" not in kim.get(AT).text
    assert take_away(kim) == 404
    assert enter(Browser(server)).status_code == 409
    actions = {change["action"] for change in server.operate("GET", "/v1/audit?limit=100")["data"]}
    assert {"person.link", "person.unlink"} <= actions


def take_away(browser: Browser, password: str = PASSWORD) -> int:
    return browser.send("/account/unlink/staff", AT, once=uuid.uuid4().hex, password=password).status_code


def test_without_a_password_the_only_way_in_stays_and_what_is_final_is_done_fresh(
    server: Solvent, there: Provider
) -> None:
    there.who = somebody()
    kim = Browser(server)
    enter(kim)
    assert take_away(kim) == 422
    assert do(kim, "/account/password", at="/account", new=PASSWORD) == "/account/security?changed=password"
    assert Browser(server).sign_in(there.who["email"]).status_code == 303
    assert do(kim, "/account/close", at="/account/close", password=PASSWORD) == "/sign-in"
    email = there.who["email"]
    assert enter(kim).status_code == 303  # nothing of it was left: they are new
    assert kim.get("/account/export").json()["person"]["email"] == email


def test_naver_tells_who_it_is_by_its_own_way_and_vouches_for_no_address(server: Solvent, there: Provider) -> None:
    id = uuid.uuid4().hex
    there.who = {"id": id, "email": f"{id}@example.com", "nickname": "도담"}
    lee = Browser(server)
    assert enter(lee, "/sign-in/with/naver").headers["location"] == "/"
    person = lee.get("/account/export").json()["person"]
    assert (person["name"], person["confirmed_us"]) == ("도담", 0)
    assert "nonce" not in there.asked
    there.who = {"id": uuid.uuid4().hex}
    assert "tells no e-mail address" in enter(Browser(server), "/sign-in/with/naver").text


def test_operators_link_a_provider_and_are_asked_for_their_code_after_it_too(server: Solvent, there: Provider) -> None:
    kim = Operator(server, owner(server))
    there.who = somebody(email=kim.email)
    assert enter(Browser(server)).status_code == 409  # an address alone opens nobody's account, an operator's least
    page = kim.browser.send("/account/link/staff", AT, password=PASSWORD)
    link = page.text.partition('class="btn prime wide" href="')[2].partition('"')[0].replace("&amp;", "&")
    back = httpx2.get(link).headers["location"].removeprefix("http://ai.example")
    assert kim.browser.get(back).headers["location"] == f"{AT}?changed=linked"
    home = Browser(server)
    assert enter(home).headers["location"] == "/console"
    assert home.get("/console/operators").status_code == 200
    (last,) = server.operate("GET", "/v1/audit?limit=1")["data"]
    assert (last["action"], last["result"]) == ("person.sign_in", {"place": "127.0.0.1", "by": "provider"})
    kim.set_up()
    assert home.get("/console/operators").status_code == 303  # it came in without
    half = Browser(server)
    assert enter(half, next="/console/plans").headers["location"] == "/sign-in/second"
    assert half.get("/console/plans").headers["location"].startswith("/console/sign-in")
    assert give(half, kim.codes[0]).headers["location"] == "/console/plans"
    assert do(kim.browser, "/account/unlink/staff", at=AT, password=PASSWORD) == f"{AT}?changed=unlinked"
    assert enter(Browser(server)).status_code == 409


def test_codes_are_no_way_in_by_themselves(server: Solvent, there: Provider) -> None:
    there.who = somebody()
    lee = Browser(server)
    enter(lee)
    page = lee.send("/account/app", AT, once=uuid.uuid4().hex)  # signed in just now, without a password
    secret = b32decode(found(page.text, r'once-code"><code>([A-Z2-7 ]+)</code>').replace(" ", ""))
    token, code = found(page.text, r'name="token" value="([\w-]+)"'), code_at(secret, step_of(time.time_ns() // 1000))
    assert lee.send("/account/app/confirm", AT, once=uuid.uuid4().hex, token=token, code=code).status_code == 200
    assert take_away(lee) == 422


@pytest.mark.parametrize(("locale", "width"), [("ko-KR", 390), ("en-US", 1280)])
def test_ways_in_are_shown(server: Solvent, open_page: OpenPage, there: Provider, locale: str, width: int) -> None:
    look = open_page(locale=locale, viewport={"width": width, "height": 900})
    page = look.page
    page.goto(f"{server.url}/sign-in")
    assert page.locator(".ways a").count() == 3
    assert not faults(page)
    page.goto(f"{server.url}/sign-up")
    page.fill("#email", f"{uuid.uuid4().hex[:12]}@example.com")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/")
    page.goto(f"{server.url}/account/security")
    assert not faults(page)
    form = page.locator("form[action='/account/link/staff']")
    page.locator("#linked summary").first.press("Enter")
    assert not faults(page)
    form.locator("[name=password]").fill(PASSWORD)
    form.locator("button").press("Enter")
    page.wait_for_url("**/account/link/staff")
    assert not faults(page)
    assert not look.all_complaints()


def test_whoever_begins_again_and_again_is_told_to_wait(server: Solvent, there: Provider) -> None:
    """The last test here: nobody at this address begins anything afterwards."""
    mallory = Browser(server)
    token = mallory.token()
    seen = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
    shown = [seen, seen | {"sec-fetch-dest": "empty"}]
    shown.append({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"})
    for n in range(SIGN_INS_BEGUN_MAX):  # what a page elsewhere shows: nothing begins, nor is it counted
        assert mallory.get("/sign-in/with/staff", headers=shown[n % 3]).status_code == 404
    goes = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    for to in ("document", "empty"):  # by a link; and by our worker, which fetches what one goes to
        assert mallory.get("/sign-in/with/staff", headers=goes | {"sec-fetch-dest": to}).status_code == 303
    for _ in range(SIGN_INS_BEGUN_MAX):
        mallory.get("/sign-in/with/staff")
    there.asked = {}
    page = mallory.get("/sign-in/with/staff")
    assert page.status_code == 429
    assert int(page.headers["retry-after"]) > 0
    assert "failed too often" in page.text
    assert not there.asked
    asked = mallory.http.post("/sign-in/passkey/challenge", json={}, headers={"x-csrf": token})
    assert (asked.status_code, asked.json()["error"]["code"]) == (429, "too_many_sign_ins")
