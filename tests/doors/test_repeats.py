"""A question asked again under its Idempotency-Key: one answer, one charge, the same bytes; on the real server."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from openai import OpenAI
from tests.doors.books import read_books
from tests.doors.server import Solvent, eventually, question
from tests.doors.upstream import Upstream

pytestmark = pytest.mark.xdist_group("repeats")


class Heard:
    """One response: status, headers in lower case, body."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    @property
    def code(self) -> str:
        found: str = json.loads(self.body)["error"]["code"]
        return found


def ask(
    solvent: Solvent, key: str, body: object, path: str = "/v1/chat/completions", bearer: str = "", read: int = -1
) -> Heard:
    """Ask with a key. read: how many bytes to wait for before hanging up; all by itself."""
    where = urlsplit(solvent.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    headers = {"authorization": f"Bearer {bearer or solvent.key}", "idempotency-key": key}
    try:
        connection.request("POST", path, json.dumps(body).encode(), headers)
        response = connection.getresponse()
        told = response.read() if read < 0 else response.read1(read)
        return Heard(response.status, dict(response.getheaders()), told)
    finally:
        connection.close()


def answers(solvent: Solvent) -> int:
    return len(read_books(solvent.data).receipts)


def tagged(upstream: Upstream, tag: str) -> int:
    return len(upstream.of(tag))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages"])
def test_what_was_answered_is_told_again_and_charged_once(
    solvent: Solvent, upstream: Upstream, path: str, stream: bool
) -> None:
    key, user = uuid.uuid4().hex, json.dumps({"tag": uuid.uuid4().hex, "words": 4})
    bodies: dict[str, dict[str, Any]] = {
        "/v1/chat/completions": question(user=user, stream=stream),
        "/v1/responses": {"model": "scripted", "input": "hello", "user": user, "stream": stream},
        "/v1/messages": {
            "model": "scripted", "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}],
            "metadata": {"user_id": user}, "stream": stream,
        },
    }  # fmt: skip
    first = ask(solvent, key, bodies[path], path)
    assert first.status == 200, first.body
    before, balance = answers(solvent), solvent.wallet()["balance"]
    again = ask(solvent, key, bodies[path], path)
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["x-request-id"] == first.headers["x-request-id"]
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert (answers(solvent), solvent.wallet()["balance"]) == (before, balance)
    assert len(upstream.of(json.loads(user)["tag"])) == 1


def test_whoever_asks_while_it_is_answered_hears_it_too(solvent: Solvent, upstream: Upstream) -> None:
    key, tag = uuid.uuid4().hex, uuid.uuid4().hex
    body = question({"tag": tag, "words": 6, "pause_s": 0.05}, stream=True)
    with ThreadPoolExecutor(5) as crowd:
        told = list(crowd.map(lambda _: ask(solvent, key, body), range(5)))
    assert len({one.body for one in told}) == 1
    assert told[0].body.endswith(b"data: [DONE]\n\n")
    assert tagged(upstream, tag) == 1


def test_whoever_lost_the_connection_comes_back_for_the_rest(solvent: Solvent, upstream: Upstream) -> None:
    key, tag = uuid.uuid4().hex, uuid.uuid4().hex
    body = question({"tag": tag, "words": 8, "pause_s": 0.1}, stream=True)
    cut = ask(solvent, key, body, read=64)
    whole = ask(solvent, key, body)
    assert whole.body.startswith(cut.body)
    assert whole.body.endswith(b"data: [DONE]\n\n")
    assert tagged(upstream, tag) == 1
    receipt = solvent.receipt(whole.headers["x-request-id"])
    assert (receipt["outcome"], receipt["usage"]["output_tokens"]) == ("answered", 8)


def test_a_key_is_for_one_request_of_one_customers_key(solvent: Solvent) -> None:
    key = uuid.uuid4().hex
    assert ask(solvent, key, question({"words": 1})).status == 200
    other = ask(solvent, key, question({"words": 2}))
    assert (other.status, other.code) == (422, "idempotency_key_conflict")
    elsewhere = ask(solvent, key, question({"words": 1}), "/v1/messages")
    assert elsewhere.status == 422
    _, theirs = solvent.customer("1")
    mine = ask(solvent, key, question({"words": 2}), bearer=theirs)
    assert (mine.status, "idempotent-replayed" in mine.headers) == (200, False), "another customer hears nothing of it"


def test_what_failed_and_cost_nothing_is_asked_again(solvent: Solvent, upstream: Upstream) -> None:
    key, tag = uuid.uuid4().hex, uuid.uuid4().hex
    body = question({"tag": tag, "status": 400, "body": "{}"})
    assert [ask(solvent, key, body).status for _ in range(2)] == [400, 400]
    assert tagged(upstream, tag) == 2
    assert ask(solvent, uuid.uuid4().hex, question(), bearer="sk-nobody").status == 401


@pytest.mark.parametrize("key", ["x" * 256, "\x80\xff"])
def test_a_key_that_is_none_is_refused(solvent: Solvent, key: str) -> None:
    told = ask(solvent, key, question())
    assert (told.status, told.code) == (400, "bad_idempotency_key")


def test_the_official_package_may_send_one(solvent: Solvent) -> None:
    client: OpenAI = solvent.client()
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    ids = {
        client.chat.completions.create(
            model="scripted", messages=[{"role": "user", "content": "hi"}], extra_headers=headers
        ).id
        for _ in range(3)
    }
    assert len(ids) == 1


def test_many_ask_at_once_under_few_keys(solvent: Solvent, upstream: Upstream) -> None:
    """However they come together, each key has one answer."""
    tag, keys = uuid.uuid4().hex, [uuid.uuid4().hex for _ in range(6)]
    gate = threading.Barrier(12)

    def one(n: int) -> tuple[str, bytes]:
        gate.wait()
        time.sleep(n % 3 * 0.01)
        key = keys[n % len(keys)]
        return key, ask(solvent, key, question({"tag": tag, "words": 3, "pause_s": 0.01, "n": n % len(keys)})).body

    with ThreadPoolExecutor(12) as crowd:
        told = set(crowd.map(one, range(12)))
    assert len(told) == len(keys)
    eventually(lambda: tagged(upstream, tag) == len(keys), "some key was asked twice")
