"""What nobody should send to the operator API: a clear refusal that names the member, and nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from tests.db.opened import Place
from tests.doors.office import Office, running_office

from solvent.values.limits import PAGE_ROWS_MAX, REQUEST_BODY_BYTES_MAX

pytestmark = pytest.mark.xdist_group("operator_bad_input")

KIM = {"name": "Kim", "plan": "pay-as-you-go"}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with running_office(Place(tmp_path_factory.mktemp("office"))) as office:
        yield office


def test_a_character_that_no_database_keeps_is_refused_on_each(place: Place) -> None:
    with running_office(place) as office:
        id = office.customer()["id"]
        for path in ("customers/%00", "customers?search=%00", "audit?subject=a%00", f"customers/{id}/keys?cursor=%00"):
            answer = office.send("GET", f"/v1/{path}")
            assert (answer.status, answer.error["code"]) == (400, "bad_request"), path
        for body in ({"customer": id, "amount": "5", "note": "a\x00b"}, {"customer": "\x00", "amount": "5"}):
            assert office.refuse("/v1/grants", body) == (400, "bad_request")
        answer = office.send("POST", f"/v1/customers/{id}/keys", {"name": "a"}, headers={"idempotency-key": "a\x80b"})
        assert answer.error["code"] == "bad_idempotency_key"
        assert office.get(f"/v1/customers/{id}/wallet")["balance"] == "0"


def refuse(office: Office, answer: Any, status: int, code: str, param: str | None = None) -> None:
    assert (answer.status, answer.error["code"]) == (status, code), answer.body
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.headers["cache-control"] == "no-store"
    if param is not None:
        assert answer.error["param"] == param
    assert office.get("/v1/customers")["data"] == []


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"plan": "pay-as-you-go"}, "bad_request", "name"),
        ({"name": "Kim"}, "bad_request", "plan"),
        (KIM | {"name": 5}, "bad_request", "name"),
        (KIM | {"name": None}, "bad_request", "name"),
        (KIM | {"name": ["Kim"]}, "bad_request", "name"),
        (KIM | {"name": ""}, "bad_request", "name"),
        (KIM | {"name": "   "}, "bad_name", "name"),
        (KIM | {"name": "a\u0007b"}, "bad_name", "name"),
        (KIM | {"name": "a\u0000b"}, "bad_request", "name"),
        (KIM | {"a\u0000b": "Kim"}, "bad_request", "a\u0000b"),
        (KIM | {"name": "x" * 121}, "bad_request", "name"),
        (KIM | {"plan": "nobody's"}, "unknown_plan", "plan"),
        (KIM | {"plan": "x" * 500}, "bad_request", "plan"),
        (KIM | {"grant": 5}, "bad_request", "grant"),
        (KIM | {"grant": 5.5}, "bad_request", "grant"),
        (KIM | {"grant": ""}, "not_a_decimal", "grant"),
        (KIM | {"grant": "1e3"}, "not_a_decimal", "grant"),
        (KIM | {"grant": "NaN"}, "not_a_decimal", "grant"),
        (KIM | {"grant": "-1"}, "bad_amount", "grant"),
        (KIM | {"grant": "0.00000001"}, "amount_too_fine", "grant"),
        (KIM | {"grant": "100000001"}, "bad_amount", "grant"),
        (KIM | {"grant": "9" * 40}, "amount_too_large", "grant"),
        (KIM | {"grant": "9" * 41}, "bad_request", "grant"),
        (KIM | {"role": "owner"}, "bad_request", "role"),
        (KIM | {"id": "cus_1"}, "bad_request", "id"),
        (KIM | {"state": "closed"}, "bad_request", "state"),
        ([KIM], "bad_request", None),
        ("Kim", "bad_request", None),
        (None, "bad_request", None),
        (b"", "bad_request", "name"),
        (b"{", "not_json", None),
        (b"{'name': 'Kim'}", "not_json", None),
        (b'{"name": "\xff", "plan": "pay-as-you-go"}', "not_json", None),
        (b'{"name": "\\ud800", "plan": "pay-as-you-go"}', "not_json", None),
        (b'{"name": "Kim", "plan": "pay-as-you-go"} {}', "not_json", None),
        (b"[" * 100_000, "bad_request", None),
        (b'{"name": ' + b"[" * 100_000, "bad_request", "name"),
        (b'{"x": ' + b"[" * 100_000, "bad_request", "x"),
    ],
)
def test_a_body_that_cannot_be_is_refused_by_name(office: Office, body: Any, code: str, param: str | None) -> None:
    sent = b"null" if body is None else body
    answer = office.send("POST", "/v1/customers", sent, headers={"idempotency-key": "k"})
    refuse(office, answer, 400, code, param)


def test_a_body_that_is_too_large_is_told_the_limit(office: Office) -> None:
    body = b" " * (REQUEST_BODY_BYTES_MAX + 1)
    refuse(office, office.send("POST", "/v1/customers", body, headers={"idempotency-key": "k"}), 413, "body_too_large")


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"), ("limit=-1", "limit"), (f"limit={PAGE_ROWS_MAX + 1}", "limit"), ("limit=ten", "limit"),
        ("limit=1.5", "limit"), ("limit=" + "9" * 400, "limit"), ("cursor=" + "x" * 201, "cursor"),
        ("search=" + "x" * 121, "search"), ("search=a%00b", "search"), ("%00=a", "\u0000"),
        ("state=gone", "state"), ("stat=active", "stat"), ("Limit=5", "Limit"),
        ("&".join(f"a{n}=1" for n in range(60)), None),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_is_refused_by_name(office: Office, query: str, param: str | None) -> None:
    refuse(office, office.send("GET", f"/v1/customers?{query}"), 400, "bad_request", param)


@pytest.mark.parametrize("cursor", ["x", "-", "1-", "99999999999999999999-chg_1", "1_2", "\x00", "-5-chg_1", "１-a"])
def test_a_cursor_that_no_list_gave_is_refused_or_harmless(office: Office, cursor: str) -> None:
    answer = office.send("GET", f"/v1/audit?cursor={quote(cursor)}")
    assert answer.status in (200, 400)
    if answer.status == 400:
        assert answer.error["code"] in ("bad_cursor", "bad_request")
        assert answer.error["param"] == "cursor"


@pytest.mark.parametrize("since", ["yesterday", "-7d", "0d", "2026-99-99", "9" * 40])
def test_a_senseless_since_is_refused(office: Office, since: str) -> None:
    for path in ("/v1/audit", "/v1/margin"):
        answer = office.send("GET", f"{path}?since={since}")
        refuse(office, answer, 400, "not_a_date", "since")


@pytest.mark.parametrize("expires", ["soon", "2026-11-24", "0", "", "0001-01-01", "10000-01-01", "2026-13-01"])
def test_a_senseless_expiry_is_refused(office: Office, expires: str) -> None:
    answer = office.send("POST", "/v1/operators", {"role": "owner", "expires": expires})
    assert answer.status == 400
    assert answer.error["param"] == "expires"


@pytest.mark.parametrize("role", ["customer", "operator", "admin", "", None, 5])
def test_a_role_that_is_none_is_refused(office: Office, role: Any) -> None:
    answer = office.send("POST", "/v1/operators", {"role": role})
    refuse(office, answer, 400, "bad_request", "role")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", "/v1/customers", 405, "wrong_method"),
        ("DELETE", "/v1/customers", 405, "wrong_method"),
        ("PATCH", "/v1/customers/cus_1", 405, "wrong_method"),
        ("GET", "/v1/customers/cus_1/suspend", 405, "wrong_method"),
        ("POST", "/v1/audit", 405, "wrong_method"),
        ("POST", "/v1/openapi.json", 404, "no_such_endpoint"),
        ("GET", "/v1/customers/", 404, "no_such_endpoint"),
        ("GET", "/v1/customers//keys", 404, "no_such_endpoint"),
        ("GET", "/v1/nothing", 404, "no_such_endpoint"),
        ("GET", "/v1/", 404, "no_such_endpoint"),
        ("GET", "/v1/customers/nobody", 404, "no_such_customer"),
        ("GET", "/v1/customers/nobody/keys", 404, "no_such_customer"),
        ("GET", "/v1/customers/" + "x" * 5000, 404, "no_such_customer"),
        ("GET", "/v1/customers/%00", 400, "bad_request"),
        ("GET", "/v1/customers/%ff%fe", 404, "no_such_customer"),
        ("GET", "/v1/customers/%ed%a0%80", 404, "no_such_customer"),
        ("GET", "/v1/customers/%27%20OR%201=1--", 404, "no_such_customer"),
        ("POST", "/v1/keys/nobody/revoke", 404, "no_such_key"),
    ],
)
def test_an_unknown_place_method_or_thing_is_named(
    office: Office, method: str, path: str, status: int, code: str
) -> None:
    answer = office.send(method, path, {} if method == "POST" else None)
    refuse(office, answer, status, code)
    if status == 405:
        assert answer.headers["allow"]


def test_head_is_get_without_a_body(office: Office) -> None:
    for path in ("/v1/customers", "/v1/openapi.json"):
        answer = office.send("HEAD", path)
        assert (answer.status, answer.body) == (200, b"")


def test_an_unknown_place_is_not_told_to_strangers(office: Office) -> None:
    for path in ("/v1/nothing", "/v1/customers/nobody", "/v1/audit"):
        assert office.send("GET", path, None, "").status == 401
