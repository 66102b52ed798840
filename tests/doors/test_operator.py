"""The operator API on a whole service: what it changes is true for answers at once."""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam
from sqlalchemy import func, select
from tests.doors.server import Solvent, eventually, question

from solvent.db.engine import open_engine
from solvent.identity.store import customers

pytestmark = pytest.mark.xdist_group("operator")

ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello?"}]


def script(**members: Any) -> dict[str, Any]:
    """What goes beside the question, for the upstream."""
    return {"script": members}


def count_customers(solvent: Solvent) -> int:
    engine = open_engine(solvent.data)
    try:
        with engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(customers)).scalar_one()
    finally:
        engine.dispose()


def test_the_key_endpoint_tells_the_balance(solvent: Solvent) -> None:
    id, key = solvent.customer(grant="2.5")
    wallet = solvent.wallet(key)
    assert (wallet["customer"], wallet["balance"], wallet["held"], wallet["available"]) == (id, "2.5", "0", "2.5")
    assert (wallet["currency"], wallet["plan"]) == ("USD", "pay-as-you-go")
    answer = solvent.client(key).chat.completions.create(model="scripted", messages=ASK, extra_body=script(words=5))
    charge = solvent.receipt(answer.id)["charge"]
    assert charge == "0.0000093"
    assert solvent.wallet(key)["balance"] == "2.4999907"
    refused = solvent.send("GET", "/v1/key", key=solvent.operator_key)
    assert (refused.status, refused.error["code"]) == (403, "customer_key_needed")


def test_the_margin_needs_the_operator_key(solvent: Solvent) -> None:
    solvent.client().chat.completions.create(model="scripted", messages=ASK)
    refused = solvent.send("GET", "/v1/margin")
    assert (refused.status, refused.error["code"]) == (403, "operator_key_needed")
    for group_by in ("customer", "plan", "model", "day"):
        margin = solvent.operate("GET", f"/v1/margin?group_by={group_by}&since=7d")
        assert margin["group_by"] == group_by
        assert margin["rows"]
        assert margin["total"]["answers"] == sum(row["answers"] for row in margin["rows"])


def test_an_operator_key_does_not_answer_questions(solvent: Solvent) -> None:
    with pytest.raises(openai.PermissionDeniedError):
        solvent.client(solvent.operator_key).chat.completions.create(model="scripted", messages=ASK)


def test_a_new_customer_can_ask_at_once(solvent: Solvent) -> None:
    made = solvent.operate("POST", "/v1/customers", {"name": "김고객", "plan": "pay-as-you-go", "grant": "1"})
    assert made["object"] == "customer"
    assert made["api_key"].startswith("sk-solvent-")
    assert solvent.client(made["api_key"]).chat.completions.create(model="scripted", messages=ASK).choices


def test_only_the_operator_makes_customers_and_grants(solvent: Solvent) -> None:
    for path in ("/v1/customers", "/v1/grants"):
        assert solvent.send("POST", path, {}).status == 403


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"plan": "pay-as-you-go"}, "name"),
        ({"name": "", "plan": "pay-as-you-go"}, "name"),
        ({"name": "A" * 200, "plan": "pay-as-you-go"}, "name"),
        ({"name": "A", "plan": "nobody's"}, "plan"),
        ({"name": "A", "plan": "pay-as-you-go", "grant": "1e3"}, "grant"),
        ({"name": "A", "plan": "pay-as-you-go", "grant": 5}, "grant"),
        ({"name": "A", "plan": "pay-as-you-go", "grant": "-1"}, "grant"),
        ({"name": "A", "plan": "pay-as-you-go", "grant": "0.0000000001"}, "grant"),
        ({"name": "A", "plan": "pay-as-you-go", "grant": "99999999999999"}, "grant"),
        ({"name": "A", "plan": "pay-as-you-go", "grant": "100000001"}, "grant"),
        ({"name": "A", "plan": "pay-as-you-go", "role": "operator"}, "role"),
    ],
)
def test_a_customer_that_cannot_be_is_not_made(solvent: Solvent, body: dict[str, Any], param: str) -> None:
    before = count_customers(solvent)
    refused = solvent.send("POST", "/v1/customers", body, solvent.operator_key, {"idempotency-key": "k"})
    assert refused.status == 400, refused.body
    assert param in (refused.error["param"] or refused.error["message"])
    assert count_customers(solvent) == before


def test_a_grant_credits_once_for_each_key(solvent: Solvent) -> None:
    id, key = solvent.customer()
    body = {"customer": id, "amount": "3"}
    first = solvent.operate("POST", "/v1/grants", body, Idempotency_Key="top-up-1")
    again = solvent.operate("POST", "/v1/grants", body, Idempotency_Key="top-up-1")
    assert again == first
    assert solvent.wallet(key)["balance"] == "3"
    other = solvent.send(
        "POST", "/v1/grants", body | {"amount": "4"}, solvent.operator_key, {"Idempotency-Key": "top-up-1"}
    )
    assert (other.status, other.error["code"]) == (422, "idempotency_key_conflict")
    missing = solvent.send("POST", "/v1/grants", body, solvent.operator_key)
    assert (missing.status, missing.error["code"]) == (400, "idempotency_key_needed")
    new = solvent.operate("POST", "/v1/grants", body, Idempotency_Key="top-up-2")
    assert (new["amount"], solvent.wallet(key)["balance"]) == ("3", "6")


@pytest.mark.parametrize("amount", ["0", "-5", "1e5", "", "NaN", "0.00000000001", "100000001", "9" * 30])
def test_a_grant_of_a_senseless_amount_is_refused(solvent: Solvent, amount: str) -> None:
    id, key = solvent.customer()
    body = {"customer": id, "amount": amount}
    refused = solvent.send("POST", "/v1/grants", body, solvent.operator_key, {"Idempotency-Key": "k"})
    assert (refused.status, refused.error["param"]) == (400, "amount")
    assert solvent.wallet(key)["balance"] == "0"


def test_a_grant_to_nobody_is_not_found(solvent: Solvent) -> None:
    body = {"customer": "cus_nobody", "amount": "1"}
    refused = solvent.send("POST", "/v1/grants", body, solvent.operator_key, {"Idempotency-Key": "k"})
    assert (refused.status, refused.error["code"]) == (404, "no_such_customer")


def ask(solvent: Solvent, key: str) -> tuple[int, str]:
    """Status and error code of a question."""
    answer = solvent.send("POST", "/v1/chat/completions", question(), key)
    return answer.status, "" if answer.status == 200 else answer.error["code"]


def test_a_revoked_key_and_a_suspended_customer_get_no_answer_from_then_on(solvent: Solvent) -> None:
    made = solvent.operate("POST", "/v1/customers", {"name": "Kim", "plan": "pay-as-you-go", "grant": "1"})
    other = solvent.operate("POST", f"/v1/customers/{made['id']}/keys")["api_key"]
    assert ask(solvent, made["api_key"]) == ask(solvent, other) == (200, "")
    solvent.operate("POST", f"/v1/keys/{made['key']['id']}/revoke")
    assert ask(solvent, made["api_key"]) == (401, "invalid_api_key")
    solvent.operate("POST", f"/v1/customers/{made['id']}/suspend")
    assert ask(solvent, other) == (403, "customer_suspended")
    assert solvent.wallet(other)["customer"] == made["id"], "what is in the wallet they may still see"
    solvent.operate("POST", f"/v1/customers/{made['id']}/resume")
    assert ask(solvent, other) == (200, "")
    solvent.operate("POST", f"/v1/customers/{made['id']}/close")
    assert ask(solvent, other) == (401, "invalid_api_key")


def test_what_a_command_changes_is_true_for_the_running_service(solvent: Solvent) -> None:
    """Another process writes the books; the service takes it in within a moment, and keeps them right."""
    run = solvent.run("customers", "open", "Lee", "--plan", "pay-as-you-go", "--json")
    assert run.returncode == 0, run.stderr
    made = json.loads(run.stdout)
    eventually(lambda: ask(solvent, made["api_key"])[1] != "invalid_api_key", "the new key is not known")
    assert ask(solvent, made["api_key"]) == (402, "wallet_empty")
    assert solvent.run("wallet", "grant", made["id"], "2").returncode == 0
    eventually(lambda: ask(solvent, made["api_key"])[0] == 200, "the gift is not known")
    assert solvent.run("customers", "revoke-key", made["key"]["id"]).returncode == 0
    eventually(lambda: ask(solvent, made["api_key"])[1] == "invalid_api_key", "the key still opens something")
    assert solvent.run("ledger", "verify").returncode == 0


def test_a_role_sees_no_more_than_it_may_of_an_answer(solvent: Solvent) -> None:
    _, key = solvent.customer(grant="1")
    answer = solvent.send("POST", "/v1/chat/completions", question(), key)
    id = answer.headers["x-request-id"]
    keys = {
        role: solvent.operate("POST", "/v1/operators", {"role": role})["api_key"] for role in ("support", "read_only")
    }
    seen = {role: solvent.send("GET", f"/v1/answers/{id}", key=keys[role]).json for role in keys}
    assert ("margin" in seen["read_only"], "margin" in seen["support"]) == (True, False)
    assert seen["support"]["charge"] == seen["read_only"]["charge"]
    for path in ("/v1/live", "/v1/margin"):
        assert solvent.send("GET", path, key=keys["support"]).error["code"] == "role_not_allowed"
    stranger = solvent.send("GET", f"/v1/answers/{id}", key=solvent.key)
    assert (stranger.status, stranger.error["code"]) == (404, "no_such_answer")


def test_who_comes_to_the_live_view_while_answers_end_sees_each_once(solvent: Solvent) -> None:
    """What is known at first, and each receipt after it: none twice, whenever the watcher comes."""
    _, key = solvent.customer(grant="10")
    with ThreadPoolExecutor(9) as crowd:
        asking = [crowd.submit(_ask_often, solvent, key) for _ in range(4)]
        seen = list(crowd.map(_watch, [solvent] * 16))
        answered = {id for asked in asking for id in asked.result()}
    assert all(len(set(ids)) == len(ids) for ids in seen)
    assert any(set(ids) & answered for ids in seen), "nobody saw anything"


def _ask_often(solvent: Solvent, key: str) -> list[str]:
    return [solvent.send("POST", "/v1/chat/completions", question(), key).headers["x-request-id"] for _ in range(40)]


def _watch(solvent: Solvent) -> list[str]:
    """The receipts told of from the beginning on, up to a few."""
    where = urlsplit(solvent.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=5)
    connection.request("GET", "/v1/live", headers={"authorization": f"Bearer {solvent.operator_key}"})
    response, ids = connection.getresponse(), list[str]()
    try:
        for events in range(24):
            lines = iter(response.readline, b"\n")
            event = json.loads(next(line for line in lines if line.startswith(b"data: ")).removeprefix(b"data: "))
            list(lines)
            ids += [receipt["id"] for receipt in (event["receipts"] if events == 0 else [event["receipt"]])]
    except TimeoutError:
        pass  # nobody asks any more
    finally:
        connection.close()
    return ids


def test_no_secret_is_in_the_log(solvent: Solvent) -> None:
    made = solvent.operate("POST", "/v1/operators", {"role": "owner"})
    solvent.send("GET", f"/v1/nothing?api_key={made['api_key']}", key=made["api_key"])
    after_welcome = solvent.output.partition("\nready ")[2]
    for secret in (made["api_key"], solvent.key, solvent.operator_key):
        assert secret not in after_welcome
        assert secret[12:40] not in after_welcome
