"""What a chat completion can be asked for beyond words, by OpenAI's own package: held for, metered and charged once."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI
from tests.doors.books import check, read_books
from tests.doors.fixtures import CONFIG, scripted_model
from tests.doors.server import INPUT_GRAINS, OUTPUT_GRAINS, Solvent
from tests.doors.test_openai_client import ASK, charge_of, script
from tests.doors.upstream import PROMPT_TOKENS, WORDS, Upstream
from tests.doors.vendors import PEERS
from tests.metering.drawn import base64_of, data_url, png

from solvent.values.money import Money, plain

pytestmark = pytest.mark.xdist_group("chat_features")

CARDS = """\
card: tiered
currency: USD
entries:
  - from: 2026-01-01
    input: 0.3
    output: 1.2
    tariffs: {flex: {times: 1/2}, priority: {times: 2}}
---
card: by-answer
currency: USD
entries:
  - {from: 2026-01-01, answer: 0.01}
"""


IMAGE_TOKENS_MAX = 1000
PICTURE = png(640, 480)
ADDRESS = "https://example.com/a.png"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(PEERS) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def shop(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    """A server whose models do more than the scripted one."""
    entries = [
        scripted_model(upstream, output_tokens_max=100),
        scripted_model(upstream, "messenger", provider="anthropic", vendor="anthropic"),
        scripted_model(upstream, "tiered", cost_card="tiered", price_card="tiered"),
        scripted_model(upstream, "by-answer", price_card="by-answer"),
        _seeing(upstream, "seeing"),
        _seeing(upstream, "seeing-messages", provider="anthropic", vendor="anthropic"),
        _seeing(upstream, "seeing-gemini", provider="gemini", vendor="", base_url=upstream.url_of("gemini", "/v1beta")),
        _seeing(upstream, "seeing-bedrock", provider="bedrock", vendor="", base_url=upstream.url_of("bedrock")),
        _seeing(upstream, "fetching").replace("[[models]]", "[[models]]\nimage_urls = true"),
    ]
    server = Solvent(tmp_path_factory.mktemp("features"), CONFIG + "\n".join(entries))
    (server.folder / "rate_cards" / "features.yaml").write_text(CARDS)
    server.start()
    try:
        yield server
        assert server.stop() == 0, server.output
        check(read_books(server.data))
    finally:
        server.kill()


def _seeing(upstream: Upstream, name: str, **members: object) -> str:
    return scripted_model(upstream, name, image_tokens_max=IMAGE_TOKENS_MAX, **members)


@pytest.fixture
def client(shop: Solvent) -> OpenAI:
    return shop.client()


def test_several_choices_are_one_answer_and_all_of_them_are_charged(shop: Solvent, client: OpenAI) -> None:
    answer = client.chat.completions.create(model="scripted", messages=ASK, n=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 3 * WORDS
    assert shop.receipt(answer.id)["charge"] == charge_of(3 * WORDS)
    stream = client.chat.completions.create(
        model="scripted", messages=ASK, n=2, stream=True, extra_body=script(usage="none")
    )
    chunks = list(stream)
    assert {choice.index for chunk in chunks for choice in chunk.choices} == {0, 1}
    assert shop.receipt(chunks[0].id)["charge"] == plain(Money(2 * WORDS * OUTPUT_GRAINS, "USD"))


def test_each_choice_is_limited_to_its_part_of_what_the_wallet_affords(shop: Solvent, upstream: Upstream) -> None:
    _, key = shop.customer(grant="0.0003")
    tag, asked = uuid.uuid4().hex, shop.client(key).chat.completions.with_raw_response
    told = asked.create(model="scripted", messages=ASK, n=4, max_tokens=100, extra_body=script(tag=tag))
    limit = upstream.one(tag).body["max_tokens"]
    assert 1 <= limit < 100
    assert told.headers["x-solvent-output-tokens-max"] == str(limit)
    most = INPUT_GRAINS * PROMPT_TOKENS + 4 * limit * OUTPUT_GRAINS
    assert most <= 300_000, "more might be written than the wallet pays for"
    with pytest.raises(openai.APIStatusError) as caught:
        shop.client(key).chat.completions.create(model="scripted", messages=[ASK[0]] * 25, n=8, max_tokens=9)
    assert caught.value.status_code == 402


def test_log_probabilities_are_passed_on(client: OpenAI, upstream: Upstream) -> None:
    tag = uuid.uuid4().hex
    answer = client.chat.completions.create(
        model="scripted", messages=ASK, logprobs=True, top_logprobs=2, seed=7, reasoning_effort="low",
        extra_body=script(tag=tag),
    )  # fmt: skip
    told = answer.choices[0].logprobs
    assert told is not None
    assert told.content is not None
    assert told.content[0].logprob == -0.25
    heard = upstream.one(tag).body
    assert (heard["top_logprobs"], heard["seed"], heard["reasoning_effort"]) == (2, 7, "low")


@pytest.mark.parametrize(
    ("asked", "served", "times"),
    [("flex", "flex", "0.5"), ("flex", "default", "1"), ("priority", "priority", "2"), ("auto", "default", "1")],
)
def test_a_tier_is_charged_as_it_was_served(
    shop: Solvent, client: OpenAI, upstream: Upstream, asked: Any, served: str, times: str
) -> None:
    tag = uuid.uuid4().hex
    answer = client.chat.completions.create(
        model="tiered", messages=ASK, service_tier=asked, extra_body=script(tag=tag, members={"service_tier": served})
    )
    assert upstream.one(tag).body["service_tier"] == asked
    receipt = shop.receipt(answer.id)
    plainly = PROMPT_TOKENS * INPUT_GRAINS + WORDS * OUTPUT_GRAINS
    assert receipt["charge"] == plain(Money(int(plainly * float(times)), "USD"))
    assert receipt["alarms"] == []


@pytest.mark.parametrize("surface", ["chat", "responses"])
def test_a_dearer_tier_is_held_for(shop: Solvent, surface: str) -> None:
    """What pays for a plain answer and no more is not enough for one that may come to twice as much."""
    _, key = shop.customer(grant="0.0001")
    client = shop.client(key)

    def ask(tier: Any) -> None:
        if surface == "chat":
            client.chat.completions.create(model="tiered", messages=ASK, max_tokens=1, service_tier=tier)
        else:
            client.responses.create(model="tiered", input="Hello?", max_output_tokens=1, service_tier=tier)

    ask("default")
    with pytest.raises(openai.APIStatusError) as caught:
        ask("priority")
    assert (caught.value.status_code, caught.value.code) == (402, "request_exceeds_balance")


@pytest.mark.parametrize(
    ("asked", "code", "param"),
    [
        ({"model": "scripted", "service_tier": "flex"}, "unpriced_feature", "service_tier"),
        ({"model": "by-answer", "n": 2}, "unpriced_feature", "n"),
        ({"model": "messenger", "n": 2}, "not_bridged", "n"),
        ({"model": "messenger", "logprobs": True}, "not_bridged", "logprobs"),
        ({"model": "scripted", "n": 9}, "bad_request", "n"),
    ],
)
def test_what_cannot_be_asked_is_told_by_its_name(
    shop: Solvent, client: OpenAI, asked: dict[str, Any], code: str, param: str
) -> None:
    before = shop.wallet()["balance"]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(messages=ASK, **asked)
    assert (caught.value.code, caught.value.param) == (code, param)
    assert shop.wallet()["balance"] == before


HEARD: dict[str, Any] = {
    "seeing": {"type": "image_url", "image_url": {"url": data_url(PICTURE)}},
    "seeing-messages": {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": base64_of(PICTURE)},
    },
    "seeing-gemini": {"inlineData": {"mimeType": "image/png", "data": base64_of(PICTURE)}},
    "seeing-bedrock": {"image": {"format": "png", "source": {"bytes": base64_of(PICTURE)}}},
}


def see(
    shop: Solvent, surface: str, model: str, said: str, url: str = data_url(PICTURE), key: str | None = None
) -> Any:
    """Ask about a picture over a surface, by its official package; the answer's id. said: a script for the upstream."""
    client = shop.client(key)
    content: Any
    if surface == "chat":
        content = [{"type": "text", "text": said}, {"type": "image_url", "image_url": {"url": url}}]
        turns: Any = [{"role": "user", "content": content}]
        return client.chat.completions.create(model=model, messages=turns, user=said, max_tokens=9).id
    if surface == "responses":
        content = [{"type": "input_text", "text": said}, {"type": "input_image", "image_url": url}]
        items: Any = [{"role": "user", "content": content}]
        return client.responses.create(model=model, input=items, user=said, max_output_tokens=9).id
    source: Any = {"type": "url", "url": url}
    if url.startswith("data:"):
        source = {"type": "base64", "media_type": "image/png", "data": url.partition(",")[2]}
    content = [{"type": "text", "text": said}, {"type": "image", "source": source}]
    there = Anthropic(base_url=shop.url, api_key=key or shop.key, max_retries=0)
    blocks: Any = [{"role": "user", "content": content}]
    return there.messages.create(model=model, max_tokens=9, messages=blocks, metadata={"user_id": said}).id


@pytest.mark.parametrize("surface", ["chat", "responses", "messages"])
@pytest.mark.parametrize("model", HEARD)
def test_a_picture_reaches_every_dialect_from_every_surface(
    shop: Solvent, upstream: Upstream, surface: str, model: str
) -> None:
    tag = uuid.uuid4().hex
    receipt = shop.receipt(see(shop, surface, model, json.dumps({"tag": tag})))
    body = upstream.one(tag).body
    turn = (body.get("messages") or body["contents"])[0]
    heard = (turn.get("content") or turn["parts"])[1]
    assert heard == HEARD[model]
    assert (receipt["outcome"], receipt["alarms"]) == ("answered", [])


def test_what_a_picture_comes_to_is_metered_and_charged(shop: Solvent) -> None:
    usage = {
        "prompt_tokens": 800, "completion_tokens": 5, "total_tokens": 805,
        "prompt_tokens_details": {"image_tokens": 765, "text_tokens": 35},
    }  # fmt: skip
    receipt = shop.receipt(see(shop, "chat", "seeing", json.dumps({"usage": usage})))
    assert receipt["charge"] == charge_of(5, 800)
    assert (receipt["usage"]["image_input_tokens"], receipt["usage"]["input_tokens"]) == (765, 35)


@pytest.mark.parametrize("surface", ["chat", "responses", "messages"])
def test_the_most_a_picture_can_come_to_is_held_for(shop: Solvent, surface: str) -> None:
    """Its base64 is long and costs nothing; its tokens are many and are set aside."""
    large = data_url(PICTURE + bytes(60_000))
    _, rich = shop.customer(grant="0.0005")  # 1,000 tokens seen are 0.0003; 80,000 characters would be 0.024
    see(shop, surface, "seeing", "{}", large, rich)
    _, poor = shop.customer(grant="0.0003")
    with pytest.raises((openai.APIStatusError, anthropic.APIStatusError)) as caught:
        see(shop, surface, "seeing", "{}", large, poor)
    assert getattr(caught.value, "status_code", None) == 402


def test_an_address_goes_to_a_provider_that_fetches(shop: Solvent, upstream: Upstream) -> None:
    tag = uuid.uuid4().hex
    see(shop, "messages", "fetching", json.dumps({"tag": tag}), ADDRESS)
    assert upstream.one(tag).body["messages"][0]["content"][1] == {"type": "image_url", "image_url": {"url": ADDRESS}}


@pytest.mark.parametrize(
    ("model", "url", "code"),
    [
        ("scripted", data_url(PICTURE), "no_pictures"),
        ("seeing", ADDRESS, "no_pictures"),
        ("seeing", data_url(b"%PDF-1.7"), "bad_picture"),
    ],
)
@pytest.mark.parametrize("surface", ["chat", "responses", "messages"])
def test_a_picture_that_cannot_be_bounded_is_refused(
    shop: Solvent, upstream: Upstream, surface: str, model: str, url: str, code: str
) -> None:
    before, heard = shop.wallet()["balance"], len(upstream.heard)
    with pytest.raises((openai.BadRequestError, anthropic.BadRequestError)) as caught:
        see(shop, surface, model, "{}", url)
    if isinstance(caught.value, openai.BadRequestError):
        assert caught.value.code == code
    assert (shop.wallet()["balance"], len(upstream.heard)) == (before, heard)
