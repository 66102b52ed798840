"""A responses request asks the same as chat, whatever its input is made of."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.bridging.responses_request import Asked, chat_members
from solvent.values.errors import Invalid

TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}}


def to_chat(items: object = "?", **asked: Any) -> dict[str, Any]:
    body = json.dumps({"model": "m", "input": items} | asked).encode()
    return {name: json.loads(bytes(raw)) for name, raw in chat_members(msgspec.json.decode(body, type=Asked)).items()}


def called(id: str) -> dict[str, Any]:
    return {"type": "function_call", "call_id": id, "name": "f", "arguments": f'{{"of": "{id}"}}'}


def answered(id: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": id, "output": f"for {id}"}


def test_a_text_and_instructions_are_two_messages() -> None:
    said = to_chat("Hello?", instructions="Be brief.")
    assert said == {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]}


def test_parts_stay_parts_and_developers_are_heard_by_every_provider() -> None:
    texts = [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]
    said = to_chat(
        [
            {"role": "developer", "content": "One."},
            {"type": "message", "role": "user", "content": texts},
            {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
            {"role": "user", "content": []},
        ]
    )
    assert said["messages"] == [
        {"role": "system", "content": "One."},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": "No."},
        {"role": "user", "content": ""},
    ]


def test_calls_join_what_was_said_before_them_and_results_follow() -> None:
    said = to_chat(
        [
            {"role": "user", "content": "?"},
            {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]},
            {"role": "assistant", "content": [{"type": "output_text", "text": "I look."}]},
            called("c1"),
            {"type": "reasoning", "id": "rs_2", "summary": []},
            called("c2"),
            answered("c1"),
            answered("c2") | {"output": [{"type": "input_text", "text": "x"}, {"type": "input_text", "text": "y"}]},
            called("c3"),
            answered("c3"),
        ]
    )["messages"]
    assert [message["role"] for message in said] == ["user", "assistant", "tool", "tool", "assistant", "tool"]
    assert said[1]["content"] == "I look."
    assert [call["id"] for call in said[1]["tool_calls"]] == ["c1", "c2"]
    assert said[1]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"of": "c1"}'}
    assert (said[3]["tool_call_id"], said[3]["content"]) == ("c2", "x\n\ny")
    assert (said[4]["content"], [call["id"] for call in said[4]["tool_calls"]]) == (None, ["c3"])


@given(st.lists(st.sampled_from(["user", "assistant", "reasoning", "call", "result"]), max_size=12))
@settings(deadline=None)
def test_every_item_is_said_once_and_in_its_order(kinds: list[str]) -> None:
    items: list[dict[str, Any]] = []
    for n, kind in enumerate(kinds):
        made = {
            "call": called(f"c{n}"), "result": answered(f"c{n}"), "reasoning": {"type": "reasoning", "summary": []},
        }  # fmt: skip
        items.append(made.get(kind, {"role": kind, "content": f"m{n}"}))
    said = to_chat(items)["messages"]
    found: list[str] = []
    for message in said:
        if message["role"] == "tool":
            found.append(f"result {message['tool_call_id']}")
        elif message["content"] is not None:
            found.append(f"{message['role']} {message['content']}")
        found += [f"call {call['id']}" for call in message.get("tool_calls", ())]
    names = {"call": "c", "result": "c", "user": "m", "assistant": "m"}
    assert found == [f"{kind} {names[kind]}{n}" for n, kind in enumerate(kinds) if kind != "reasoning"]


def test_choices_of_tools_mean_the_same() -> None:
    assert to_chat(tools=[TOOL], tool_choice="required")["tool_choice"] == "required"
    named = {"type": "function", "function": {"name": "f"}}
    said = to_chat(tools=[TOOL | {"strict": None}], tool_choice={"type": "function", "name": "f"})
    assert said["tool_choice"] == named
    assert said["tools"] == [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    assert not {"tools", "tool_choice"} & to_chat(tools=[], tool_choice="auto").keys(), "chat takes no empty list"


def test_a_schema_for_the_answer_is_kept_to_the_byte() -> None:
    schema = b'{"type": "object",  "n": 1.0}'
    body = b'{"model":"m","input":"?","text":{"format":{"type":"json_schema","name":"x","schema":' + schema + b"}}}"
    said = chat_members(msgspec.json.decode(body, type=Asked))["response_format"]
    assert schema in bytes(said)
    assert json.loads(bytes(said))["json_schema"]["name"] == "x"


@pytest.mark.parametrize(
    ("asked", "code", "param"),
    [
        ({"tools": [TOOL], "tool_choice": "sometimes"}, "bad_request", "tool_choice"),
        ({"tools": [TOOL], "tool_choice": {"type": "allowed_tools"}}, "not_served", "tool_choice"),
        ({"text": {"format": {"type": "grammar"}}}, "not_served", "text.format"),
        ({"input": [{"role": "robot", "content": "?"}]}, "bad_request", "input"),
    ],
)
def test_what_chat_cannot_say_is_refused_by_name(asked: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(Invalid) as refused:
        to_chat(**asked)
    assert (refused.value.code, refused.value.param) == (code, param)
