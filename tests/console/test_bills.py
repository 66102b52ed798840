"""The pages of providers' bills: a file is seen before it is taken, and its residual leads to answers and postings."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import expect
from tests.browsing import OpenPage
from tests.console.test_offices import Office, found_in
from tests.console.test_offices_seen import PHONE, seen
from tests.console.visits import demand_whole, key_of
from tests.db.opened import opened
from tests.doors.server import Solvent
from tests.reconciling.answered import answered

from solvent.console.bill_bodies import ResidualBody, ResidualLineBody
from solvent.console.bill_pages import table_of
from solvent.db.port import Connection

pytestmark = pytest.mark.xdist_group("console")
AGO = 12
TODAY = datetime.now(UTC).date()  # of all of this file's tests, also where midnight passes between two of them
TERMS = {"columns": "date=Day; amount=Cost; model=Model; kind=Kind", "currency": "KRW"}


def day(ago: int) -> str:
    """A day that is over, of UTC."""
    return (TODAY - timedelta(days=ago)).isoformat()


@pytest.fixture(scope="module")
def bill(server: Solvent) -> bytes:
    """A bill of some days, and the books of the same days."""

    def work(connection: Connection) -> None:
        for ago in range(2, AGO):
            number = (TODAY - timedelta(days=ago) - date(1970, 1, 1)).days
            answered(connection, number, "gpt-4o-2024-08-06", "5000", currency="KRW")
            answered(connection, number, "gpt-4o-mini", "700", currency="KRW")

    async def lay() -> None:
        async with opened(server.data) as database:
            await database.write(work)

    asyncio.run(lay())
    rows = [
        f"{day(ago)},GPT-4o,{5000 + (ago - 5) * 40},Usage\n{day(ago)},gpt-4o-mini,700,Usage\n" for ago in range(2, AGO)
    ]
    rows += [f'{day(2)},"=HYPERLINK(""x"")",90,Usage\n', f"{day(2)},VAT,5700,Tax\n"]
    return ("Day,Model,Cost,Kind\n" + "".join(rows)).encode()


def sent(office: Office, do: str, file: bytes, **members: str) -> str:
    page = office.get("/console/money/bills").text
    key = found_in(page, r'name="once" value="([0-9a-f]{32})"')
    data = {"csrf": office.own_token(page), "do": do, "once": key, "provider": "openai", **TERMS, **members}
    went = office.http.post(
        "/console/money/bills", data=data, files={"file": ("november.csv", file)}, follow_redirects=True
    )
    return went.text


def test_on_a_phone_in_korean_a_bill_is_seen_taken_and_its_residual_looked_into(
    server: Solvent, open_page: OpenPage, bill: bytes
) -> None:
    look = seen(open_page, server, locale="ko-KR", viewport=PHONE, color_scheme="dark")
    page = look.page
    page.goto(f"{server.url}/console/money/bills")
    expect(page.locator(".empty-lines")).to_contain_text("아직 가져온 청구서가 없습니다")
    demand_whole(page, "nothing yet, dark")
    page.get_by_text("읽는 방법").click()
    page.get_by_label("열", exact=True).fill(TERMS["columns"])
    page.get_by_label("통화", exact=True).fill("KRW")
    page.get_by_label("공급자", exact=True).fill("openai")
    page.get_by_label("파일", exact=True).set_input_files({"name": "b.csv", "mimeType": "text/csv", "buffer": bill})
    page.get_by_role("button", name="미리 보기").click()
    expect(page.locator(".say")).to_contain_text("청구액의")
    expect(page.locator("figure.chart svg rect")).to_have_count(AGO - 2)
    _shot(page, "preview-ko-dark-phone")
    demand_whole(page, "a preview, dark")
    page.get_by_role("button", name="가져오기").click()
    expect(page.locator(".done")).to_contain_text("청구서를 적었습니다")
    demand_whole(page, "the list, dark")
    page.locator("tbody a.row").first.click()
    expect(page.locator("figure.chart svg")).to_be_visible()
    _shot(page, "bill-ko-dark-phone")
    demand_whole(page, "a bill, dark")
    page.get_by_role("link", name="장부 기록").click()
    expect(page.locator("tbody tr")).to_have_count(9)
    assert look.all_complaints() == []
    desk = seen(open_page, server, viewport={"width": 1280, "height": 900}, color_scheme="light").page
    desk.goto(f"{server.url}/console/money/bills")
    _shot(desk, "bills-en-light")
    demand_whole(desk, "the list")
    desk.locator("tbody a.row").first.click()
    expect(desk.locator("figure.chart svg")).to_be_visible()
    _shot(desk, "bill-en-light")
    demand_whole(desk, "a bill")
    desk.goto(f"{server.url}/console")
    expect(desk.get_by_role("link", name="View bill")).to_be_visible()
    _shot(desk, "today-en-light")


def _shot(page: object, name: str) -> None:
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)  # type: ignore[attr-defined]


def test_what_is_wrong_is_said_beside_the_form_with_what_was_written(server: Solvent, bill: bytes) -> None:
    office = Office(server)
    told = sent(office, "preview_bill", bill.replace(b",700,", b",$7,", 1))
    assert "This file cannot be taken." in told
    assert "line 3, column Cost: &#39;$7&#39; is no amount" in told
    assert 'value="date=Day; amount=Cost; model=Model; kind=Kind"' in told
    assert "Say which column is what." in sent(office, "preview_bill", bill, columns="")
    assert "covers only some of that time" in sent(office, "import_bill", bill[: bill.index(day(3).encode())])
    assert "This file cannot be taken." in sent(office, "preview_bill", b"\x1f\x8b")


def test_a_residual_leads_to_its_answers_and_is_a_file_without_formulas(server: Solvent, bill: bytes) -> None:
    office = Office(server)
    sent(office, "import_bill", bill)
    listed = office.get("/console/money/bills").text
    path = found_in(listed, r'href="(/console/money/bills/bill_[0-9a-f]+)"')
    page = office.get(path).text
    behind = found_in(page, r'href="(/console/margins/answers\?since=[^"]+our-gpt-4o-2024-08-06)"')
    assert "our-gpt-4o-2024-08-06" in office.get(behind.replace("&amp;", "&")).text
    file = office.get(f"{path}/csv")
    assert file.headers["content-type"].startswith("text/csv")
    assert "'=HYPERLINK" in file.text
    assert ",-80,KRW" in file.text


def test_no_cell_of_the_file_is_a_formula() -> None:
    line = ResidualLineBody(
        day=None, model="-1+cmd", named=["@SUM(A1)"], is_known=False, sold_as="", answers=0, billed="1", booked="2",
        residual="-1", share=None,
    )  # fmt: skip
    found = ResidualBody(bill="b", by="line", currency="USD", billed="1", booked="2", residual="-1", data=[line])
    assert table_of(found).splitlines()[1] == ",'-1+cmd,'@SUM(A1),False,0,1,2,-1,USD"


def test_who_may_look_sees_no_form_and_takes_nothing(server: Solvent, bill: bytes) -> None:
    reader = Office(server, key_of(server, "read_only"))
    page = reader.get("/console/money/bills").text
    assert "bill-file" not in page
    data = {"csrf": reader.own_token(page), "do": "import_bill", "once": "1" * 32, "provider": "openai", **TERMS}
    assert reader.http.post("/console/money/bills", data=data, files={"file": ("b.csv", bill)}).status_code == 403
    support = Office(server, key_of(server, "support"))
    assert support.get("/console/money/bills").status_code == 403
    assert "/console/money/bills" not in support.get("/console/money").text
