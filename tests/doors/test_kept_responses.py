"""Going on from a response, over the official package: only where the operator keeps any, and for whoever had it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import openai
import pytest
from openai import OpenAI
from tests.doors.fixtures import CONFIG, Serve, scripted_model
from tests.doors.server import INPUT_GRAINS, Solvent
from tests.doors.test_responses_client import WEATHER, played
from tests.doors.upstream import Upstream

from solvent.values.money import Money, plain

pytestmark = pytest.mark.xdist_group("kept_responses")


@pytest.fixture
def keeping(serve: Serve, upstream: Upstream) -> Solvent:
    models = scripted_model(upstream) + scripted_model(upstream, "messenger", provider="anthropic", vendor="anthropic")
    return serve("keep_responses_days = 30\n" + CONFIG + models).start()


def heard(upstream: Upstream, tag: str) -> list[tuple[str, Any]]:
    return [(message["role"], message["content"]) for message in upstream.one(tag).body["messages"]]


@pytest.mark.parametrize("streams", [False, True])
def test_a_conversation_goes_on_by_its_last_id(keeping: Solvent, upstream: Upstream, *, streams: bool) -> None:
    client = keeping.client()

    def ask(**asked: Any) -> Any:
        if not streams:
            return client.responses.create(model="scripted", **asked)
        with client.responses.stream(model="scripted", **asked) as stream:
            return stream.get_final_response()

    first = ask(input="My name is Kim.", instructions="Be brief.", **played(text="Hello, Kim. 안녕!"))
    assert first.model_extra["store"] is True
    tag, third = uuid.uuid4().hex, uuid.uuid4().hex
    second = ask(
        input=[{"role": "user", "content": "What is my name?"}], previous_response_id=first.id,
        tools=[WEATHER], **played(tag=tag, tools=True),
    )  # fmt: skip
    assert second.previous_response_id == first.id
    turns = [("user", "My name is Kim."), ("assistant", "Hello, Kim. 안녕!"), ("user", "What is my name?")]
    assert heard(upstream, tag) == turns, "instructions are not carried over"
    result = {"type": "function_call_output", "call_id": second.output[0].call_id, "output": "It rains."}
    ask(input=[result], previous_response_id=second.id, instructions="Be kind.", tools=[WEATHER], **played(tag=third))
    assert heard(upstream, third) == [
        ("system", "Be kind."), *turns, ("assistant", None), ("tool", "It rains."),
    ]  # fmt: skip
    client.responses.create(model="messenger", input="So?", previous_response_id=first.id)


def test_a_call_that_was_cut_short_is_not_gone_on_from(keeping: Solvent, upstream: Upstream) -> None:
    client: OpenAI = keeping.client()
    cut = client.responses.create(model="scripted", input="?", tools=[WEATHER], **played(tools=True, finish="length"))
    assert cut.output[0].type == "function_call"
    tag = uuid.uuid4().hex
    client.responses.create(model="scripted", input="So?", previous_response_id=cut.id, **played(tag=tag))
    assert heard(upstream, tag) == [("user", "?"), ("user", "So?")]


def test_the_hold_is_for_the_whole_conversation(keeping: Solvent) -> None:
    """Not for the few words that were sent: the model reads all of it again."""
    long, grant = "x" * 200_000, plain(Money(300_000 * INPUT_GRAINS, "USD"))
    client: OpenAI = keeping.client(keeping.customer(grant=grant)[1])
    first = client.responses.create(model="scripted", input=long)
    client.responses.create(model="scripted", input=long)
    client.responses.create(model="scripted", input="?", previous_response_id=first.id)
    with pytest.raises(openai.APIStatusError) as refused:
        client.responses.create(model="scripted", input=long, previous_response_id=first.id)
    assert (refused.value.status_code, refused.value.code) == (402, "request_exceeds_balance")


def test_nobody_else_goes_on_from_it_and_nothing_is_kept_against_anybodys_will(keeping: Solvent) -> None:
    client: OpenAI = keeping.client()
    mine = client.responses.create(model="scripted", input="A secret.")
    private = client.responses.create(model="scripted", input="Another.", store=False)
    assert private.model_extra is not None
    assert private.model_extra["store"] is False
    _, key = keeping.customer(grant="1")
    for who, id in ((keeping.client(key), mine.id), (client, private.id), (client, "resp_none")):
        with pytest.raises(openai.NotFoundError) as missing:
            who.responses.create(model="scripted", input="?", previous_response_id=id)
        assert (missing.value.code, missing.value.param) == ("no_such_response", "previous_response_id")
    with pytest.raises(openai.NotFoundError):
        keeping.client(key).responses.delete(mine.id)
    client.responses.create(model="scripted", input="?", previous_response_id=mine.id)
    client.responses.delete(mine.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model="scripted", input="?", previous_response_id=mine.id)
    assert keeping.receipt(mine.id)["outcome"] == "answered", "the receipt stays"


def test_what_broke_is_not_kept(keeping: Solvent) -> None:
    asked = {"model": "scripted", "input": "?", "stream": True} | played(end="error")
    body = keeping.send("POST", "/v1/responses", asked).body.decode()
    id = json.loads(body.split("data: ", 1)[1].splitlines()[0])["response"]["id"]
    with pytest.raises(openai.NotFoundError):
        keeping.client().responses.create(model="scripted", input="?", previous_response_id=id)


def test_where_nothing_is_kept_no_word_of_it_is_in_the_books(serve: Serve, upstream: Upstream) -> None:
    words = f"words {uuid.uuid4().hex}"
    for config, are_there in (("", False), ("keep_responses_days = 1\n", True)):
        server = serve(config + CONFIG + scripted_model(upstream), f"keeps{are_there}").start()
        server.client().responses.create(model="scripted", input=words)
        server.stop()
        written = b"".join(file.read_bytes() for file in server.data.iterdir() if file.is_file())
        assert (words.encode() in written) is are_there
        assert words not in server.output
