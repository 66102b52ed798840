"""Providers' bills over the operator API: seen first, taken once, replaced by reversal, for those who may."""

from __future__ import annotations

import asyncio
import base64
import gzip
from typing import Any

import pytest
from tests.db.opened import Place
from tests.doors.office import Office
from tests.reconciling.answered import answered

from solvent.db.port import Connection
from solvent.values.limits import MIB

DAY = 20_758  # 2026-11-01
COLUMNS = "date=Day; amount=Cost; model=Model; kind=Kind"


@pytest.fixture
def owing(office: Office, place: Place) -> Office:
    """Two days of gpt-4o on the books, in won."""

    def work(connection: Connection) -> None:
        answered(connection, DAY, "gpt-4o", "1400", currency="KRW")
        answered(connection, DAY + 1, "gpt-4o", "2800", currency="KRW")

    async def lay() -> None:
        async with place.opened() as database:
            await database.write(work)

    asyncio.run(lay())
    return office


def bill(*rows: str, **members: object) -> dict[str, Any]:
    text = "Day,Model,Cost,Kind\n" + "".join(f"2026-11-{row}\n" for row in rows)
    file = base64.b64encode(gzip.compress(text.encode())).decode()
    return {"provider": "openai", "file": file, "columns": COLUMNS, "currency": "USD", **members}


RATE = {"rate": "1400", "rate_date": "2026-11-02", "source": "bank"}
FIRST = bill("01,OpenAI/GPT-4o,1,Usage", "02,gpt-4o,2,Usage", "02,=cmd|x,0.5,Usage", "02,VAT,0.3,Tax", **RATE)


def test_a_bill_is_seen_taken_once_and_replaced(owing: Office) -> None:
    assert owing.get("/v1/bills")["data"] == []
    seen = owing.post("/v1/bills/preview", FIRST)
    assert (seen["bill"]["id"], seen["bill"]["residual"], seen["bill"]["share"]) == ("", "700", "14.29 %")
    assert seen["unknown"] == [{"named": "=cmd|x", "billed": "700"}]
    assert [(one["kind"], one["amount"], one["in_books"]) for one in seen["beside"]] == [("tax", "0.3", "420")]
    assert owing.get("/v1/bills")["data"] == [], "a preview posts nothing"
    taken = owing.post("/v1/bills", FIRST, "one")
    assert owing.post("/v1/bills", FIRST, "one") == taken
    assert owing.post("/v1/bills", FIRST, "two") == taken | {"is_new": False}
    id = taken["bill"]["id"]
    assert taken["bill"]["rates"] == "1 USD = 1400 KRW since 2026-11-02 (bank)"
    lines = owing.get(f"/v1/bills/{id}/residual")["data"]
    assert [(one["day"], one["model"], one["residual"], one["is_known"]) for one in lines] == [
        ("2026-11-01", "gpt-4o", "0", True), ("2026-11-02", "=cmd|x", "700", False),
        ("2026-11-02", "gpt-4o", "0", True),
    ]  # fmt: skip
    by_model = owing.get(f"/v1/bills/{id}/residual?by=model")["data"]
    assert [(one["day"], one["billed"], one["share"]) for one in by_model] == [
        (None, "700", "100.00 %"), (None, "4200", "0.00 %"),
    ]  # fmt: skip
    alarm = owing.get("/v1/alarms?kind=bill_residual")["data"][0]
    assert (alarm["subject"], alarm["details"]["amount"]) == ("openai", "700")
    newer = owing.post("/v1/bills", FIRST | {"aliases": "=cmd|x=gpt-4o", "again": False})
    assert newer["replaced"] == [id]
    assert owing.get(f"/v1/bills/{id}")["bill"]["replaced_by"] == newer["bill"]["id"]
    accounts = {one["account"]: one["balance"] for one in owing.get("/v1/ledger/accounts")["data"]}
    assert (accounts["suspense:bills:openai"], accounts["payable:openai"]) == ("700", "4900")
    assert owing.get("/v1/ledger/verify")["is_clean"]
    assert [one["id"] for one in owing.get("/v1/bills?provider=openai&limit=1")["data"]] == [newer["bill"]["id"]]
    assert owing.refuse("/v1/bills", FIRST) == (409, "bill_replaced")


LARGE = "%" * 5 * MIB


def test_what_is_wrong_is_refused_and_nothing_is_taken(owing: Office) -> None:
    for members, code in {
        ("rate", "1400"): "bill_rate_needed",
        ("columns", "date=Tag; amount=Cost"): "bad_bill_terms",
        ("columns", ""): "bill_layout_unknown",
        ("provider", "opnai"): "unknown_provider",
        ("file", "%"): "bad_bill",
        ("file", LARGE): "bad_bill",  # read whole, as a page reads it
        ("time_zone", "Mars"): "unknown_time_zone",
        ("from", "soon"): "not_a_date",
        ("until", "2026-10-01"): "bad_bill",
    }.items():
        body = FIRST | {members[0]: members[1]} | ({"rate_date": ""} if members[0] == "rate" else {})
        assert owing.refuse("/v1/bills", body)[1] == code, members
    del (without := dict(FIRST))["rate"]
    assert owing.refuse("/v1/bills", without) == (400, "bill_rate_needed")
    assert owing.refuse("/v1/bills", bill("24,gpt-4o,1,Usage", **RATE)) == (400, "bill_not_over")
    assert owing.send("GET", "/v1/bills/bill_none", None, owing.keys["owner"]).status == 404
    assert owing.get("/v1/bills")["data"] == []


def test_only_owners_and_finance_take_bills(owing: Office) -> None:
    for role, key in owing.keys.items():
        seen = owing.send("POST", "/v1/bills/preview", FIRST, key).status
        assert seen == (200 if role in ("owner", "finance") else 403), role
        assert owing.send("GET", "/v1/bills", None, key).status == (403 if role == "support" else 200), role
