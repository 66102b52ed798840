"""Lists with 10,000 rows on record: a page shows a part of them, and leads to the next."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

import pytest
from sqlalchemy import insert, select
from tests.browsing import NewServer
from tests.console.test_offices import Office
from tests.console.visits import ask
from tests.doors.server import Solvent

from solvent.answering.store import receipts
from solvent.audit.store import changes
from solvent.console.margins import ROWS_MAX
from solvent.db.engine import open_engine
from solvent.identity.store import customers
from solvent.values.limits import PAGE_ROWS

pytestmark = pytest.mark.xdist_group("console")

MANY = 10_000
ELEMENTS_MAX = 1_500  # of a page, its frame and forms too
LISTS = {
    "/console/customers": PAGE_ROWS, "/console/audit": PAGE_ROWS, "/console/margins/answers": PAGE_ROWS,
    "/console/ledger": PAGE_ROWS, "/console/margins": 2 * ROWS_MAX, "/console": PAGE_ROWS,
}  # fmt: skip


@pytest.fixture(scope="module")
def server(new_server: NewServer) -> Solvent:
    """With a row of each kind copied so often."""
    server = new_server()
    ask(server)
    server.operate("POST", "/v1/customers", {"name": "One of many", "plan": "pay-as-you-go"})
    server.stop()
    engine = open_engine(server.data)
    with engine.begin() as connection:
        for table in (customers, changes, receipts):
            row = dict(connection.execute(select(table).limit(1)).mappings().one())
            other = [f"{row['id'][:-6]}{n:06}" for n in range(MANY)]
            keys = [{"key": f"page/{id}"} if table is changes else {} for id in other]
            connection.execute(insert(table), [row | {"id": id} | key for id, key in zip(other, keys, strict=True)])
    engine.dispose()
    return server.start()


@pytest.mark.parametrize("path", LISTS)
def test_a_page_shows_a_part_and_leads_on(server: Solvent, path: str) -> None:
    page = Office(server).get(path)
    assert page.status_code == 200
    assert page.text.count("<tr") <= LISTS[path] + 40, "heads and sums of tables are rows too"
    assert len(re.findall(r"<[a-z]", page.text)) < ELEMENTS_MAX
    if LISTS[path] == PAGE_ROWS and path not in ("/console", "/console/ledger"):
        assert page.text.count("<tr") > PAGE_ROWS
        onward = re.search(r'href="([^"]+)" rel="next"', page.text)
        assert onward
        where = urljoin(f"{server.url}{path}", unescape(onward[1]))
        assert Office(server).get(where).text.count("<tr") > PAGE_ROWS
