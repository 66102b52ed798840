"""The request log over real HTTP: what is kept of whose answers, what never is, and who may read it."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import pytest
from sqlalchemy import text
from tests.doors.fixtures import CONFIG, books_of, scripted_model
from tests.doors.media import PICTURE
from tests.doors.server import UPSTREAM_KEY, Solvent, events_of, eventually, question
from tests.doors.upstream import Upstream
from tests.metering.drawn import png

from solvent.db.engine import open_engine

pytestmark = pytest.mark.xdist_group("request_log")

RESIDENT, CARD, MAIL, PHONE = "900101-1234567", "4111 1111 1111 1111", "kim@example.com", "010-1234-5678"
PERSONAL = f"{RESIDENT} {CARD} {MAIL}"

PLANS = """
[[plans]]
name = "pay-as-you-go"
[[plans]]
name = "kept"
request_log = { keep = "text", redact = ["resident_number", "card", "email"], days = 7 }
[[plans]]
name = "counted"
request_log = { keep = "metadata" }
"""


@pytest.fixture(scope="module")
def server(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    models = (
        scripted_model(upstream, image_tokens_max=1000),
        scripted_model(upstream, "messenger", provider="anthropic", vendor="anthropic"),
        scripted_model(upstream, "hasty", on_abort="cancel"),
        scripted_model(upstream, "meaning", task="embeddings", cost_card="doors-reading", price_card="doors-reading"),
        scripted_model(upstream, "painter", task="images", cost_card="doors-painting-cost",
                       price_card="doors-painting"),
        scripted_model(upstream, "speaker", task="speech", cost_card="doors-speaking-cost",
                       price_card="doors-speaking"),
        scripted_model(upstream, "listener", task="transcriptions", cost_card="doors-hearing-cost",
                       price_card="doors-hearing"),
    )  # fmt: skip
    server = Solvent(tmp_path_factory.mktemp("log"), CONFIG + PLANS + "".join(models)).start()
    try:
        yield server
        assert server.stop() == 0, server.output
        books_of(server)
    finally:
        server.kill()


@pytest.fixture(scope="module")
def kim(server: Solvent) -> tuple[str, str]:
    """A customer whose texts are kept: their id and key."""
    return server.customer("10", "kept")


def log(server: Solvent, id: str) -> Any:
    """What the log has of an answer, as soon as it is there."""
    return eventually(lambda: look(server, id), f"{id} is not in the log")


def look(server: Solvent, id: str) -> Any:
    answer = server.send("GET", f"/v1/request_log/{id}", key=server.operator_key)
    return answer.json if answer.status == 200 else None


def ask(server: Solvent, key: str, body: Any, path: str = "/v1/chat/completions", **headers: str) -> str:
    """Ask, and be answered; the answer's id."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = server.send("POST", path, body, key, names)
    assert answer.status == 200, answer.body
    return answer.headers["x-request-id"]


def nothing_of(server: Solvent, key: str, *ids: str) -> None:
    """Nothing is kept of these answers: what was asked after them is there already, and they are not."""
    log(server, ask(server, key, question()))
    for id in ids:
        assert server.receipt(id)
        assert look(server, id) is None


def everything_written(server: Solvent) -> str:
    """All rows of the log, as they are on the disk."""
    engine = open_engine(server.data)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM logged_answers")).all()
    engine.dispose()
    return repr([tuple(row) for row in rows])


def test_by_default_nothing_is_kept(server: Solvent, kim: tuple[str, str]) -> None:
    tag = f"unkept-{uuid.uuid4().hex}"
    id = ask(server, server.key, question({"text": tag}, messages=[{"role": "user", "content": tag}]))
    nothing_of(server, kim[1], id)
    engine = open_engine(server.data)
    engine.dispose()
    for file in server.data.glob("solvent.db*"):
        assert tag.encode() not in file.read_bytes()


@pytest.mark.parametrize("stream", [False, True])
def test_what_was_asked_and_told_is_kept_masked(server: Solvent, kim: tuple[str, str], *, stream: bool) -> None:
    """Also where a stream cuts a number in two."""
    told = f"{PERSONAL} 안녕"
    body = question(
        {"pieces": re.findall(r".{1,3}", told), "text": told},
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"{PERSONAL}? {PHONE}"}],
        stream=stream, user=MAIL, metadata={MAIL: CARD, "id": RESIDENT},
    )  # fmt: skip
    id = ask(server, kim[1], body)
    found = log(server, id)
    assert (found["customer"], found["model"], found["task"], found["keep"]) == (kim[0], "scripted", "chat", "text")
    masked = "[RESIDENT_NUMBER] [CARD] [EMAIL]"
    assert found["asked"]["messages"] == [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": f"{masked}? {PHONE}"}
    ]  # fmt: skip
    assert found["asked"]["metadata"] == {"[EMAIL]": "[CARD]", "id": "[RESIDENT_NUMBER]"}
    assert found["told"] == {"texts": [{"said": "reply", "text": f"{masked} 안녕"}]}
    assert found["told_characters"] == len(told)
    for part in (RESIDENT, CARD, MAIL):
        assert part not in everything_written(server)
    assert found["kept_until"][:10] > found["at"][:10]


def test_calls_thoughts_and_choices_are_told_apart(server: Solvent, kim: tuple[str, str]) -> None:
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    ids = [ask(server, kim[1], question({"tools": True}, tools=tools, stream=stream)) for stream in (False, True)]
    for id in ids:
        (call,) = log(server, id)["told"]["texts"]
        assert (call["said"], call["name"]) == ("call", "weather")
        assert isinstance(call["arguments"], dict)
    several = log(server, ask(server, kim[1], question({"text": "Yes."}, n=2)))
    assert several["told"]["texts"] == [
        {"said": "reply", "text": "Yes."}, {"choice": 1, "said": "reply", "text": "Yes."}
    ]  # fmt: skip


def test_every_surface_is_kept(server: Solvent, kim: tuple[str, str]) -> None:
    client = anthropic.Anthropic(
        base_url=server.url, api_key=kim[1], max_retries=0, http_client=httpx2.Client(trust_env=False, timeout=60)
    )
    for model in ("messenger", "scripted"):
        asked: dict[str, Any] = {
            "model": model, "max_tokens": 64, "messages": [{"role": "user", "content": f"Hi, {MAIL}"}]
        }  # fmt: skip
        message = client.messages.create(**asked)
        streamed = ask(server, kim[1], asked | {"stream": True}, "/v1/messages")
        for id in (str(message._request_id), streamed):
            found = log(server, id)
            assert "Hi, [EMAIL]" in json.dumps(found["asked"])
            assert [text["said"] for text in found["told"]["texts"]] == ["reply"]
            assert found["told"]["texts"][0]["text"].startswith("word0 word1 ")
    asked = {"model": "scripted", "input": f"Hello, {MAIL}", "instructions": "Short."}
    response = server.client(kim[1]).responses.create(**asked)
    for id in (response.id, ask(server, kim[1], asked | {"stream": True}, "/v1/responses")):
        found = log(server, id)
        assert found["asked"]["messages"][-1]["content"] == "Hello, [EMAIL]"
        assert found["told"]["texts"][0]["text"].strip() == response.output_text
    id = ask(server, kim[1], {"model": "meaning", "input": f"Meaning of {MAIL}"}, "/v1/embeddings")
    found = log(server, id)
    assert found["asked"]["input"] == "Meaning of [EMAIL]"
    assert "NUMBERS]" in json.dumps(found["told"]) or "BYTES]" in json.dumps(found["told"])


def test_of_pictures_and_sound_kind_and_size_alone(server: Solvent, kim: tuple[str, str]) -> None:
    bytes_ = png(64, 64) + bytes(range(256)) * 8
    picture = base64.b64encode(bytes_).decode()
    content = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}},
    ]
    found = log(server, ask(server, kim[1], question(messages=[{"role": "user", "content": content}])))
    assert found["asked"]["messages"][0]["content"][1]["image_url"]["url"] == f"[image/png {len(bytes_)} BYTES]"
    made = log(server, ask(server, kim[1], {"model": "painter", "prompt": f"A cat for {MAIL}",
                                            "response_format": "b64_json"}, "/v1/images/generations"))  # fmt: skip
    assert made["asked"]["prompt"] == "A cat for [EMAIL]"
    assert "BYTES]" in made["told"]["data"][0]["b64_json"]
    spoken = log(server, ask(server, kim[1], {"model": "speaker", "voice": "alloy", "input": f"Dear {MAIL}"},
                             "/v1/audio/speech"))  # fmt: skip
    assert spoken["asked"]["input"] == "Dear [EMAIL]"
    assert re.fullmatch(r"\[SOUND \d+ BYTES\]", spoken["told"]["sound"])
    heard = server.client(kim[1]).audio.transcriptions.with_raw_response.create(
        model="listener", file=("a.wav", b"RIFF" + bytes(400), "audio/wav")
    )
    found = log(server, heard.headers["x-request-id"])
    assert found["asked"]["file"] == "[audio/wav 404 BYTES]"
    assert found["told"]["text"]
    written = everything_written(server)
    assert picture[40:100] not in written
    assert PICTURE not in written


def test_no_key_is_ever_in_it(server: Solvent, kim: tuple[str, str]) -> None:
    """Neither those that come with requests nor those that people paste."""
    pasted = [kim[1], server.operator_key, UPSTREAM_KEY, "Bearer abcdefghijklmnopqrstuvwx", "ghp_" + "a1" * 18]
    words = " and ".join(pasted)
    id = ask(server, kim[1], question({"text": words}, messages=[{"role": "user", "content": words}], user=kim[1]))
    found = log(server, id)
    assert found["asked"]["messages"][0]["content"] == " and ".join(["[SECRET]"] * 5)
    written = everything_written(server)
    for secret in (*pasted, server.key):
        assert secret.removeprefix("Bearer ") not in written


def test_metadata_says_how_much_and_not_what(server: Solvent, kim: tuple[str, str]) -> None:
    id, key = server.customer("10", "counted")
    answer = ask(server, key, question({"text": "A secret."}))
    found = log(server, answer)
    assert (found["customer"], found["keep"], found["asked"], found["told"]) == (id, "metadata", None, None)
    assert found["told_characters"] == len("A secret.")
    assert "A secret." not in everything_written(server)


def test_a_request_a_key_and_a_customer_may_say_no(server: Solvent, kim: tuple[str, str]) -> None:
    id, key = server.customer("10", "kept")
    said_so = ask(server, key, question(store=False))
    by_header = ask(server, key, question(), x_solvent_store="false")
    streamed = server.send("POST", "/v1/chat/completions", question(stream=True, store=False), key)
    assert events_of(streamed.body)[-1] == "[DONE]"
    response = server.client(key).responses.create(model="scripted", input="?", store=False)
    nothing_of(server, key, said_so, by_header, streamed.headers["x-request-id"], response.id)
    assert server.operate("POST", f"/v1/customers/{id}/request_log", {"keep": "none"})["keep"] == "none"
    nothing_of(server, kim[1], ask(server, key, question()))
    server.operate("POST", f"/v1/customers/{id}/request_log", {"keep": "plan"})
    assert log(server, ask(server, key, question()))["customer"] == id


def test_who_left_is_kept_as_far_as_they_were_told(server: Solvent, kim: tuple[str, str]) -> None:
    tag = uuid.uuid4().hex
    body = question({"words": 400, "pause_s": 0.02}, model="hasty", stream=True, user=tag)
    talk = server.begin(body, kim[1])
    talk.until(b"word2")
    talk.hang_up()
    id = server.receipt_for(tag)["id"]
    (told,) = log(server, id)["told"]["texts"]
    assert told["text"].startswith("word0 ")
    assert "word399" not in told["text"]


def test_only_who_it_is_of_and_who_may_read_it(server: Solvent, kim: tuple[str, str]) -> None:
    _, other = server.customer("10", "kept")
    id = ask(server, kim[1], question({"text": "Private."}))
    log(server, id)
    own = server.send("GET", f"/v1/answers/{id}/log", key=kim[1])
    assert own.json["told"]["texts"][0]["text"] == "Private."
    refused = server.send("GET", f"/v1/answers/{id}/log", key=other)
    assert (refused.status, refused.error["code"]) == (404, "not_logged")
    assert server.send("GET", f"/v1/answers/{id}%00/log", key=kim[1]).status == 404
    for path, key, code in (
        (f"/v1/request_log/{id}", kim[1], "operator_key_needed"),
        (f"/v1/request_log/{id}", made_operator(server, "finance"), "role_not_allowed"),
        ("/v1/request_log", made_operator(server, "read_only"), "role_not_allowed"),
        (f"/v1/answers/{id}/log", server.operator_key, "customer_key_needed"),
        (f"/v1/answers/{id}/log", limited_key(server, kim[0], "wallet"), "use_not_allowed"),
    ):
        refused = server.send("GET", path, key=key)
        assert (refused.status, refused.error["code"]) == (403, code), path
        assert b"Private." not in refused.body
    support = server.send("GET", f"/v1/request_log/{id}", key=made_operator(server, "support"))
    assert support.status == 200


def made_operator(server: Solvent, role: str) -> str:
    made: str = server.operate("POST", "/v1/operators", {"role": role})["api_key"]
    return made


def limited_key(server: Solvent, customer: str, use: str) -> str:
    made: str = server.operate("POST", f"/v1/customers/{customer}/keys", {"uses": [use]})["api_key"]
    return made


def test_whoever_reads_is_on_record_and_the_record_says_nothing_of_it(server: Solvent, kim: tuple[str, str]) -> None:
    id = ask(server, kim[1], question({"text": "Only this once."}))
    log(server, id)
    server.send("GET", f"/v1/answers/{id}/log", key=kim[1])
    found = server.operate("GET", f"/v1/audit?subject={kim[0]}&limit=50")["data"]
    read = [one for one in found if one["action"] == "request_log.read" and one["result"] == {"answer": id}]
    assert {one["actor_role"] for one in read} == {"owner", "customer"}
    assert "Only this once." not in json.dumps(found)


def test_a_list_tells_no_texts_and_can_be_searched(server: Solvent, kim: tuple[str, str]) -> None:
    id, key = server.customer("10", "kept")
    ids = [ask(server, key, question(model=model)) for model in ("scripted", "hasty", "scripted")]
    for one in ids:
        log(server, one)
    page = server.operate("GET", f"/v1/request_log?customer={id}&limit=2")
    assert [one["id"] for one in page["data"]] == ids[:0:-1]
    assert "asked" not in page["data"][0]
    rest = server.operate("GET", f"/v1/request_log?customer={id}&cursor={page['next_cursor']}")
    assert [one["id"] for one in rest["data"]] == ids[:1]
    hasty = server.operate("GET", f"/v1/request_log?customer={id}&model=hasty&since=1d")
    assert [one["id"] for one in hasty["data"]] == [ids[1]]


def test_a_customer_is_forgotten_at_once(server: Solvent, kim: tuple[str, str]) -> None:
    id, key = server.customer("10", "kept")
    ids = [ask(server, key, question()) for _ in range(3)]
    for one in ids:
        log(server, one)
    kept = ask(server, kim[1], question())
    log(server, kept)
    again = {"idempotency_key": uuid.uuid4().hex}
    assert server.operate("POST", f"/v1/customers/{id}/request_log/forget", **again)["answers"] == 3
    assert server.operate("POST", f"/v1/customers/{id}/request_log/forget", **again)["answers"] == 3
    assert server.operate("POST", f"/v1/customers/{id}/request_log/forget")["answers"] == 0
    assert not any(one in everything_written(server) for one in ids)
    assert look(server, kept)
    done = [one for one in server.operate("GET", f"/v1/audit?subject={id}")["data"]]  # noqa: C416
    assert [one["result"] for one in done if one["action"] == "request_log.forget"] == [0, 3]
    missing = server.send("POST", "/v1/customers/nobody/request_log/forget", key=server.operator_key)
    assert (missing.status, missing.error["code"]) == (404, "no_such_customer")


def test_the_metric_counts_what_was_written(server: Solvent, kim: tuple[str, str]) -> None:
    log(server, ask(server, kim[1], question()))
    told = server.send("GET", "/metrics", key=server.operator_key).body.decode()
    (written,) = re.findall(r'solvent_request_log_total\{outcome="written"\} (\S+)', told)
    assert float(written) >= 1
    assert 'solvent_request_log_total{outcome="dropped"} 0.0' in told
