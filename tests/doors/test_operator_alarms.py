"""The list of alarms over the operator API: in pages, chosen by kind and day, for those who may see the books."""

from __future__ import annotations

import asyncio

import pytest
from tests.db.opened import Place
from tests.doors.office import NOW_US, Office

from solvent.audit.alarm import alarm
from solvent.audit.alarm_store import raise_alarms
from solvent.values.instant import US_PER_S

DAY_US = 86_400 * US_PER_S
RAISED = [
    alarm("not_renewed", "cus_kim", str(n), NOW_US - n * DAY_US, subscription="sub_1", code="no_rate", why="none")
    for n in range(5)
] + [alarm("unpriced", "gpt", "x", NOW_US, bucket="unpriced:web_search")]


@pytest.fixture
def alarmed(office: Office, place: Place) -> Office:
    async def tell() -> None:
        async with place.opened() as database:
            await database.write(lambda connection: raise_alarms(connection, RAISED))

    asyncio.run(tell())
    return office


def test_alarms_are_listed_in_pages_and_chosen(alarmed: Office) -> None:
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = alarmed.get(f"/v1/alarms?limit=2&cursor={cursor}")
        found += [one["id"] for one in page["data"]]
        cursor = page["next_cursor"]
    assert found == [one.id for one in sorted(RAISED, key=lambda one: (one.at_us, one.id), reverse=True)]
    assert alarmed.get("/v1/alarms?kind=unpriced")["data"] == [
        {
            "object": "alarm", "id": RAISED[-1].id, "at": "2026-11-24T12:00:00.000Z", "kind": "unpriced",
            "subject": "gpt", "details": {"bucket": "unpriced:web_search"},
        }
    ]  # fmt: skip
    assert len(alarmed.get("/v1/alarms?since=2d")["data"]) == 3
    assert len(alarmed.get("/v1/alarms?subject=cus_kim&since=2026-11-21")["data"]) == 4
    assert alarmed.get("/v1/alarms?kind=house_loss")["data"] == []


def test_who_may_see_the_books_may_see_alarms(alarmed: Office) -> None:
    for role, key in alarmed.keys.items():
        answer = alarmed.send("GET", "/v1/alarms", None, key)
        assert answer.status == (403 if role == "support" else 200), role


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("kind=fire", "bad_request", "kind"), ("cursor=x", "bad_cursor", "cursor"),
        ("cursor=1", "bad_cursor", "cursor"), ("since=soon", "not_a_date", "since"),
        ("limit=0", "bad_request", "limit"),
        ("sort=at", "bad_request", "sort"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_is_refused(office: Office, query: str, code: str, param: str) -> None:
    answer = office.send("GET", f"/v1/alarms?{query}")
    assert (answer.status, answer.error["code"], answer.error["param"]) == (400, code, param)
