"""Signing up, in and out, as browsers do it; and what somebody who means harm would try."""

from __future__ import annotations

import pytest
from tests.browsing import NewServer
from tests.chat.visits import PASSWORD, Browser
from tests.doors.server import Solvent

from solvent.pages.site import own_path
from solvent.values.limits import SIGN_IN_FAILURES_MAX

pytestmark = pytest.mark.xdist_group("console")


def test_a_person_signs_up_out_and_in_again(server: Solvent) -> None:
    kim = Browser(server)
    went = kim.sign_up("Kim@Example.com", name="Kim Seo-yeon")
    assert (went.status_code, went.headers["location"]) == (303, "/")
    assert "Kim Seo-yeon" in kim.get("/").text
    assert kim.send("/sign-out", "/").headers["location"] == "/sign-in"
    assert kim.get("/").headers["location"] == "/sign-in?next=%2F"
    assert kim.sign_in(" kim@example.com ").status_code == 303
    assert kim.get("/").status_code == 200
    customers = server.operate("GET", "/v1/customers")["data"]
    assert "Kim Seo-yeon" in {customer["name"] for customer in customers}


def test_what_is_wrong_is_said_in_ones_own_language_and_what_was_written_stays(server: Solvent) -> None:
    lee = Browser(server, "ko-KR,ko;q=0.9")
    page = lee.send("/sign-up", "/sign-up", email="lee", password=PASSWORD, name="이도담")
    assert page.status_code == 422
    assert "이메일 주소가 아닙니다" in page.text
    assert 'value="이도담"' in page.text
    assert PASSWORD not in page.text
    page = lee.send("/sign-up", "/sign-up", email="lee@example.com", password="short")
    assert "10자에서 200자" in page.text
    page = lee.send("/sign-up", "/sign-up", email="lee@example.com", password="aaaaaaaaaaaa")
    assert "너무 쉽게" in page.text
    assert lee.sign_up("lee@example.com").status_code == 303
    assert "계정이 있습니다" in Browser(server, "ko").sign_up("LEE@example.com").text


def test_a_wrong_password_and_an_unknown_address_read_alike_and_only_so_many_are_tried(server: Solvent) -> None:
    assert Browser(server).sign_up("park@example.com").status_code == 303
    thief = Browser(server)
    unknown, wrong = thief.sign_in("nobody@example.com"), thief.sign_in("park@example.com", "not the password")
    assert unknown.status_code == wrong.status_code == 422
    assert "address or the password is wrong" in unknown.text
    assert "address or the password is wrong" in wrong.text
    for _ in range(SIGN_IN_FAILURES_MAX):
        thief.sign_in("park@example.com", "not the password")
    assert "too often" in thief.sign_in("park@example.com").text


def test_a_form_of_another_site_or_session_changes_nothing(server: Solvent) -> None:
    kim, other = Browser(server), Browser(server)
    members = {"email": "choi@example.com", "password": PASSWORD}
    assert kim.http.post("/sign-up", data=members).status_code == 403
    assert kim.http.post("/sign-up", data={**members, "csrf": other.token()}).status_code == 403
    foreign = {"origin": "https://evil.example"}
    assert kim.http.post("/sign-up", data={**members, "csrf": kim.token()}, headers=foreign).status_code == 403
    foreign = {"origin": "null"}  # a page in a sandbox
    assert kim.http.post("/sign-up", data={**members, "csrf": kim.token()}, headers=foreign).status_code == 403
    assert "wrong" in kim.sign_in("choi@example.com").text


def test_behind_a_proxy_that_names_another_host_forms_are_ours(new_server: NewServer) -> None:
    server = new_server('public_url = "https://answers.example"\n')
    kim = Browser(server)
    form = {"csrf": kim.token(), "language": "ko"}
    told = kim.http.post("/looks", data=form, headers={"origin": "https://answers.example"})
    assert told.status_code == 303
    assert "secure" in told.headers["set-cookie"].lower()
    assert kim.http.post("/looks", data=form, headers={"origin": "https://evil.example"}).status_code == 403
    told = Browser(server).http.get(
        "/sign-in", headers={"host": "answers.example"}
    )  # as back from a provider: no page is named
    assert "secure" in told.headers["set-cookie"].lower()


def test_signing_in_begins_another_session_and_signing_out_ends_it_everywhere(server: Solvent) -> None:
    mallory = Browser(server)
    mallory.http.cookies.set("solvent_session", "0" * 48)
    assert mallory.sign_up("yoon@example.com").status_code == 303
    held = {cookie.value for cookie in mallory.http.cookies.jar if cookie.name == "solvent_session"}
    (token,) = held - {"0" * 48}
    thief = Browser(server)
    thief.http.cookies.set("solvent_session", "0" * 48)
    assert thief.get("/").status_code == 303
    copied = Browser(server)
    copied.http.cookies.set("solvent_session", str(token))
    assert copied.get("/").status_code == 200
    copied.send("/sign-out", "/")
    again = Browser(server)
    again.http.cookies.set("solvent_session", str(token))
    assert again.get("/").status_code == 303


def test_nobody_is_sent_to_another_site(server: Solvent) -> None:
    kim = Browser(server)
    kim.sign_up("han@example.com")
    for evil in ("//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\tevil"):
        assert own_path(evil, "/") == "/"
        kim.send("/sign-out", "/")
        assert kim.sign_in("han@example.com", next=evil).headers["location"] == "/"
    assert own_path("/plan?of=1", "/") == "/plan?of=1"


def test_a_customer_is_no_operator_and_an_operators_key_opens_the_console(server: Solvent) -> None:
    kim, boss = Browser(server), Browser(server)
    kim.sign_up("seo@example.com")
    assert kim.get("/console").status_code == 404
    assert boss.get("/console").status_code in (303, 401)
    for key in (server.key, "op-solvent-nope", ""):
        assert boss.send("/console/sign-in", "/console/sign-in", key=key).status_code == 422
    went = boss.send("/console/sign-in", "/console/sign-in", key=f" {server.operator_key} ")
    assert (went.status_code, went.headers["location"]) == (303, "/console")
    assert server.operator_key not in went.text
    assert boss.get("/console").status_code != 404


def test_how_pages_look_is_kept(server: Solvent) -> None:
    kim = Browser(server)
    assert '<html lang="en" data-theme="auto">' in kim.get("/sign-in").text
    assert kim.send("/looks", language="ko", theme="dark", next="/sign-in").headers["location"] == "/sign-in"
    assert '<html lang="ko" data-theme="dark">' in kim.get("/sign-in").text
