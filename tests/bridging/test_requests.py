"""A question in the other dialect asks the same, or is refused by the name of what cannot be said."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.bridging.chat_request import chat_request
from solvent.bridging.messages_request import messages_request
from solvent.values.errors import Invalid

TOOL = {"type": "function", "function": {"name": "weather", "description": "d", "parameters": {"type": "object"}}}


def members(asked: dict[str, Any]) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(json.dumps(value).encode()) for name, value in asked.items()}


def to_messages(most: int = 100_000, **asked: Any) -> dict[str, Any]:
    said = messages_request(members({"messages": [{"role": "user", "content": "?"}]} | asked), most)
    return {name: json.loads(bytes(value)) for name, value in said.items()}


def to_chat(**asked: Any) -> dict[str, Any]:
    said = chat_request(members({"messages": [{"role": "user", "content": "?"}]} | asked))
    return {name: json.loads(bytes(value)) for name, value in said.items()}


def test_instructions_leave_the_conversation_and_neighbours_are_one_turn() -> None:
    said = to_messages(
        messages=[
            {"role": "system", "content": "One."},
            {"role": "developer", "content": [{"type": "text", "text": "Two."}]},
            {"role": "user", "content": "a"},
            {"role": "user", "content": [{"type": "text", "text": "b"}]},
            {"role": "assistant", "content": "c"},
        ]
    )
    assert said["system"] == "One.\n\nTwo."
    assert [turn["role"] for turn in said["messages"]] == ["user", "assistant"]
    assert [block["text"] for block in said["messages"][0]["content"]] == ["a", "b"]


def test_calls_of_tools_and_their_results_keep_their_ids() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Seoul"}'}}
    said = to_messages(
        tools=[TOOL],
        tool_choice={"type": "function", "function": {"name": "weather"}},
        parallel_tool_calls=False,
        messages=[
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
        ],
    )
    assert said["tools"] == [{"name": "weather", "description": "d", "input_schema": {"type": "object"}}]
    assert said["tool_choice"] == {"type": "tool", "name": "weather", "disable_parallel_tool_use": True}
    used, result = said["messages"][1]["content"][0], said["messages"][2]["content"][0]
    assert used == {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Seoul"}}
    assert result == {"type": "tool_result", "tool_use_id": "call_1", "content": "rain"}


@pytest.mark.parametrize(("word", "kind"), [("auto", "auto"), ("required", "any"), ("none", "none")])
def test_choices_of_tools_have_a_word_each(word: str, kind: str) -> None:
    assert to_messages(tools=[TOOL], tool_choice=word)["tool_choice"]["type"] == kind
    custom = [{"name": "weather", "input_schema": {"type": "object"}}]
    assert to_chat(tools=custom, tool_choice={"type": kind})["tool_choice"] == word


@pytest.mark.parametrize(
    ("effort", "most", "budget"),
    [("low", 10_000, 1024), ("high", 100_000, 16_384), ("high", 4_000, 2_000), ("low", 100, None)],
)
def test_effort_is_a_share_of_what_may_be_written(effort: str, most: int, budget: int | None) -> None:
    said = to_messages(most, reasoning_effort=effort, temperature=0.3)
    assert said.get("thinking") == ({"type": "enabled", "budget_tokens": budget} if budget else None)
    assert ("temperature" in said) == (budget is None), "thinking is at its own temperature"


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"logprobs": True}, "logprobs"),
        ({"n": 2}, "n"),
        ({"service_tier": "flex"}, "service_tier"),
        ({"logit_bias": {"5": 1}}, "logit_bias"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages"),
        ({"tools": [TOOL], "tool_choice": "sometimes"}, "tool_choice"),
    ],
)
def test_what_messages_cannot_say_is_refused_by_name(asked: dict[str, Any], param: str) -> None:
    with pytest.raises(Invalid) as refused:
        to_messages(**asked)
    assert (refused.value.code, refused.value.param) == ("not_bridged", param)


def test_arguments_that_are_no_object_are_the_clients_mistake() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "[1"}}
    with pytest.raises(Invalid) as refused:
        to_messages(messages=[{"role": "assistant", "tool_calls": [call]}])
    assert refused.value.code == "bad_request"


def test_a_turn_with_results_is_several_messages_and_thoughts_are_left_out() -> None:
    said = to_chat(
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        stop_sequences=["END"],
        metadata={"user_id": "kim"},
        messages=[
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "서울"}},
            ]},
            {"role": "user", "content": [
                {"type": "text", "text": "So?"},
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "rain"}]},
            ]},
        ],
    )  # fmt: skip
    assert (said["stop"], said["user"]) == (["END"], "kim")
    assert [message["role"] for message in said["messages"]] == ["system", "assistant", "tool", "user"]
    assert said["messages"][1]["content"] == "I look."
    assert json.loads(said["messages"][1]["tool_calls"][0]["function"]["arguments"]) == {"city": "서울"}
    assert said["messages"][2] == {"role": "tool", "tool_call_id": "t1", "content": "rain"}


PIXELS = "data:image/png;base64,aGk="
SEEN = {"type": "image_url", "image_url": {"url": PIXELS}}
THERE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


def test_pictures_go_there_and_back_in_their_places() -> None:
    content = [{"type": "text", "text": "this"}, SEEN, {"type": "text", "text": "or that"}, THERE]
    said = to_messages(messages=[{"role": "user", "content": content}])["messages"]
    assert said[0]["content"] == [
        {"type": "text", "text": "this"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
        {"type": "text", "text": "or that"},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
    ]
    assert to_chat(messages=said)["messages"] == [{"role": "user", "content": content}]
    alone = to_messages(messages=[{"role": "user", "content": [SEEN]}])["messages"]
    assert to_chat(messages=alone)["messages"] == [{"role": "user", "content": [SEEN]}]


def test_a_picture_in_the_result_of_a_tool_has_no_place_in_chat() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "aGk="}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image", "source": source}]}
    with pytest.raises(Invalid) as refused:
        to_chat(messages=[{"role": "user", "content": [result]}])
    assert refused.value.code == "not_bridged"


def test_a_schema_for_the_answer_is_kept() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    there = to_messages(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}})
    assert there["output_config"] == {"format": {"type": "json_schema", "schema": schema}}
    assert to_chat(output_config=there["output_config"])["response_format"]["json_schema"]["schema"] == schema


WORDS = st.text(min_size=1, max_size=20)


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), WORDS), min_size=1, max_size=8), WORDS)
@settings(deadline=None)
def test_there_and_back_says_the_same(turns: list[tuple[str, str]], system: str) -> None:
    chat = [{"role": "system", "content": system}, *({"role": role, "content": text} for role, text in turns)]
    back = to_chat(**to_messages(messages=chat))["messages"]

    def spoken(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
        said: list[tuple[str, str]] = []
        for message in messages:
            parts = message["content"]
            texts = [parts] if isinstance(parts, str) else [part["text"] for part in parts]
            said += [(message["role"], text) for text in texts]
        return said

    assert spoken(back) == spoken(chat)
