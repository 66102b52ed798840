"""The ledger, months, prices and the record over the operator API, on both databases."""

from __future__ import annotations

import json
from pathlib import Path

from tests.doors.office import Office
from tests.ledger.bean_check import bean_check

DAY_US = 86_400_000_000


def test_the_ledger_is_read_exported_and_proven(office: Office, tmp_path: Path) -> None:
    assert office.send("GET", "/v1/ledger/export").error["code"] == "nothing_booked"
    made = office.customer(plan="plus", grant="12.3456789")
    office.post(f"/v1/invoices/{made['outcome']['invoice']}/received", {"amount": "9900"})
    asked = office.post(f"/v1/customers/{made['id']}/top-ups", {"amount": "5000", "rail": "bank"})
    office.post(f"/v1/payments/{asked['order']['id']}/confirm", {"amount": "5000"})
    exported = office.send("GET", "/v1/ledger/export")
    file = tmp_path / "books.beancount"
    file.write_bytes(exported.body)
    assert exported.headers["content-type"].startswith("text/plain")
    assert bean_check(file) == ""
    assert office.send("GET", "/v1/ledger/export").body == exported.body
    wallet = f"wallet:{made['id']}"
    names: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = office.get(f"/v1/ledger/accounts?limit=2&cursor={cursor}")
        names += [one["account"] for one in page["data"]]
        cursor = page["next_cursor"]
    assert names == sorted(names)
    assert wallet in names
    first = office.get(f"/v1/ledger/transfers?account={wallet}&limit=1")
    second = office.get(f"/v1/ledger/transfers?account={wallet}&limit=9&cursor={first['next_cursor']}")
    assert [row["amount"] for row in first["data"] + second["data"]] == ["5000", "12.3456789"]
    assert office.send("GET", "/v1/ledger/transfers").status == 400
    head = office.get("/v1/ledger/verify")["head"]
    assert office.get(f"/v1/ledger/verify?head={head}")["is_clean"]
    wrong = office.get(f"/v1/ledger/verify?head=1:{'0' * 64}")
    assert not wrong["is_clean"]
    for senseless in ("x", "1:00", f"-1:{'0' * 64}", f"1:{'z' * 64}"):
        assert office.send("GET", f"/v1/ledger/verify?head={senseless}").error["code"] == "bad_head"


def test_a_month_closes_twice_with_the_same_result(office: Office) -> None:
    made = office.customer(plan="plus", grant="100")
    assert office.get("/v1/months")["next"] == "2026-11"
    assert office.refuse("/v1/months/2026-11/close") == (409, "month_not_ended")
    office.now_us += 8 * DAY_US
    closed = office.post("/v1/months/2026-11/close", key=office.keys["finance"])
    again = office.post("/v1/months/202611/close")
    assert again == closed
    shown = office.get("/v1/months/2026-11")
    (books,) = shown["books"]
    assert shown["closing"] == closed
    sums = {name: sum(float(line["amount"]) for line in books["balance_sheet"] if line["section"] == name)
            for name in ("owned", "owed")}  # fmt: skip
    assert abs(sums["owned"] - sums["owed"] - float(books["profit_so_far"])) < 1e-6
    (statement,) = office.get(f"/v1/customers/{made['id']}/statements")["data"]
    assert (statement["month"], statement["gifts"], statement["closing"]) == ("2026-11", "100", "100")
    printed = office.send("GET", f"/v1/customers/{made['id']}/statements/2026-11/pdf")
    assert printed.body.startswith(b"%PDF-")
    missing = office.send("GET", f"/v1/customers/{made['id']}/statements/2026-10/pdf")
    assert (missing.status, missing.error["code"]) == (404, "no_such_statement")
    assert office.get("/v1/months")["next"] == "2026-12"
    for senseless in ("november", "2026-13", "0", "202611x"):
        assert office.send("GET", f"/v1/months/{senseless}").error["code"] == "not_a_month"


def test_prices_are_listed_in_pages_and_rerated_without_harm(office: Office) -> None:
    names: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = office.get(f"/v1/prices?limit=50&cursor={cursor}")
        names += [card["card"] for card in page["data"]]
        cursor = page["next_cursor"]
    assert names == sorted(set(names))
    assert "solvent-house-cost.KRW" in names
    history = office.get(f"/v1/prices/history?card={names[0]}")["data"]
    assert history[-1]["card"] == names[0]
    body = {"card": names[0], "book": "cost", "from": "2026-11-01"}
    assert office.post("/v1/prices/rerate/preview", body)["answers"] == 0
    assert office.post("/v1/prices/rerate", body)["corrected"] == 0
    assert office.refuse("/v1/prices/rerate", body | {"card": "nobody"}) == (404, "no_such_card")
    assert office.refuse("/v1/prices/rerate", body | {"from": "2027-11-01"}) == (400, "bad_request")


def test_every_act_is_on_the_record(office: Office) -> None:
    made = office.customer(plan="plus")
    office.post("/v1/grants", {"customer": made["id"], "amount": "1"}, key=office.keys["finance"])
    done = office.get("/v1/audit?limit=2")["data"]
    assert [(one["action"], one["actor_role"]) for one in done] == [
        ("grant.give", "finance"), ("customer.open", "owner"),
    ]  # fmt: skip
    assert made["api_key"] not in json.dumps(office.get("/v1/audit?limit=200"))
