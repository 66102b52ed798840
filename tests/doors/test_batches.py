"""Batches over the official package: every line answered or told exactly once, charged as any answer is."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai import OpenAI
from tests.doors.server import INPUT_GRAINS, OUTPUT_GRAINS, Solvent, eventually, question
from tests.doors.upstream import PROMPT_TOKENS, Upstream

from solvent.values.money import Money, plain

pytestmark = pytest.mark.xdist_group("batches")

CHAT = "/v1/chat/completions"
Results = dict[str, dict[str, Any]]


def line(custom_id: str, body: Any, url: str = CHAT) -> dict[str, Any]:
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": body}


def written(*lines: Any) -> bytes:
    return b"".join(each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n" for each in lines)


def begin(client: OpenAI, *lines: Any, endpoint: Any = CHAT, **asked: Any) -> Any:
    file = client.files.create(file=("questions.jsonl", written(*lines)), purpose="batch")
    return client.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h", **asked)


def ended(client: OpenAI, batch: Any, seconds: float = 30.0) -> Any:
    def look() -> Any:
        found = client.batches.retrieve(batch.id)
        return found if found.status in ("completed", "failed", "expired", "cancelled") else None

    return eventually(look, f"{batch.id} does not end: {client.batches.retrieve(batch.id)}", seconds)


def results(client: OpenAI, file_id: str | None) -> Results:
    if file_id is None:
        return {}
    found = [json.loads(text) for text in client.files.content(file_id).text.splitlines()]
    by_id = {each["custom_id"]: each for each in found}
    assert len(by_id) == len(found), "each line is told once"
    return by_id


@pytest.fixture
def customer(solvent: Solvent) -> tuple[OpenAI, str]:
    """A customer with money, and their key."""
    _, key = solvent.customer("10")
    return solvent.client(key), key


def test_a_batch_is_checked_asked_and_told_in_files(
    solvent: Solvent, upstream: Upstream, customer: tuple[OpenAI, str]
) -> None:
    client, key = customer
    lines = [line(f"줄 {n}", question({"tag": "batch", "words": n})) for n in range(1, 6)]
    lines.insert(2, line("wrong", question(max_tokens=0)))
    lines.insert(3, line("unknown", question(model="nobody")))
    made = begin(client, *lines, b"\n", metadata={"job": "night"})
    assert (made.status, made.endpoint, made.metadata) == ("validating", CHAT, {"job": "night"})
    done = ended(client, made)
    assert (done.status, done.errors) == ("completed", None)
    assert (done.request_counts.total, done.request_counts.completed, done.request_counts.failed) == (7, 5, 2)
    output, errors = results(client, done.output_file_id), results(client, done.error_file_id)
    assert list(output) == [f"줄 {n}" for n in range(1, 6)], "in the order of the input"
    total = 0
    for n, told in enumerate(output.values(), start=1):
        response = told["response"]
        assert (response["status_code"], told["error"]) == (200, None)
        assert response["body"]["id"] == response["request_id"]
        assert response["body"]["usage"]["completion_tokens"] == n
        receipt = solvent.receipt(response["request_id"])
        charge = PROMPT_TOKENS * INPUT_GRAINS + n * OUTPUT_GRAINS
        assert receipt["charge"] == plain(Money(charge, "USD"))
        total += charge
    for id, code in (("wrong", "bad_request"), ("unknown", "model_not_found")):
        response = errors.pop(id)["response"]
        assert (response["status_code"], response["body"]["error"]["code"]) == (400, code)
    assert not errors
    assert done.model_extra["solvent"] == {"charge": plain(Money(total, "USD")), "currency": "USD"}
    assert solvent.wallet(key)["balance"] == plain(Money(10 * 10**9 - total, "USD"))
    assert len(upstream.of("batch")) == 5
    file = client.files.retrieve(done.output_file_id)
    assert (file.purpose, file.filename) == ("batch_output", f"{done.id}_output.jsonl")
    assert client.files.delete(done.input_file_id).deleted, "it is not in use any more"


def test_every_endpoint_of_a_batch_answers_as_itself(customer: tuple[OpenAI, str]) -> None:
    client, _ = customer
    kinds: list[tuple[str, dict[str, Any], str]] = [
        ("/v1/responses", {"model": "scripted", "input": "Hello?"}, "response"),
        ("/v1/completions", {"model": "scripted", "prompt": "Once", "max_tokens": 9}, "text_completion"),
        ("/v1/embeddings", {"model": "meaning", "input": "Hello?"}, "list"),
    ]
    for endpoint, body, kind in kinds:
        done = ended(client, begin(client, line("1", body, endpoint), endpoint=endpoint))
        told = results(client, done.output_file_id)["1"]
        assert told["response"]["body"]["object"] == kind
        assert done.model_extra["solvent"]["charge"] != "0"


def test_what_is_wrong_with_a_file_is_named_and_nothing_is_charged(
    solvent: Solvent, upstream: Upstream, customer: tuple[OpenAI, str]
) -> None:
    client, key = customer
    good = question({"tag": "never"})
    lines: list[Any] = [
        line("1", good), b"{\n", line("1", good), line("2", good) | {"method": "GET"},
        line("3", good, "/v1/embeddings"), line("", good), {"method": "POST", "url": CHAT, "body": good},
        line("4", "text"), line("5", {"messages": []}), line("6", good | {"stream": True}),
        line("7", good) | {"custom_id": 7}, b"\xff\n", b"[]\n",
    ]  # fmt: skip
    done = ended(client, begin(client, *lines))
    assert (done.status, done.output_file_id, done.error_file_id) == ("failed", None, None)
    assert [(fault.line, fault.code, fault.param) for fault in done.errors.data] == [
        (2, "not_json", None), (3, "bad_request", "custom_id"), (4, "bad_request", "method"), (5, "bad_request", "url"),
        (6, "bad_request", "custom_id"), (7, "bad_request", "custom_id"), (8, "bad_request", "body"),
        (9, "bad_request", "body.model"), (10, "bad_request", "body.stream"), (11, "bad_request", "custom_id"),
        (12, "not_utf8", None), (13, "bad_request", None),
    ]  # fmt: skip
    empty = ended(client, begin(client, b"\n \n"))
    assert (empty.status, empty.errors.data[0].line) == ("failed", None)
    assert solvent.wallet(key)["balance"] == "10"
    assert not upstream.of("never")


def test_a_batch_that_is_cancelled_tells_what_was_done_and_what_was_not(
    upstream: Upstream, customer: tuple[OpenAI, str]
) -> None:
    client, _ = customer
    lines = [line(str(n), question({"tag": "cancelled", "head_s": 0.3})) for n in range(40)]
    made = begin(client, *lines)
    eventually(lambda: upstream.of("cancelled"), "nothing is asked")
    assert client.batches.cancel(made.id).status in ("cancelling", "cancelled")
    done = ended(client, made)
    assert done.status == "cancelled"
    output, errors = results(client, done.output_file_id), results(client, done.error_file_id)
    assert output
    assert output.keys() | errors.keys() == {str(n) for n in range(40)}
    assert not output.keys() & errors.keys()
    assert {told["error"]["code"] for told in errors.values()} == {"batch_cancelled"}
    assert len(upstream.of("cancelled")) == len(output) < 40
    with pytest.raises(openai.ConflictError):
        client.batches.cancel(ended(client, begin(client, b"{")).id)


def test_a_key_for_batches_asks_in_them_what_it_is_for_and_nothing_else(solvent: Solvent, upstream: Upstream) -> None:
    id, _ = solvent.customer("1")
    made = solvent.operate("POST", f"/v1/customers/{id}/keys", {"uses": ["files", "batches", "embeddings"]})
    client, heard = solvent.client(made["api_key"]), len(upstream.heard)
    with pytest.raises(openai.PermissionDeniedError) as caught:
        begin(client, line("a", question()))
    assert caught.value.code == "use_not_allowed"
    assert len(upstream.heard) == heard
    asked = line("a", {"model": "meaning", "input": "Hello?"}, "/v1/embeddings")
    batch = ended(client, begin(client, asked, endpoint="/v1/embeddings"))
    assert (batch.status, batch.request_counts.completed) == ("completed", 1)


def test_an_empty_wallet_ends_a_batch(solvent: Solvent, upstream: Upstream) -> None:
    _, key = solvent.customer()
    client = solvent.client(key)
    done = ended(client, begin(client, *(line(str(n), question({"tag": "poor"})) for n in range(30))))
    assert (done.status, done.errors.data[0].code, done.output_file_id) == ("failed", "wallet_empty", None)
    errors = results(client, done.error_file_id)
    assert len(errors) == 30
    asked = [told["response"]["body"]["error"]["code"] for told in errors.values() if told["response"]]
    assert 1 <= len(asked) <= 8
    assert set(asked) == {"wallet_empty"}
    assert {told["error"]["code"] for told in errors.values() if told["error"]} == {"wallet_empty"}
    assert not upstream.of("poor")


def test_nobody_else_sees_a_batch(solvent: Solvent, customer: tuple[OpenAI, str]) -> None:
    client, _ = customer
    mine = ended(client, begin(client, line("1", question())))
    _, other = solvent.customer("1")
    ways = [
        ("GET", f"/v1/batches/{mine.id}", None, "no_such_batch"),
        ("POST", f"/v1/batches/{mine.id}/cancel", None, "no_such_batch"),
        ("GET", f"/v1/files/{mine.output_file_id}/content", None, "no_such_file"),
        ("POST", "/v1/batches", {"input_file_id": mine.input_file_id, "endpoint": CHAT, "completion_window": "24h"},
         "no_such_file"),
    ]  # fmt: skip
    for method, path, body, code in ways:
        answer = solvent.send(method, path, body, other)
        assert (answer.status, answer.error["code"]) == (404, code), path
        assert solvent.send(method, path, body, solvent.operator_key).error["code"] == "customer_key_needed"
        assert solvent.send(method, path, body, "").status == 401
    assert solvent.send("GET", "/v1/batches", key=other).json["data"] == []
    second = begin(client, line("1", question()))
    assert [batch.id for batch in client.batches.list(limit=1)] == [second.id, mine.id]
    assert client.batches.retrieve(mine.id).status == "completed"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"endpoint": "/v1/messages"}, "endpoint"), ({"endpoint": "/v1/files"}, "endpoint"),
    ({"completion_window": "48h"}, "completion_window"), ({"more": 1}, "more"),
    ({"metadata": {"a": "x" * 513}}, "metadata"),
    ({"metadata": {str(n): "" for n in range(17)}}, "metadata"), ({"metadata": {"a": 1}}, "metadata[...]"),
    ({"output_expires_after": {"anchor": "created_at", "seconds": 1}}, "output_expires_after.seconds"),
    ({"input_file_id": None}, "input_file_id"),
]  # fmt: skip


def test_what_is_wrong_with_a_batch_is_named(solvent: Solvent, customer: tuple[OpenAI, str]) -> None:
    client, key = customer
    file = client.files.create(file=("a.jsonl", written(line("1", question()))), purpose="batch")
    for change, param in BAD:
        body = {"input_file_id": file.id, "endpoint": CHAT, "completion_window": "24h"} | change
        answer = solvent.send("POST", "/v1/batches", body, key)
        assert (answer.status, answer.error["param"]) == (400, param), change
    for path in (f"/v1/batches/{file.id}", "/v1/batches/batch_%00", "/v1/batches/x/cancel/more"):
        method = "POST" if "cancel" in path else "GET"
        assert solvent.send(method, path, key=key).error["code"] == "no_such_batch"
    assert solvent.send("GET", "/v1/batches?limit=101", key=key).status == 400
    assert solvent.send("GET", "/v1/batches", key=key).json["data"] == []
    assert client.files.delete(file.id).deleted, "nothing uses it"
