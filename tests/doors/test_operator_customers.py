"""Customers, their keys, and who did what to them, over the operator API, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.db.opened import Place
from tests.doors.office import Office, running_office

from solvent.identity import store as identity_store


@pytest.fixture
def office(place: Place) -> Iterator[Office]:
    with running_office(place) as office:
        yield office


def test_a_customers_life(office: Office) -> None:
    opened = office.customer("김고객")
    id = opened["id"]
    assert (opened["name"], opened["state"], opened["key"]["state"]) == ("김고객", "active", "good")
    assert opened["key"]["hint"] == opened["api_key"][-4:]
    shown = {key: value for key, value in opened.items() if key not in ("api_key", "key", "outcome")}
    assert office.get(f"/v1/customers/{id}") == shown
    assert office.post(f"/v1/customers/{id}", {"name": " 이 고객 "})["name"] == "이 고객"
    assert office.post(f"/v1/customers/{id}/suspend")["state"] == "suspended"
    assert office.post(f"/v1/customers/{id}/resume")["state"] == "active"
    key = office.post(f"/v1/customers/{id}/keys", {"name": "phone", "expires": "2027-01-01T00:00:00+09:00"})
    assert (key["name"], key["expires_at"]) == ("phone", "2026-12-31T15:00:00.000Z")
    assert key["api_key"].startswith("sk-solvent-")
    assert office.post(f"/v1/keys/{opened['key']['id']}/revoke")["state"] == "revoked"
    keys = office.get(f"/v1/customers/{id}/keys")["data"]
    assert [(key["name"], key["state"]) for key in keys] == [("phone", "good"), ("", "revoked")]
    assert "api_key" not in keys[0]
    assert office.post(f"/v1/customers/{id}/close")["state"] == "closed"
    refused = office.send("POST", f"/v1/customers/{id}/resume")
    assert (refused.status, refused.error["code"]) == (409, "customer_closed")
    done = [change["action"] for change in office.get(f"/v1/audit?subject={id}")["data"]]
    assert done == ["customer.closed", "key.issue", "customer.active", "customer.suspended", "customer.rename",
                    "customer.open"]  # fmt: skip


def test_lists_come_in_pages_that_hold_each_once(office: Office) -> None:
    assert office.get("/v1/customers") == {"object": "list", "data": [], "next_cursor": None}
    made = [office.customer(f"Customer {n}")["id"] for n in range(7)]
    for limit in (1, 2, 3, 7, 8):
        found: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = office.get(f"/v1/customers?limit={limit}&cursor={cursor}")
            assert len(page["data"]) <= limit
            found += [customer["id"] for customer in page["data"]]
            cursor = page["next_cursor"]
        assert found == made[::-1]
    everything: list[str] = []
    cursor = ""
    while cursor is not None:
        page = office.get(f"/v1/audit?limit=2&cursor={cursor}")
        everything += [change["id"] for change in page["data"]]
        cursor = page["next_cursor"]
    assert len(everything) == len(set(everything))
    assert len([id for id in everything if id.startswith("chg_")]) >= 7 + 4


def test_search_finds_by_name_and_id(office: Office) -> None:
    kim, lee = office.customer("Kim & Sons"), office.customer("이순신")
    for search, found in (("kim", [kim]), ("%EC%88%9C", [lee]), (lee["id"], [lee]), ("nobody", []), ("%25", [])):
        got = office.get(f"/v1/customers?search={search}")["data"]
        assert [customer["id"] for customer in got] == [customer["id"] for customer in found], search
    office.post(f"/v1/customers/{kim['id']}/suspend")
    assert [c["id"] for c in office.get("/v1/customers?state=suspended")["data"]] == [kim["id"]]


def test_a_repetition_has_its_effect_once_and_the_same_answer(office: Office) -> None:
    body = {"name": "Kim", "plan": "pay-as-you-go", "grant": "5"}
    first = office.send("POST", "/v1/customers", body, headers={"idempotency-key": "k"})
    assert "idempotent-replayed" not in first.headers
    # Spelled otherwise, and the same all the same.
    spelled = b'{"grant": "5",   "plan":"pay-as-you-go","name":"\\u004bim"}'
    again = office.send("POST", "/v1/customers", spelled, headers={"idempotency-key": "k"})
    assert again.headers["idempotent-replayed"] == "true"
    assert (first.json["api_key"] is not None, again.json["api_key"]) == (True, None)
    assert {**again.json, "api_key": 0} == {**first.json, "api_key": 0}
    for other in (body | {"grant": "6"}, body | {"name": "Lee"}, {"name": "Kim", "plan": "pay-as-you-go"}):
        refused = office.send("POST", "/v1/customers", other, headers={"idempotency-key": "k"})
        assert (refused.status, refused.error["code"]) == (422, "idempotency_key_conflict")
        assert refused.error["param"] == "Idempotency-Key"
    elsewhere = office.send("POST", f"/v1/customers/{first.json['id']}/suspend", {}, None, {"idempotency-key": "k"})
    assert elsewhere.status == 422
    assert len(office.get("/v1/customers")["data"]) == 1
    theirs = office.send("POST", "/v1/customers", body, office.keys["finance"], {"idempotency-key": "k"})
    assert theirs.json["id"] != first.json["id"], "another operator's key is another"


def test_the_same_request_many_times_at_once_has_its_effect_once(office: Office) -> None:
    body = {"name": "Kim", "plan": "pay-as-you-go", "grant": "5"}

    def send(_n: int) -> Any:
        return office.send("POST", "/v1/customers", body, headers={"idempotency-key": "k"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(16)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len([answer for answer in answers if answer.json["api_key"]]) == 1
    assert len(office.get("/v1/customers")["data"]) == 1


def test_what_changes_money_needs_an_idempotency_key(office: Office) -> None:
    body = {"name": "Kim", "plan": "pay-as-you-go"}
    for headers in ({}, {"idempotency-key": ""}, {"idempotency-key": "  "}):
        refused = office.send("POST", "/v1/customers", body, headers=headers)
        assert (refused.status, refused.error["code"]) == (400, "idempotency_key_needed")
    for key in ("k" * 256, "a\tb"):
        refused = office.send("POST", "/v1/customers", body, headers={"idempotency-key": key})
        assert (refused.status, refused.error["code"]) == (400, "bad_idempotency_key")
    assert office.get("/v1/customers")["data"] == []
    longest = office.send("POST", "/v1/customers", body, headers={"idempotency-key": "k" * 255})
    assert longest.status == 200


def test_the_record_says_who_and_holds_no_secret(office: Office) -> None:
    made = office.post("/v1/customers", {"name": "Kim", "plan": "pay-as-you-go"}, "k", office.keys["finance"])
    issued = office.post(f"/v1/customers/{made['id']}/keys")
    answer = office.send("GET", "/v1/audit")
    newest, before = answer.json["data"][:2]
    assert (newest["action"], newest["actor_name"], newest["actor_role"]) == ("key.issue", "the owner", "owner")
    assert (before["action"], before["actor_name"], before["idempotency_key"]) == ("customer.open", "the finance", "k")
    for secret in (made["api_key"], issued["api_key"], *office.keys.values()):
        assert secret.encode() not in answer.body
        assert secret[11:40].encode() not in answer.body
    mine = office.get(f"/v1/audit?actor={before['actor']}&since=1d")["data"]
    assert [change["id"] for change in mine] == [before["id"]]
    assert office.get("/v1/audit?since=2026-11-25")["data"] == []


@pytest.mark.parametrize("key_kind", ["customer", "operator"])
def test_a_key_is_shown_once(office: Office, key_kind: str) -> None:
    id = office.customer()["id"]
    path, body = (f"/v1/customers/{id}/keys", {}) if key_kind == "customer" else ("/v1/operators", {"role": "owner"})
    first, again = (office.post(path, body, "once") for _ in range(2))
    assert first["api_key"]
    assert again == first | {"api_key": None}


def test_the_last_owner_stays(office: Office) -> None:
    (owner,) = [key for key in office.get("/v1/operators")["data"] if key["role"] == "owner"]
    refused = office.send("POST", f"/v1/operators/{owner['id']}/revoke")
    assert (refused.status, refused.error["code"]) == (409, "last_owner")
    assert office.get("/v1/operators")


def test_who_calls_is_told_by_the_books_alone(office: Office, place: Place) -> None:
    office.customer()

    async def read() -> int:
        async with place.opened() as database:
            return len(await database.read(identity_store.callers))

    assert asyncio.run(read()) == len(office.callers) == 5
