"""Recordings written out for OpenAI's own package: paid by the minute or by tokens, by what was heard."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping

import pytest
from openai import OpenAI, OpenAIError
from tests.doors.server import Answer, Solvent
from tests.doors.upstream import Upstream

pytestmark = pytest.mark.xdist_group("transcriptions")

PATH = "/v1/audio/transcriptions"
MP3 = ("a.mp3", b"ID3" + b"\0" * 997)  # a second of 8 kbit: 2 seconds at most
HEARD = {"type": "duration", "seconds": 90}
TOKENS = {
    "type": "tokens", "input_tokens": 30, "output_tokens": 12, "total_tokens": 42,
    "input_token_details": {"text_tokens": 10, "audio_tokens": 20},
}  # fmt: skip


def wav(seconds: int) -> bytes:
    """Silence: 8,000 samples a second of 8 bits."""
    sound = b"\x80" * (8_000 * seconds)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(sound), b"WAVE", b"fmt ", 16, 1, 1, 8_000, 8_000, 1, 8,
                       b"data", len(sound))  # fmt: skip
    return head + sound


@pytest.fixture(scope="module")
def client(solvent: Solvent) -> Iterator[OpenAI]:
    with OpenAI(api_key=solvent.key, base_url=f"{solvent.url}/v1", max_retries=0) as made:
        yield made


def test_a_recording_is_written_out_and_paid_by_the_minute(
    solvent: Solvent, upstream: Upstream, client: OpenAI
) -> None:
    sent = wav(90)
    raw = client.audio.transcriptions.with_raw_response.create(
        model="listener", file=("회의.wav", sent, "audio/wav"), language="ko", prompt=json.dumps({"usage": HEARD}),
        temperature=0.2, timestamp_granularities=["word", "segment"], response_format="verbose_json",
        extra_body={"user": "kim"},
    )  # fmt: skip
    assert raw.parse().text == "안녕하세요"
    assert raw.headers["x-solvent-charge"] == "0.009"
    heard = [one for one in upstream.heard if one.path.endswith("/audio/transcriptions")][-1]
    assert heard.body["file"] == ("회의.wav", sent)
    assert (heard.body["model"], heard.body["language"]) == ("scripted-upstream", "ko")
    assert heard.body["timestamp_granularities[]"] == ["word", "segment"]
    assert heard.body["response_format"] == "verbose_json"
    assert "user" not in heard.body
    receipt = solvent.receipt(raw.headers["x-request-id"])
    assert (receipt["charge"], receipt["cost"], receipt["user"]) == ("0.009", "0.0045", "kim")
    assert (receipt["usage"]["audio_input_seconds"], receipt["usage"]["estimated"]) == ("90.000", False)


def test_tokens_are_paid_where_they_are_reported(solvent: Solvent, client: OpenAI) -> None:
    raw = client.audio.transcriptions.with_raw_response.create(
        model="writer", file=MP3, prompt=json.dumps({"usage": TOKENS})
    )
    receipt = solvent.receipt(raw.headers["x-request-id"])
    assert receipt["charge"] == "0.000265"  # 10 at 2.5, 20 at 6 and 12 at 10 dollars a million
    assert receipt["alarms"] == []


@pytest.mark.parametrize(
    ("file", "script", "charge", "estimated"),
    [
        (MP3, {"usage": {"type": "duration", "seconds": 2}}, "0.0002", False),
        (MP3, {"duration": 1.5}, "0.00015", False),  # as servers of one's own tell it
        (("a.wav", wav(3)), {}, "0.0003", False),  # its head says it
        (MP3, {}, "0", True),
        (MP3, {"usage": {"type": "duration", "seconds": 9_000}}, "0", True),  # nobody hears hours in a thousand bytes
        (MP3, {"usage": {"type": "duration", "seconds": -1}}, "0", True),
    ],
)
def test_what_was_heard_is_charged_as_far_as_anybody_says_so(
    solvent: Solvent, client: OpenAI, file: tuple[str, bytes], script: dict[str, object], charge: str, estimated: bool
) -> None:
    raw = client.audio.transcriptions.with_raw_response.create(model="listener", file=file, prompt=json.dumps(script))
    receipt = solvent.receipt(raw.headers["x-request-id"])
    assert (receipt["charge"], receipt["usage"]["estimated"]) == (charge, estimated)
    assert receipt["cost"] != "0", "we may be billed for it"


def test_a_text_alone_is_told_as_one(client: OpenAI) -> None:
    said = client.audio.transcriptions.create(model="listener", file=MP3, response_format="text")
    assert said == "안녕하세요\n"


def test_the_hold_is_for_all_that_can_be_heard(solvent: Solvent) -> None:
    """4 minutes of WAV are 2.4 cents, and as many bytes of what can be anything more than 16 times that."""
    _, key = solvent.customer(grant="0.0245")
    assert ask(solvent, {"file": wav(240)}, key).status == 200
    _, key = solvent.customer(grant="0.0245")
    for file in (wav(260), b"ID3" + wav(240)):
        told = ask(solvent, {"file": file}, key)
        assert (told.status, told.error["code"]) == (402, "request_exceeds_balance")


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"file": None}, "bad_request", "file"),
        ({"file": b""}, "bad_request", "file"),
        ({"model": None}, "bad_request", "model"),
        ({"stream": "true"}, "not_served", "stream"),
        ({"response_format": "srt"}, "not_served", "response_format"),
        ({"response_format": "midi"}, "bad_request", "response_format"),
        ({"known_speaker_names": "a"}, "unpriced_feature", "known_speaker_names"),
        ({"prompt": b"\xff"}, "bad_request", "prompt"),
        ({"model": "scripted"}, "wrong_surface", "model"),
        ({"model": "gone"}, "model_not_found", "model"),
    ],
)
def test_what_cannot_be_heard_is_told_by_its_name(
    solvent: Solvent, fields: dict[str, str | bytes | None], code: str, param: str
) -> None:
    before = solvent.wallet()["balance"]
    told = ask(solvent, fields)
    assert (told.status, told.error["code"], told.error["param"]) == (400, code, param)
    assert solvent.wallet()["balance"] == before


def test_what_is_no_form_is_told_so(solvent: Solvent) -> None:
    told = solvent.send("POST", PATH, {"model": "listener"}, headers={"content-type": "application/json"})
    assert (told.status, told.error["code"]) == (400, "bad_form")


@pytest.mark.parametrize(
    "script", [{"status": 500, "body": "{}"}, {"body": "{]"}, {"body": "{}"}, {"body": '{"text":5}'}]
)
def test_an_upstream_that_fails_charges_nothing(solvent: Solvent, client: OpenAI, script: dict[str, object]) -> None:
    before = solvent.wallet()["balance"]
    with pytest.raises(OpenAIError):
        client.audio.transcriptions.create(model="listener", file=MP3, prompt=json.dumps(script))
    assert solvent.wallet()["balance"] == before


def ask(solvent: Solvent, fields: Mapping[str, str | bytes | None], key: str | None = None) -> Answer:
    """A form by hand."""
    said: dict[str, str | bytes | None] = {"model": "listener", "file": MP3[1], **fields}
    parts = []
    for name, value in said.items():
        if value is not None:
            data = value if isinstance(value, bytes) else value.encode()
            named = '; filename="a"' if name == "file" else ""
            parts.append(f'--edge\r\ncontent-disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + data)
    body = b"\r\n".join([*parts, b"--edge--\r\n"])
    return solvent.send("POST", PATH, body, key, {"content-type": "multipart/form-data; boundary=edge"})
