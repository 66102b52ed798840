"""Texts spoken by OpenAI's own package: paid by their characters, told as they come."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator

import pytest
from openai import OpenAI, OpenAIError
from tests.doors.server import Solvent
from tests.doors.upstream import Upstream

pytestmark = pytest.mark.xdist_group("speech")

SAY = {"model": "speaker", "input": "안녕하세요", "voice": "alloy"}


@pytest.fixture(scope="module")
def client(solvent: Solvent) -> Iterator[OpenAI]:
    with OpenAI(api_key=solvent.key, base_url=f"{solvent.url}/v1", max_retries=0) as made:
        yield made


def test_a_text_is_spoken_and_paid_by_its_characters(solvent: Solvent, upstream: Upstream, client: OpenAI) -> None:
    said = client.audio.speech.create(
        model="speaker", input="안녕하세요", voice="alloy", response_format="wav", speed=1.5, extra_body={"user": "kim"}
    )
    assert said.content == "sound of 안녕하세요".encode()
    assert said.response.headers["content-type"] == "audio/wav"
    heard = [one for one in upstream.heard if one.path.endswith("/audio/speech")][-1]
    assert heard.body == {
        "model": "scripted-upstream", "input": "안녕하세요", "voice": "alloy", "response_format": "wav", "speed": 1.5,
    }  # fmt: skip
    receipt = solvent.receipt(said.response.headers["x-request-id"])
    assert (receipt["charge"], receipt["cost"], receipt["alarms"]) == ("0.00015", "0.000075", [])
    assert (receipt["usage"]["characters"], receipt["usage"]["estimated"], receipt["user"]) == (5, False, "kim")
    assert receipt["outcome"] == "answered"


def test_how_it_is_to_be_spoken_counts_too(solvent: Solvent, client: OpenAI) -> None:
    said = client.audio.speech.create(model="speaker", input="four", voice="alloy", instructions="softly")
    assert said.response.headers["content-type"] == "audio/mpeg"
    assert solvent.receipt(said.response.headers["x-request-id"])["usage"]["characters"] == 10


def test_what_breaks_off_is_not_taken_for_whole_and_charges_nothing(solvent: Solvent) -> None:
    before = solvent.wallet()["balance"]
    broken = json.dumps({"end": "cut", "status": 200})
    with pytest.raises(http.client.IncompleteRead):
        solvent.send("POST", "/v1/audio/speech", SAY | {"instructions": broken, "user": "cut-off"})
    receipt = solvent.receipt_for("cut-off")
    assert (receipt["outcome"], receipt["charge"], receipt["usage"]["estimated"]) == ("broken", "0", True)
    assert receipt["cost"] != "0", "we may be billed for it"
    assert solvent.wallet()["balance"] == before


@pytest.mark.parametrize(
    ("more", "code", "param"),
    [
        ({"input": ""}, "bad_request", "input"),
        ({"input": 5}, "bad_request", "input"),
        ({"input": "a" * 32_769}, "bad_request", "input"),
        ({"response_format": "midi"}, "bad_request", "response_format"),
        ({"stream_format": "sse"}, "not_served", "stream_format"),
        ({"tools": []}, "unpriced_feature", "tools"),
        ({"model": "scripted"}, "wrong_surface", "model"),
    ],
)
def test_what_cannot_be_spoken_is_told_by_its_name(
    solvent: Solvent, more: dict[str, object], code: str, param: str
) -> None:
    before = solvent.wallet()["balance"]
    told = solvent.send("POST", "/v1/audio/speech", SAY | more)
    assert (told.status, told.error["code"], told.error["param"]) == (400, code, param)
    assert solvent.wallet()["balance"] == before


@pytest.mark.parametrize("script", [{"status": 500, "body": "{}"}, {"body": "{}"}, {"body": "", "type": "audio/mpeg"}])
def test_an_upstream_that_fails_charges_nothing(solvent: Solvent, client: OpenAI, script: dict[str, object]) -> None:
    before = solvent.wallet()["balance"]
    with pytest.raises(OpenAIError):
        client.audio.speech.create(model="speaker", input="a", voice="alloy", instructions=json.dumps(script))
    assert solvent.wallet()["balance"] == before


def test_what_the_wallet_cannot_pay_is_not_begun(solvent: Solvent) -> None:
    _, key = solvent.customer(grant="0.0002")
    told = solvent.send("POST", "/v1/audio/speech", SAY | {"input": "seven.."}, key=key)
    assert (told.status, told.error["code"]) == (402, "request_exceeds_balance")
    assert solvent.send("POST", "/v1/audio/speech", SAY | {"input": "six..."}, key=key).status == 200


def test_under_one_idempotency_key_the_same_is_heard_again_and_paid_once(solvent: Solvent) -> None:
    named = {"idempotency-key": "say-it-once"}
    first = solvent.send("POST", "/v1/audio/speech", SAY, headers=named)
    before = solvent.wallet()["balance"]
    again = solvent.send("POST", "/v1/audio/speech", SAY, headers=named)
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert (again.headers["idempotent-replayed"], again.headers["content-type"]) == ("true", "audio/mpeg")
    assert solvent.wallet()["balance"] == before
