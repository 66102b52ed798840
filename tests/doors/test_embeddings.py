"""Embeddings by OpenAI's own package: paid by what is read, refused where that has no price, booked like any answer."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from openai import OpenAI, OpenAIError
from tests.doors.server import Solvent, question
from tests.doors.upstream import Upstream

from solvent.values.money import Money, plain

pytestmark = pytest.mark.xdist_group("embeddings")

READ_GRAINS = 20  # what a token read is charged, in nano-dollars


@pytest.fixture(scope="module")
def client(solvent: Solvent) -> Iterator[OpenAI]:
    with OpenAI(api_key=solvent.key, base_url=f"{solvent.url}/v1", max_retries=0) as made:
        yield made


def test_each_text_has_its_numbers_and_is_paid_by_what_was_read(solvent: Solvent, client: OpenAI) -> None:
    before = solvent.wallet()["balance"]
    raw = client.embeddings.with_raw_response.create(
        model="meaning", input=["one two three", "넷 다섯"], dimensions=8, encoding_format="float", user="kim"
    )
    made = raw.parse()
    assert [(one.index, len(one.embedding)) for one in made.data] == [(0, 8), (1, 8)]
    assert made.model == "meaning"
    assert (made.usage.prompt_tokens, made.usage.total_tokens) == (5, 5)
    assert b"cost" not in raw.content, "what it costs us is nobody's business"
    charge = plain(Money(5 * READ_GRAINS, "USD"))
    assert raw.headers["x-solvent-charge"] == charge
    receipt = solvent.receipt(raw.headers["x-request-id"])
    assert (receipt["charge"], receipt["outcome"], receipt["usage"]["output_tokens"]) == (charge, "answered", 0)
    assert (receipt["usage"]["input_tokens"], receipt["model"]) == (5, "meaning")
    after = solvent.wallet()["balance"]
    assert float(before) > float(after)


def test_what_was_not_said_to_be_read_is_not_charged(solvent: Solvent, client: OpenAI) -> None:
    user = json.dumps({"usage": "none"})
    raw = client.embeddings.with_raw_response.create(model="meaning", input="one", user=user, encoding_format="float")
    receipt = solvent.receipt(raw.headers["x-request-id"])
    assert (receipt["charge"], receipt["usage"]["estimated"]) == ("0", True)
    assert receipt["cost"] != "0", "we may be billed for it"


def test_tokens_may_be_sent_instead_of_texts(upstream: Upstream, client: OpenAI) -> None:
    made = client.embeddings.create(model="meaning", input=[[1, 2], [3]], encoding_format="float")
    assert len(made.data) == 2
    heard = [one for one in upstream.heard if one.path.endswith("/embeddings")][-1]
    assert heard.body["input"] == [[1, 2], [3]]
    assert "max_tokens" not in heard.body
    assert heard.body["model"] == "scripted-upstream"


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"model": "meaning", "input": []}, "bad_request", "input"),
        ({"model": "meaning", "input": ""}, "bad_request", "input"),
        ({"model": "meaning", "input": ["a", ""]}, "bad_request", "input"),
        ({"model": "meaning", "input": ["a"] * 2049}, "bad_request", "input"),
        ({"model": "meaning", "input": 5}, "bad_request", "input"),
        ({"model": "meaning"}, "bad_request", "input"),
        ({"model": "meaning", "input": ["a", 5]}, "bad_request", "input"),
        ({"model": "meaning", "input": [["a"]]}, "bad_request", "input[0][0]"),
        ({"model": "meaning", "input": "a", "tools": []}, "unpriced_feature", "tools"),
        ({"model": "scripted", "input": "a"}, "wrong_surface", "model"),
        ({"model": "gone", "input": "a"}, "model_not_found", "model"),
    ],
)
def test_what_cannot_be_embedded_is_told_by_its_name(
    solvent: Solvent, body: dict[str, object], code: str, param: str
) -> None:
    before = solvent.wallet()["balance"]
    told = solvent.send("POST", "/v1/embeddings", body)
    assert (told.status, told.error["code"], told.error["param"]) == (400, code, param)
    assert solvent.wallet()["balance"] == before


def test_a_model_that_embeds_does_not_chat(solvent: Solvent) -> None:
    told = solvent.send("POST", "/v1/chat/completions", question(model="meaning"))
    assert (told.status, told.error["code"]) == (400, "wrong_surface")
    assert "/v1/embeddings" in told.error["message"]


@pytest.mark.parametrize("script", [{"status": 500, "body": "{}"}, {"body": "{]"}, {"body": '{"data":[]}'}])
def test_an_upstream_that_fails_charges_nothing(solvent: Solvent, client: OpenAI, script: dict[str, object]) -> None:
    before = solvent.wallet()["balance"]
    with pytest.raises(OpenAIError):
        client.embeddings.create(model="meaning", input="one", user=json.dumps(script))
    assert solvent.wallet()["balance"] == before
