"""The frame of the console's pages: the rail, what a role sees of it, its looks, on a screen and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize, expect
from tests.browsing import OpenPage
from tests.console.visits import demand_whole, key_of, sign_in
from tests.doors.server import Solvent

pytestmark = pytest.mark.xdist_group("console")
PHONE = ViewportSize(width=390, height=844)


def test_a_role_without_the_money_sees_the_frame_and_signs_out(server: Solvent, open_page: OpenPage) -> None:
    look = sign_in(open_page, server, key_of(server, "support"), locale="ko-KR")
    page = look.page
    expect(page.locator("h1")).to_have_text("콘솔")
    expect(page.locator(".rail-foot .who")).to_have_text("고객 지원")
    demand_whole(page, "wide, light")
    page.get_by_role("button", name="English").click()
    expect(page.locator(".rail-foot .who")).to_have_text("Support")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_css("background-color", "rgb(20, 21, 23)")
    page.set_viewport_size(PHONE)
    page.locator(".rail .more > summary").click()
    demand_whole(page, "phone, dark")
    page.locator(".rail .more").get_by_role("button", name="Sign out").click()
    expect(page.locator("h1")).to_have_text("Operators sign in")
    demand_whole(page, "signed out")
    assert look.all_complaints() == []


def test_every_place_of_the_rail_is_there(server: Solvent, open_page: OpenPage) -> None:
    page = sign_in(open_page, server, key_of(server, "support")).page
    paths = page.locator(".rail a").evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
    for path in sorted(set(paths)):
        assert page.request.get(f"{server.url}{path}").status == 200, path
