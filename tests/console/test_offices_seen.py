"""The console's pages over operations in a real browser: in Korean on a phone, and in English on a desk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.browsing import Look, OpenPage
from tests.console.test_offices import Office
from tests.console.visits import demand_whole
from tests.doors.server import Solvent

pytestmark = pytest.mark.xdist_group("console")
PHONE = {"width": 390, "height": 844}


def seen(open_page: OpenPage, server: Solvent, **settings: object) -> Look:
    """A browser of the owner's, signed in."""
    look = open_page(server, **settings)
    cookies = Office(server).http.cookies.jar
    look.context.add_cookies([{"name": one.name, "value": one.value or "", "url": server.url} for one in cookies])
    return look


def test_on_a_phone_in_korean_a_customer_is_opened_helped_and_suspended(server: Solvent, open_page: OpenPage) -> None:
    look = seen(open_page, server, locale="ko-KR", viewport=PHONE, color_scheme="dark")
    page = look.page
    page.goto(f"{server.url}/console/customers")
    page.get_by_text("고객 등록", exact=True).click()
    form = page.locator("form.do")
    form.get_by_label("이름").fill("도담서점")
    form.get_by_label("요금제").select_option("pay-as-you-go")
    demand_whole(page, "the form, dark")
    form.get_by_role("button", name="등록").click()
    expect(page.locator(".once .secret")).to_have_text(re.compile("^sk-solvent-"))
    page.get_by_role("link", name="도담서점 고객으로 가기").click()
    expect(page.locator("h1")).to_have_text("도담서점")
    page.get_by_text("돈 주기", exact=True).click()
    given = page.locator("#h-wallet").locator("xpath=ancestor::section")
    given.get_by_label("금액").fill("0")
    page.get_by_role("button", name="주기", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    demand_whole(page, "what is wrong, dark")
    given.get_by_label("금액").fill("12000")
    page.get_by_role("button", name="주기", exact=True).click()
    expect(page.locator(".say")).to_have_text("지갑에 12,000원 있습니다")
    page.get_by_text("정지…").click()
    page.get_by_role("button", name="정지", exact=True).click()
    expect(page.locator(".done")).to_have_text("이제 이 고객의 질문은 거절됩니다.")
    expect(page.locator(".say-sub")).to_contain_text("정지")
    demand_whole(page, "a customer, dark")
    assert all("400 (Bad Request)" in one for one in look.all_complaints()), look.all_complaints()


def test_on_a_desk_in_english_the_books_are_read_from_plan_to_transfer(server: Solvent, open_page: OpenPage) -> None:
    server.operate("POST", "/v1/customers", {"name": "Hanbit & Co", "plan": "plus", "pays": "invoice"})
    look = seen(open_page, server, viewport={"width": 1280, "height": 900}, color_scheme="light")
    page = look.page
    page.goto(f"{server.url}/console/plans")
    page.get_by_role("link", name="Plus", exact=True).click()
    page.locator("#plan-price").press_sequentially("1")
    page.locator("#plan-price").fill("200")  # before the first was told
    page.locator("#plan-price").fill("100")
    expect(page.locator("#live")).to_contain_text("This would be version 2. On the plan now: 1.")  # no button pressed
    expect(page.locator("#live")).not_to_have_attribute("aria-busy", "true")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".quote")).to_contain_text("This would be version 2. On the plan now: 1.")
    demand_whole(page, "a plan")
    page.get_by_role("link", name="Money").click()
    page.get_by_role("link", name=re.compile(r"^20\d\d-000001$")).click()
    page.get_by_text("Money came in").click()
    page.locator("form.do", has_text="Book it").first.get_by_label("Amount").fill("9900")
    page.get_by_role("button", name="Book it").first.click()
    expect(page.locator(".say")).to_contain_text("Paid")
    demand_whole(page, "an invoice")
    page.get_by_role("link", name="Ledger").click()
    page.get_by_role("link", name="cash:bank").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    demand_whole(page, "transfers")
    assert look.all_complaints() == []
