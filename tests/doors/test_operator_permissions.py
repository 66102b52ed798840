"""Who may do what, tried on every operation there is, with every kind of key there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.db.opened import Place
from tests.doors.office import Office, running_office

from solvent.console.operation import AnyOperation
from solvent.console.operations import OPERATIONS
from solvent.identity.caller import OPERATOR_ROLES, Role
from solvent.identity.permission import ALLOWED

pytestmark = pytest.mark.xdist_group("operator_permissions")


def name(operation: AnyOperation) -> str:
    return f"{operation.method} {operation.path}"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with running_office(Place(tmp_path_factory.mktemp("office"))) as office:
        yield office


@pytest.fixture(scope="module")
def keys(office: Office) -> dict[str, str]:
    """Keys that must open nothing here, whatever they ask."""
    kim, suspended, closed = (office.customer(name) for name in ("Kim", "Suspended", "Closed"))
    office.post(f"/v1/customers/{suspended['id']}/suspend")
    office.post(f"/v1/customers/{closed['id']}/close")
    revoked = office.post("/v1/operators", {"role": "owner", "name": "gone"})
    office.post(f"/v1/operators/{revoked['id']}/revoke")
    return {
        "none": "",
        "a customer's": kim["api_key"],
        "a suspended customer's": suspended["api_key"],
        "a closed customer's": closed["api_key"],
        "a revoked owner's": revoked["api_key"],
        "an unknown": "op-solvent-" + "0" * 48,
        "half an owner's": office.keys["owner"][:-1],
        "an owner's in capitals": office.keys["owner"].upper(),
        "a key's id": office.get("/v1/operators")["data"][0]["id"],
    }


def ask(office: Office, operation: AnyOperation, key: str) -> Any:
    """The operation with names that fit nothing and no body: far enough to see whether it is allowed."""
    path = operation.path.format_map(dict.fromkeys(operation.names, "nobody"))
    body: dict[str, object] | None = {} if operation.method == "POST" else None
    return office.send(operation.method, path, body, key, {"idempotency-key": "matrix"})


REFUSALS = {"operator_key_needed", "role_not_allowed", "no_api_key", "invalid_api_key", "key_expired"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_each_role_may_do_what_the_table_says_and_nothing_else(office: Office, operation: AnyOperation) -> None:
    for role in OPERATOR_ROLES:
        answer = ask(office, operation, office.keys[role])
        if role in ALLOWED[operation.action]:
            assert answer.status < 500, answer.body
            assert answer.status == 200 or answer.error["code"] not in REFUSALS, (role, answer.body)
        else:
            assert (answer.status, answer.error["code"]) == (403, "role_not_allowed"), (role, answer.body)


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_no_other_key_does_anything_here(office: Office, keys: dict[str, str], operation: AnyOperation) -> None:
    for what, key in keys.items():
        answer = ask(office, operation, key)
        customer = what in ("a customer's", "a suspended customer's")
        assert answer.status == (403 if customer else 401), (what, answer.body)
        code = "operator_key_needed" if customer else "no_api_key" if what == "none" else "invalid_api_key"
        assert answer.error["code"] == code, what
        assert not key or key not in answer.body.decode()


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
def test_a_key_is_taken_from_headers_only(office: Office, operation: AnyOperation) -> None:
    key = office.keys["owner"]
    path = operation.path.format_map(dict.fromkeys(operation.names, "nobody"))
    for headers, query in (({}, f"?api_key={key}&key={key}"), ({"cookie": f"key={key}"}, ""), ({"x-key": key}, "")):
        answer = office.send(operation.method, path + query, None, "", headers)
        assert (answer.status, answer.error["code"]) == (401, "no_api_key")


def test_an_operators_key_that_expired_opens_nothing(office: Office) -> None:
    made = office.post("/v1/operators", {"role": "read_only", "expires": "2026-11-25"})
    assert office.get("/v1/customers", made["api_key"])["object"] == "list"
    before = office.now_us
    try:
        office.now_us = 1_800_000_000_000_000  # 2027
        refused = office.send("GET", "/v1/customers", None, made["api_key"])
        assert (refused.status, refused.error["code"]) == (401, "key_expired")
        assert "2026-11-25" in refused.error["message"]
    finally:
        office.now_us = before


def test_who_may_open_customers_may_not_give_money_with_it(office: Office) -> None:
    body = {"name": "Kim", "plan": "pay-as-you-go", "grant": "1"}
    refused = office.send("POST", "/v1/customers", body, office.keys["support"], {"idempotency-key": "gift"})
    assert (refused.status, refused.error["code"]) == (403, "role_not_allowed")
    opened = office.post("/v1/customers", {"name": "Lee", "plan": "pay-as-you-go"}, key=office.keys["support"])
    assert opened["api_key"]


def test_a_revoked_operator_is_out_at_the_next_call(office: Office) -> None:
    made = office.post("/v1/operators", {"role": "finance"})
    assert office.get("/v1/customers", made["api_key"])
    office.post(f"/v1/operators/{made['id']}/revoke")
    refused = office.send("GET", "/v1/customers", None, made["api_key"])
    assert (refused.status, refused.error["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize("role", ["finance", "support", "read_only"])
def test_nobody_but_an_owner_makes_or_revokes_operators(office: Office, role: Role) -> None:
    (owner,) = [key for key in office.get("/v1/operators")["data"] if key["name"] == "the owner"]
    for path, body in (("/v1/operators", {"role": "owner"}), (f"/v1/operators/{owner['id']}/revoke", {})):
        refused = office.send("POST", path, body, office.keys[role])
        assert (refused.status, refused.error["code"]) == (403, "role_not_allowed")
    # Nor by the way that is for customers' keys.
    sneaky = office.send("POST", f"/v1/keys/{owner['id']}/revoke", {}, office.keys["support"])
    assert (sneaky.status, sneaky.error["code"]) == (404, "no_such_key")
    assert office.get("/v1/operators")


def test_the_matrix_knows_every_permission() -> None:
    """A permission that no operation asks for is either dead, or asked somewhere else than here."""
    asked = {operation.action for operation in OPERATIONS} | {
        action for operation in OPERATIONS for action in operation.also.values()
    }
    assert asked <= set(ALLOWED)
    assert set(ALLOWED) - asked <= {"answers.read"}  # asked by GET /v1/answers/{id}
