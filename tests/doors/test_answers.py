"""GET /v1/answers: whoever pays finds their receipts again, a page at a time, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from tests.doors.server import Solvent, question

pytestmark = pytest.mark.xdist_group("limited_keys")


def listed(solvent: Solvent, key: str, query: str = "") -> dict[str, Any]:
    answer = solvent.send("GET", f"/v1/answers{query}", key=key)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def test_receipts_are_listed_newest_first_by_user_and_by_key(solvent: Solvent) -> None:
    customer, key = solvent.customer(grant="1")
    other = solvent.operate("POST", f"/v1/customers/{customer}/keys", {})
    asked = [(user, secret) for user in ("kim", "lee", "kim") for secret in (key, other["api_key"])]
    answers = [solvent.send("POST", "/v1/chat/completions", question(user=user), secret) for user, secret in asked]
    ids = [answer.headers["x-request-id"] for answer in answers]
    receipts = [solvent.receipt(id) for id in ids]
    assert all(receipts)
    page = listed(solvent, key)
    assert [one["id"] for one in page["data"]] == ids[::-1]
    assert page["data"][0] == solvent.send("GET", f"/v1/answers/{ids[-1]}", key=key).json
    assert (page["object"], page["next_before"]) == ("list", None)
    assert [one["user"] for one in listed(solvent, key, "?user=lee")["data"]] == ["lee"] * 2
    of_one_key = listed(solvent, key, f"?user=kim&model=scripted&key={other['id']}")["data"]
    assert [one["id"] for one in of_one_key] == [ids[5], ids[1]]
    assert listed(solvent, key, "?model=renamed")["data"] == []
    assert listed(solvent, solvent.customer()[1], "?user=kim")["data"] == []
    found, before = [], ""
    while before is not None:
        page = listed(solvent, key, f"?limit=4&before={before}")
        found += [one["id"] for one in page["data"]]
        before = page["next_before"]
    assert found == ids[::-1]


@pytest.mark.parametrize(
    ("query", "param"),
    [("limit=0", "limit"), ("limit=201", "limit"), ("users=kim", None), ("user=" + "a" * 121, "user"),
     ("user=%00", "user"), ("before=%0a", "before")],
)  # fmt: skip
def test_a_senseless_query_is_refused_by_name(solvent: Solvent, query: str, param: str | None) -> None:
    answer = solvent.send("GET", f"/v1/answers?{query}")
    assert (answer.status, answer.error["code"], answer.error["param"]) == (400, "bad_request", param)


def test_an_operators_key_has_no_answers_of_its_own(solvent: Solvent) -> None:
    answer = solvent.send("GET", "/v1/answers", key=solvent.operator_key)
    assert (answer.status, answer.error["code"]) == (403, "customer_key_needed")


def test_the_first_answer_after_a_change_of_plan_is_paid_by_the_new_plan(solvent: Solvent) -> None:
    id, key = solvent.customer(plan="free")

    def left() -> float:
        pots = solvent.operate("GET", f"/v1/customers/{id}/wallet")["pots"]
        (pot,) = (pot for pot in pots if pot["kind"] == "allowance")
        return float(pot["left"])

    assert solvent.send("POST", "/v1/chat/completions", question(), key).status == 200
    solvent.operate("POST", f"/v1/customers/{id}/subscription/change", {"plan": "plus"})
    included = left()
    assert solvent.send("POST", "/v1/chat/completions", question(), key).status == 200
    assert left() < included, "the plan before has paid"
