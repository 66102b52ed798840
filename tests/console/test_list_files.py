"""Lists as files: all the rows of a page's list, exactly, as long as the list is; and lists that are empty say so."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import insert, select
from tests.browsing import NewServer
from tests.console.test_offices import Office, found_in
from tests.console.visits import ask, key_of
from tests.doors.server import Solvent

from solvent.console.list_files import FILES, columns_of
from solvent.db.engine import open_engine
from solvent.identity.caller import OPERATOR_ROLES
from solvent.identity.permission import may
from solvent.identity.store import customers
from solvent.values.limits import PAGE_ROWS_MAX

pytestmark = pytest.mark.xdist_group("console")
RAIL = """
[[payments]]
rail = "bank"
kind = "bank"
currencies = ["KRW"]
account = "Some Bank 1-2-3"
"""
OWING = 60  # more than a page of invoices


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Solvent:
    """Nothing has happened here but the first start."""
    return new_server(tables=RAIL)


@pytest.fixture(scope="module")
def owing(server: Solvent) -> Solvent:
    """More customers who owe than a page has."""
    for n in range(OWING):
        server.operate("POST", "/v1/customers", {"name": f"=Owes {n}", "plan": "plus", "pays": "invoice"})
    return server


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_lists_without_rows_say_what_would_stand_there(server: Solvent, language: str) -> None:
    office = Office(server, language=language)
    for path, said in (
        ("/console/money", ("no invoice yet", "청구서가 없습니다")),
        ("/console/money/debtors", ("No invoice waits", "낼 돈이 남은")),
        ("/console/money/payments", ("no payment order yet", "결제 주문이 없습니다")),
        ("/console/money/coupons", ("no coupon yet", "쿠폰이 없습니다")),
        ("/console/money/suspense", ("money that nobody explains", "주인을 모르는")),
        ("/console/money/mismatches", ("but what was ordered", "다르게 알려 온")),
        ("/console/money/months", ("No month is closed", "마감한 달이")),
        ("/console/money/payments?state=refunded", ("Show all", "모두 보기")),
        ("/console/customers?search=nobody-of-this-name", ("Nothing fits", "맞는 것이 없습니다")),
        ("/console/prices?prefix=nothing", ("Nothing fits", "맞는 것이 없습니다")),
    ):
        page = office.get(path)
        assert page.status_code == 200, path
        assert said[language == "ko"] in page.text, path


def test_who_owes_is_summed_over_every_invoice_and_named(owing: Solvent) -> None:
    office = Office(owing)
    page = office.get("/console/money/debtors").text
    assert f"Customers who owe: {OWING}" in page
    assert f"₩{9900 * OWING:,}" in page
    rows = table(office.get("/console/money/debtors.csv").text)
    assert len(rows) == OWING
    assert {row["due"] for row in rows} == {"9900"}
    assert all(row["customer_name"].startswith("'=Owes ") for row in rows), "no formula"


def test_a_file_has_every_row_of_its_list_as_the_api_tells_it(owing: Solvent) -> None:
    server = owing
    engine = open_engine(server.data)
    with engine.begin() as connection:
        row = dict(connection.execute(select(customers).limit(1)).mappings().one())
        more = [row | {"id": f"{row['id'][:-6]}{n:06}", "name": 'a "quoted", name'} for n in range(PAGE_ROWS_MAX)]
        connection.execute(insert(customers), more)
    engine.dispose()
    office = Office(server)
    for path, (operation, fixed) in FILES.items():
        query = "account=receivable" if path.endswith("transfers") else "spent=fees" if path.endswith("moved") else ""
        answer = office.get(f"{path}.csv?{query}")
        assert answer.status_code == 200, path
        assert answer.headers["content-disposition"].endswith('.csv"'), path
        found, told, cursor = table(answer.text), list[dict[str, Any]](), ""
        asked = "&".join(filter(None, (query, *(f"{name}={value}" for name, value in fixed.items()))))
        while cursor is not None:
            page = server.operate("GET", f"{operation.path}?limit=200&{asked}&cursor={cursor}")
            told, cursor = told + page["data"], page["next_cursor"]
        assert len(found) == len(told), path
        assert not found or list(found[0]) == columns_of(operation), path
        key = next(name for name in ("id", "number", "code", "account") if name in columns_of(operation))
        assert [row[key] for row in found] == [str(row[key]) for row in told], path
    assert 'a "quoted", name' in {row["name"] for row in table(office.get("/console/customers.csv").text)}
    assert len(table(office.get("/console/customers.csv?search=Owes").text)) == OWING
    assert office.get("/console/money.csv?state=lost").status_code == 400, "before the file begins"


def test_files_are_for_those_who_may_see_their_pages(server: Solvent) -> None:
    for role in OPERATOR_ROLES:
        office = Office(server, key_of(server, role))
        for path, (operation, _) in FILES.items():
            query = "?account=x" if path.endswith("transfers") else "?spent=fees" if path.endswith("moved") else ""
            status = office.get(f"{path}.csv{query}").status_code
            assert status == (200 if may(role, operation.action) else 403), (role, path)


def test_answers_behind_a_figure_and_a_months_books_are_files(server: Solvent) -> None:
    ids = [ask(server) for _ in range(3)]
    ask(server, model="below-cost")
    office = Office(server)
    found = table(office.get("/console/margins/answers.csv?since=1d&model=plain").text)
    assert [row["id"] for row in found] == ids[::-1]
    booked = server.receipt(ids[0])
    assert all(found[-1][name] == str(booked[name]) for name in ("charge", "cost", "margin", "customer", "model"))
    month = office.get("/console/money/months").text
    path = found_in(month, r'href="(/console/money/months/[0-9-]+)"')
    assert f'href="{path}/csv"' in office.get(path).text
    lines = table(office.get(f"{path}/csv").text)
    told = server.operate("GET", f"/v1/months/{path.rpartition('/')[2]}")["books"]
    assert len(lines) == sum(len(books["profit_and_loss"]) + len(books["balance_sheet"]) for books in told) > 1
    reader = Office(server, key_of(server, "support"))
    assert reader.get("/console/margins/answers.csv").status_code == 403
    assert reader.get(f"{path}/csv").status_code == 403
