"""Bad input of every kind: the right status, OpenAI's error shape, nothing held, nothing charged, no secret told."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.doors.books import read_books
from tests.doors.server import Answer, Solvent, question

from solvent.values.limits import MESSAGES_MAX, OUTPUT_TOKENS_MAX, REQUEST_BODY_BYTES_MAX

pytestmark = pytest.mark.xdist_group("bad_input")

CHAT = "/v1/chat/completions"


def refuse(solvent: Solvent, answer: Answer, status: int, code: str, param: str | None = None) -> None:
    """What every refusal has in common."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    assert answer.error["code"] == code
    if param is not None:
        assert answer.error["param"] == param
    for secret in (solvent.key, solvent.operator_key):
        assert secret.encode() not in answer.body
        assert secret not in str(answer.headers)
    assert solvent.wallet()["held"] == "0"
    assert solvent.wallet()["balance"] == "1000"


NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "words": b"hello",
    "half": b'{"model": "scripted", "messages": [{"role": "us',
    "two": b'{"model": "scripted"}{"model": "scripted"}',
    "nan": b'{"model": "scripted", "messages": [{"role": "user"}], "temperature": NaN}',
    "infinity": b'{"model": "scripted", "messages": [{"role": "user"}], "x": Infinity}',
    "single_quotes": b"{'model': 'scripted'}",
    "trailing_comma": b'{"model": "scripted", "messages": [],}',
    "half_a_surrogate": b'{"model": "scripted", "messages": [{"role": "user", "content": "\\ud800"}]}',
    "control_character": b'{"model": "scripted", "messages": [{"role": "user", "content": "a\x00b"}]}',
    "nested": b'{"model": "scripted", "messages": [], "x": ' + b"[" * 90_000 + b"]" * 90_000 + b"}",
    "nested_unclosed": b"[" * 1_000_000,
    "nested_messages": b'{"model": "scripted", "messages": ' + b'[{"role":"user","content":' * 50_000 + b"1",
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_not_json_is_refused(solvent: Solvent, name: str) -> None:
    answer = solvent.send("POST", CHAT, NOT_JSON[name])
    assert answer.status == 400, answer.body
    assert answer.error["code"] in ("not_json", "bad_request")
    refuse(solvent, answer, 400, answer.error["code"])


@pytest.mark.parametrize("body", [b'{"model": "\xff\xfe"}', b"\xef\xbb\xbf\xff", "{}".encode("utf-16")])
def test_what_is_not_utf8_is_refused(solvent: Solvent, body: bytes) -> None:
    refuse(solvent, solvent.send("POST", CHAT, body), 400, "not_utf8")


MISFITS: dict[str, tuple[Any, str | None]] = {
    "a_list": ([], None),
    "a_text": ("hello", None),
    "null": (None, None),
    "empty": ({}, "model"),
    "no_messages": ({"model": "scripted"}, "messages"),
    "model_is_a_number": (question(model=5), "model"),
    "model_is_null": (question(model=None), "model"),
    "messages_are_a_text": (question(messages="hi"), "messages"),
    "messages_are_none": (question(messages=[]), "messages"),
    "messages_are_too_many": (question(messages=[{"role": "user", "content": "x"}] * (MESSAGES_MAX + 1)), "messages"),
    "a_message_is_a_text": (question(messages=["hi"]), "messages[0]"),
    "a_message_without_a_role": (question(messages=[{"content": "x"}]), "messages[0].role"),
    "content_is_a_number": (question(messages=[{"role": "user", "content": 5}]), "messages[0].content"),
    "a_part_without_a_type": (question(messages=[{"role": "user", "content": [{}]}]), None),
    "stream_is_a_text": (question(stream="yes"), "stream"),
    "stream_options_are_a_text": (question(stream_options="all"), "stream_options"),
    "n_is_nine": (question(n=9), "n"),
    "top_logprobs_are_many": (question(logprobs=True, top_logprobs=21), "top_logprobs"),
    "logprobs_are_a_number": (question(logprobs=5), "logprobs"),
    "n_is_zero": (question(n=0), "n"),
    "temperature_is_high": (question(temperature=2.5), "temperature"),
    "temperature_is_a_text": (question(temperature="hot"), "temperature"),
    "stop_is_a_number": (question(stop=5), "stop"),
    "stop_is_long": (question(stop=["a"] * 5), "stop"),
    "user_is_a_number": (question(user=5), "user"),
    "tools_are_a_text": (question(tools="all"), "tools"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_member_of_the_wrong_kind_is_named(solvent: Solvent, name: str) -> None:
    body, param = MISFITS[name]
    refuse(solvent, solvent.send("POST", CHAT, json.dumps(body).encode()), 400, "bad_request", param)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("limit", [0, -1, -(10**30), OUTPUT_TOKENS_MAX + 1, 10**30, 1.5, 5.0, "64", True, [], {}])
def test_a_senseless_limit_is_refused(solvent: Solvent, name: str, limit: Any) -> None:
    body = question() | {name: limit}
    refuse(solvent, solvent.send("POST", CHAT, body), 400, "bad_request", name)


UNPRICED: dict[str, tuple[dict[str, Any], str]] = {
    "spoken_input": ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages"),
    "a_file": ({"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]}, "messages"),
    "spoken_output": ({"modalities": ["text", "audio"]}, "modalities"),
    "audio": ({"audio": {"voice": "alloy"}}, "audio"),
    "web_search_options": ({"web_search_options": {}}, "web_search_options"),
    "web_search_tool": ({"tools": [{"type": "web_search"}]}, "tools"),
    "flex": ({"service_tier": "flex"}, "service_tier"),
    "priority": ({"service_tier": "priority"}, "service_tier"),
    "a_tier_of_nobodys": ({"service_tier": "platinum"}, "service_tier"),
    "best_of": ({"best_of": 4}, "best_of"),
    "n_predict": ({"n_predict": 100_000}, "n_predict"),
    "prediction": ({"prediction": {"type": "content", "content": "x"}}, "prediction"),
    "background": ({"background": True}, "background"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNPRICED)
def test_a_feature_without_a_price_is_refused_by_name(solvent: Solvent, name: str) -> None:
    members, param = UNPRICED[name]
    refuse(solvent, solvent.send("POST", CHAT, question(**members)), 400, "unpriced_feature", param)


def test_a_spelling_with_escapes_gets_around_nothing(solvent: Solvent) -> None:
    body = json.dumps(question()).encode().replace(b'"model"', b'"n_\\u0070redict": 5, "model"')
    refuse(solvent, solvent.send("POST", CHAT, body), 400, "unpriced_feature", "n_predict")
    body = json.dumps(question()).encode()[:-1] + b', "max_tokens": 5, "max_tokens": 99999999}'
    refuse(solvent, solvent.send("POST", CHAT, body), 400, "bad_request", "max_tokens")


def test_a_body_that_is_too_large_is_told_the_limit(solvent: Solvent) -> None:
    answer = solvent.send("POST", CHAT, b"x" * (10 << 20))
    refuse(solvent, answer, 413, "body_too_large")
    assert f"{REQUEST_BODY_BYTES_MAX >> 20} MiB" in answer.error["message"]


def test_a_body_that_never_says_its_size_is_cut_at_the_limit(solvent: Solvent) -> None:
    where = urlsplit(solvent.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    pieces = (b"x" * 65536 for _ in range(160))
    connection.request("POST", CHAT, pieces, {"authorization": f"Bearer {solvent.key}"}, encode_chunked=True)
    response = connection.getresponse()
    names = {name.lower(): value for name, value in response.getheaders()}
    refuse(solvent, Answer(response.status, names, response.read()), 413, "body_too_large")
    connection.close()


def test_the_largest_body_that_is_allowed_is_read(solvent: Solvent) -> None:
    body = json.dumps(question(messages=[{"role": "user", "content": "y" * (REQUEST_BODY_BYTES_MAX - 400)}])).encode()
    _, key = solvent.customer(grant="0.01")
    answer = solvent.send("POST", CHAT, body, key)
    assert (answer.status, answer.error["code"]) == (402, "request_exceeds_balance"), "read, and priced from above"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", CHAT, 405, "wrong_method"),
        ("HEAD", CHAT, 405, ""),
        ("PUT", CHAT, 405, "wrong_method"),
        ("DELETE", CHAT, 405, "wrong_method"),
        ("OPTIONS", CHAT, 405, "wrong_method"),
        ("POST", "/v1/models", 405, "wrong_method"),
        ("GET", "/v1/grants", 405, "wrong_method"),
        ("POST", CHAT + "/", 404, "no_such_endpoint"),
        ("POST", "/v1/edits", 404, "no_such_endpoint"),
        ("GET", "/v1/", 404, "no_such_endpoint"),
        ("GET", "/v1/../v1/key", 404, "no_such_endpoint"),
        ("GET", "/v1/answers/", 404, "no_such_answer"),
        ("GET", "/v1/answers/../../etc/passwd", 404, "no_such_answer"),
        ("GET", "/v1/answers/%00%ff%27%3B--", 404, "no_such_answer"),
        ("GET", "/v1/answers/" + "a" * 5000, 404, "no_such_answer"),
        ("GET", "/v1/%ED%95%9C%EA%B8%80", 404, "no_such_endpoint"),
        ("POST", "/v1/answers/ans_1", 404, "no_such_endpoint"),
    ],
)
def test_an_unknown_place_or_method_is_named(solvent: Solvent, method: str, path: str, status: int, code: str) -> None:
    answer = solvent.send(method, path, question() if method == "POST" else None)
    assert answer.status == status, answer.body
    if method != "HEAD":
        refuse(solvent, answer, status, code)


def test_head_is_get_without_a_body(solvent: Solvent) -> None:
    answer = solvent.send("HEAD", "/v1/models")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("query", ["since=yesterday", "since=-5d", "since=99999999999999d", "since=2026-13-45",
                                   "group_by=password", "group_by=", "since=" + "9" * 5000, "since=0d"])  # fmt: skip
def test_a_bad_query_is_refused(solvent: Solvent, query: str) -> None:
    answer = solvent.send("GET", f"/v1/margin?{query}", key=solvent.operator_key)
    if query == "group_by=":
        assert answer.status == 200
    else:
        refuse(solvent, answer, 400, answer.error["code"], query.partition("=")[0])


@pytest.mark.parametrize("query", ["%ff%fe", "&&&&=", "since", "a" * 5000, "since=7d&since=8d&group_by=day"])
def test_an_odd_query_does_no_harm(solvent: Solvent, query: str) -> None:
    assert solvent.send("GET", f"/v1/margin?{query}", key=solvent.operator_key).status == 200


WRONG_PLACES: dict[str, tuple[str, dict[str, str], str]] = {
    "in_the_query": (f"{CHAT}?api_key=KEY&key=KEY", {}, "no_api_key"),
    "in_a_cookie": (CHAT, {"cookie": "authorization=Bearer KEY"}, "no_api_key"),
    "in_another_header": (CHAT, {"x-solvent-key": "KEY"}, "no_api_key"),
    "as_basic": (CHAT, {"authorization": "Basic KEY"}, "no_api_key"),
    "without_a_scheme": (CHAT, {"authorization": "KEY"}, "no_api_key"),
    "as_a_list": (CHAT, {"authorization": "Bearer KEY, KEY"}, "invalid_api_key"),
    "twice": (CHAT, {"authorization": "Bearer Bearer KEY"}, "invalid_api_key"),
    "in_capitals": (CHAT, {"authorization": "Bearer CAPITALS"}, "invalid_api_key"),
    "empty": (CHAT, {"authorization": "Bearer "}, "no_api_key"),
    "half": (CHAT, {"authorization": "Bearer HALF"}, "invalid_api_key"),
    "longer": (CHAT, {"authorization": "Bearer KEYx"}, "invalid_api_key"),
    "long": (CHAT, {"authorization": "Bearer " + "k" * 20_000}, "invalid_api_key"),
    "not_ascii": (CHAT, {"authorization": "Bearer \xff\xfe"}, "invalid_api_key"),
    "of_the_upstream": (CHAT, {"authorization": "Bearer sk-upstream-0123456789abcdef-secret"}, "invalid_api_key"),
}


@pytest.mark.parametrize("name", WRONG_PLACES)
def test_a_key_in_the_wrong_place_opens_nothing_and_is_not_repeated(solvent: Solvent, name: str) -> None:
    path, headers, code = WRONG_PLACES[name]
    words = {"KEY": solvent.key, "CAPITALS": solvent.key.upper(), "HALF": solvent.key[:-8]}
    for word, meant in words.items():
        path = path.replace(word, meant)
        headers = {header: value.replace(word, meant) for header, value in headers.items()}
    answer = solvent.send("POST", path, question(), "", headers)
    refuse(solvent, answer, 401, code)
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert solvent.key[:-8].encode() not in answer.body


@pytest.mark.parametrize(
    "headers", [{"authorization": "bearer KEY"}, {"AUTHORIZATION": "BEARER KEY"}, {"x-api-key": "KEY"}]
)
def test_a_key_is_found_where_clients_put_it(solvent: Solvent, headers: dict[str, str]) -> None:
    given = {name: value.replace("KEY", solvent.key) for name, value in headers.items()}
    assert solvent.send("GET", "/v1/key", key="", headers=given).status == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET /v1/models\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET /v1/models HTTP/9.9\r\n\r\n",
        b"GET /v1/mod\xffels HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nbad header\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nhello",
        b"POST /v1/chat/completions HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        b"GET /v1/models HTTP/1.1\r\nx: " + b"y" * 200_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_not_http_ends_the_connection_and_nothing_else(solvent: Solvent, head: bytes) -> None:
    where = urlsplit(solvent.url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=20) as connection:
        try:
            connection.sendall(head)
            said = b""
            while part := connection.recv(65536):
                said += part
        except ConnectionError:
            said = b""
    assert said == b"" or said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401")), said[:200]
    assert solvent.send("GET", "/v1/key").status == 200


def test_nothing_bad_was_held_booked_or_logged(solvent: Solvent) -> None:
    """After every request of this file: the books show the grants, and the log no key beside the welcome's."""
    refused = [solvent.send("POST", CHAT, body).status for body in NOT_JSON.values()]
    assert set(refused) == {400}
    books = read_books(solvent.data)
    assert not books.receipts
    assert not [row for row in books.transfers.values() if row.state == "pending"]
    after_welcome = solvent.output.partition("\nready ")[2]
    for secret in (solvent.key, solvent.operator_key, "sk-upstream"):
        assert secret not in after_welcome
    assert "Traceback" not in solvent.output


@pytest.mark.parametrize(
    "member", ["models", "plugins", "preset", "provider", "search_parameters", "enable_search", "fallbacks"]
)
def test_members_that_would_buy_something_else_are_refused(solvent: Solvent, member: str) -> None:
    """A fallback list, a paid search: the upstream would bill more than the tokens we charge for."""
    members: dict[str, Any] = {member: ["x"]}
    refuse(solvent, solvent.send("POST", CHAT, question(**members)), 400, "unpriced_feature", member)
