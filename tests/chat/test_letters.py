"""Links by letter, from the form to the button, and what somebody who means harm would try with them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import httpx2
import pytest
from tests import identity_provider, mail_server
from tests.axe import faults
from tests.browsing import NewServer, OpenPage
from tests.chat.operators import AT, Person, found, give, owner
from tests.chat.test_identities import ENTRY
from tests.chat.visits import PASSWORD, Browser
from tests.doors.server import Solvent
from tests.identity_provider import CLIENT, SECRET, Provider
from tests.mail_server import Mailbox, words

from solvent.values.limits import LETTERS_MAX

pytestmark = pytest.mark.xdist_group("console")
TABLE = """\
[people]
name = "가온 AI"
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mail_server.running() as box:
        yield box


@pytest.fixture(scope="module")
def there() -> Iterator[Provider]:
    with identity_provider.running() as provider:
        yield provider


@pytest.fixture(scope="module")
def server(new_server: NewServer, box: Mailbox, there: Provider, tmp_path_factory: pytest.TempPathFactory) -> Solvent:
    secret = tmp_path_factory.mktemp("there") / "there.secret"
    secret.write_text(SECRET)
    entry = ENTRY.format(name="staff", kind="oidc", client=CLIENT, url=there.url).replace("there.secret", str(secret))
    return new_server('public_url = "http://ai.example"\n', TABLE + mail_server.TABLE.format(port=box.port) + entry)


def newcomer(server: Solvent, box: Mailbox, language: str = "en") -> tuple[Browser, str]:
    """Somebody who signed up, and was sent a letter to confirm their address.

    It is there: two letters that are on their way at once arrive in any order.
    """
    browser, email = Browser(server, language), f"{uuid.uuid4().hex[:12]}@example.com"
    assert browser.sign_up(email).status_code == 303
    box.letter(email)
    return browser, email


def press(browser: Browser, path: str, **members: str) -> tuple[int, str]:
    """Send the form behind a link."""
    went = browser.send(path, path, **members)
    return went.status_code, went.headers.get("location", "")


def is_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


def test_a_link_signs_in_once_by_its_button_and_confirms_the_address(server: Solvent, box: Mailbox) -> None:
    kim, email = newcomer(server, box, "ko")
    kim.send("/sign-out", "/")
    page = kim.send("/sign-in/letter", email=f" {email.upper()} ")
    assert (page.status_code, email in page.text) == (200, True)
    letter, link = box.letter(email, 2), box.link(email, 2)
    assert letter["subject"] == "가온 AI 로그인"
    assert f"http://ai.example{link}" in words(letter, "html")
    for _ in range(2):  # what checks mail opens it as well
        opened = kim.get(link)
        assert opened.status_code == 200
        assert opened.headers["referrer-policy"] == "same-origin"
        assert not is_in(kim)
    assert press(kim, link) == (303, "/")
    assert is_in(kim)
    assert "확인하지 않았습니다" not in kim.get("/account").text
    assert kim.get(link).status_code == 403
    assert Browser(server).sign_in(email).status_code == 303  # the password of a browser they use is still theirs
    changes = server.operate("GET", "/v1/audit?limit=50")["data"]
    assert "person.enter" in {change["action"] for change in changes}
    assert link.split("/")[-1] not in str(changes)


def test_who_has_no_account_reads_the_same_and_gets_no_letter(server: Solvent, box: Mailbox) -> None:
    _, known = newcomer(server, box)
    pages = []
    for email in (known, "nobody@example.com"):
        for where in ("/sign-in/letter", "/sign-in/forgotten"):
            page = Browser(server).send(where, email=email)
            pages.append((page.status_code, re.sub(r'value="[0-9a-f]{40}"|content="[0-9a-f]{40}"', "", page.text)))
    assert pages[0][1].replace(known, "nobody@example.com") == pages[2][1]
    assert pages[1][1].replace(known, "nobody@example.com") == pages[3][1]
    box.letter(known, 3)
    assert box.count("nobody@example.com") == 0
    assert Browser(server).send("/sign-in/letter", email="no address").status_code == 422


def test_in_another_browser_a_link_asks_once_more(server: Solvent, box: Mailbox) -> None:
    kim, email = newcomer(server, box)
    kim.send("/sign-in/letter", "/", email=email)
    link, phone = box.link(email, 2), Browser(server)
    page = phone.send(link, link)
    assert page.status_code == 422
    assert "asked for in another browser" in page.text
    assert not is_in(phone)
    assert press(phone, link, sure="yes") == (303, "/")
    assert is_in(phone)


def test_whoever_opened_an_account_with_an_address_of_somebody_else_is_out_once_they_come(
    server: Solvent, box: Mailbox
) -> None:
    mallory, email = newcomer(server, box)
    key = re.search(r"sk-solvent-[0-9a-f]+", mallory.send("/keys", "/keys", once=uuid.uuid4().hex).text)
    assert key
    victim = Browser(server)
    victim.send("/sign-in/letter", email=email)
    assert press(victim, box.link(email, 2)) == (303, "/")
    assert is_in(victim)
    assert not is_in(mallory)
    assert mallory.sign_in(email).status_code == 422
    assert mallory.get("/v1/models", headers={"authorization": f"Bearer {key[0]}"}).status_code == 401


def test_an_address_is_confirmed_only_by_who_is_signed_in_with_it(server: Solvent, box: Mailbox) -> None:
    kim, email = newcomer(server, box)
    link, stranger = box.link(email), Browser(server)
    assert stranger.get(link).headers["location"].startswith("/sign-in?next=/letters/")
    lee, _ = newcomer(server, box)
    assert lee.send(link, "/account", sure="yes").status_code == 422
    assert "not confirmed yet" in kim.get("/account").text
    assert press(kim, link) == (303, "/account?changed=confirmed")
    assert "not confirmed yet" not in kim.get("/account").text
    kim.send("/account/confirm", "/account")
    assert box.link(email, 2) != link


def test_another_password_ends_every_session_and_link(server: Solvent, box: Mailbox) -> None:
    kim, email = newcomer(server, box)
    other = Browser(server)
    other.sign_in(email)
    asking = Browser(server)
    asking.send("/sign-in/letter", email=email)
    asking.send("/sign-in/forgotten", "/sign-in/forgotten", email=email)
    links = {box.link(email, 2), box.link(email, 3)}
    (reset,) = (link for link in links if 'type="password"' in asking.get(link).text)
    assert press(asking, reset, password="short")[0] == 422
    assert press(asking, reset, password=email)[0] == 422
    assert press(asking, reset, password="another long one") == (303, "/")
    assert is_in(asking)
    assert not is_in(kim)
    assert not is_in(other)
    for link in links:
        assert asking.get(link).status_code == 403
    assert Browser(server).sign_in(email).status_code == 422
    assert Browser(server).sign_in(email, "another long one").status_code == 303


def test_only_so_many_letters_go_to_one_address(server: Solvent, box: Mailbox) -> None:
    for email in (newcomer(server, box)[1], "unknown@example.com"):
        told = [Browser(server).send("/sign-in/letter", email=email).status_code for _ in range(LETTERS_MAX + 1)]
        assert told[-1] == 422, email
        assert told[0] == 200, email


def test_links_that_are_none_open_nothing(server: Solvent, box: Mailbox) -> None:
    kim, email = newcomer(server, box)
    link = box.link(email)
    for wrong in ("/letters/x", link + "x", link[:-1], "/letters/" + "a" * 5_000):
        assert kim.get(wrong).status_code == 403
        assert kim.send(wrong, "/account").status_code == 403
    assert kim.http.post(link, data={"csrf": "0" * 40}).status_code == 403


def test_a_closed_account_opens_by_no_letter(server: Solvent, box: Mailbox) -> None:
    kim, email = newcomer(server, box)
    link = box.link(email)
    closed = kim.send("/account/close", "/account/close", once=uuid.uuid4().hex, password=PASSWORD)
    assert closed.status_code == 303
    assert kim.get(link).status_code == 403
    kim.send("/sign-in/letter", email=email)
    assert box.count(email) == 1


def test_a_letter_is_a_first_factor_alone(server: Solvent, box: Mailbox) -> None:
    kim = Person(server)
    refused = kim.browser.send("/account/app", AT, once=uuid.uuid4().hex, password=PASSWORD)
    assert refused.status_code == 422
    # Or else whoever opens an account with an address of somebody else could shut them out of it.
    assert "Confirm your e-mail address first" in refused.text
    press(kim.browser, box.link(kim.email))
    kim.set_up()
    asking = Browser(server)
    asking.send("/sign-in/letter", email=kim.email)
    assert press(asking, box.link(kim.email, 2)) == (303, "/sign-in/second")
    assert not is_in(asking)
    assert give(asking, kim.codes[0]).headers["location"] == "/"
    asking.send("/sign-out", "/account")
    asking.send("/sign-in/forgotten", "/sign-in/forgotten", email=kim.email)
    assert press(asking, box.link(kim.email, 3), password="another long one") == (303, "/sign-in/second")
    assert not is_in(asking)
    assert give(asking, kim.codes[0]).status_code == 422
    assert give(asking, kim.codes[1]).status_code == 303


def test_who_has_an_operators_mailbox_has_not_their_account(server: Solvent, box: Mailbox) -> None:
    """Nobody asks operators to confirm an address, so their accounts are never taken over by a letter to it."""
    chief = owner(server)
    kim, lee = Person(server, chief), Person(server, chief)
    kim.set_up()
    thief = Browser(server)
    for who, leads in ((kim, "/sign-in/second"), (lee, "/console")):
        thief.send("/sign-in/letter", email=who.email)
        assert press(thief, box.link(who.email)) == (303, leads)
        thief.send("/sign-out", "/sign-in")
        assert Browser(server).sign_in(who.email).status_code == 303, "the password is still theirs"
    assert kim.browser.get("/console").status_code == lee.browser.get("/console").status_code == 200
    assert give(kim.half(), kim.codes[0]).headers["location"] == "/console"


def linked(browser: Browser, there: Provider) -> None:
    """Link an account elsewhere."""
    there.who = {"sub": uuid.uuid4().hex, "email": "else@example.com", "email_verified": True, "name": "Somebody"}
    page = browser.send("/account/link/staff", AT, password=PASSWORD)
    way = found(page.text, r'class="btn prime wide" href="([^"]+)"')
    back = httpx2.get(way).headers["location"].removeprefix("http://ai.example")
    assert browser.get(back).headers["location"] == f"{AT}?changed=linked"


def test_whoever_changes_how_they_sign_in_is_told_by_letter(server: Solvent, box: Mailbox, there: Provider) -> None:
    kim = Person(server)
    assert press(kim.browser, box.link(kim.email))[0] == 303
    linked(kim.browser, there)
    kim.set_up()
    other = kim.half()
    assert give(other, kim.codes[0]).status_code == 303
    for path, members in (
        ("/account/recovery", {}), ("/account/app/remove", {}), ("/account/password", {"new": "another long one"}),
        ("/account/unlink/staff", {}),
    ):  # fmt: skip
        password = "another long one" if "unlink" in path else PASSWORD
        sent = kim.browser.send(path, AT, once=uuid.uuid4().hex, password=password, **members)
        assert sent.status_code in (200, 303), path
    told = [
        box.about(kim.email, about) for about in (
            "was linked", "app was set up", "A new sign-in", "New recovery codes", "app was removed", "was changed",
            "was taken away",
        )
    ]  # fmt: skip
    said = "".join(words(letter) for letter in told)
    assert "http://ai.example/account/security" in said
    assert "by password and a recovery code" in said
    for secret in (*kim.codes, PASSWORD, "another long one", there.who["sub"]):
        assert secret not in said


def test_another_password_by_letter_shows_what_else_opens_the_account(
    server: Solvent, box: Mailbox, there: Provider
) -> None:
    kim, email = newcomer(server, box)
    assert press(kim, box.link(email))[0] == 303
    linked(kim, there)
    kim.send("/sign-in/forgotten", "/account", email=email)
    reset = box.link(email, 2)
    assert press(kim, reset, password="another long one") == (303, f"{AT}?changed=reset")
    page = kim.get(f"{AT}?changed=reset").text
    assert "Look whether all of them are yours" in page
    assert "Linked on" in page
    assert "Accounts elsewhere and passkeys" in words(box.about(email, "was changed"))


def test_without_a_mail_server_none_is_offered(new_server: NewServer) -> None:
    bare = Browser(new_server())
    assert "letter" not in bare.get("/sign-in").text
    assert bare.get("/sign-in/forgotten").status_code == 404
    for path in ("/sign-in/letter", "/sign-in/forgotten"):
        assert bare.send(path, email="a@example.com").status_code == 404


def test_a_stranger_who_guesses_locks_nobody_out_of_a_browser_they_use(server: Solvent, box: Mailbox) -> None:
    kim, email = newcomer(server, box)
    kim.send("/sign-out", "/")
    thief = Browser(server)
    told = [thief.sign_in(email, "not the password").text for _ in range(9)]
    assert "too often" in told[-1]
    assert "too often" in Browser(server).sign_in(email).text
    assert kim.sign_in(email).status_code == 303


@pytest.mark.parametrize(("locale", "width"), [("ko-KR", 390), ("en-US", 1280)])
def test_a_link_in_a_browser(server: Solvent, box: Mailbox, open_page: OpenPage, locale: str, width: int) -> None:
    _, email = newcomer(server, box)
    look = open_page(locale=locale, viewport={"width": width, "height": 900})
    page = look.page
    page.goto(f"{server.url}/sign-in")
    assert not faults(page)
    page.fill("#email", email)
    page.locator("button[formaction='/sign-in/letter']").press("Enter")
    page.wait_for_url("**/sign-in/letter")
    assert not faults(page)
    page.goto(server.url + box.link(email, 2))
    assert not faults(page)
    page.locator("main button.prime").press("Enter")
    page.wait_for_url(f"{server.url}/")
    page.goto(f"{server.url}/sign-in/forgotten")
    assert not faults(page)
    assert not look.all_complaints()
