"""Questions through guards: in every dialect no datum is left, and nothing else changes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest
from tests.guarding.guards import PII, acts, plain, raw, rule

from solvent.guarding.guard_question import guard_question
from solvent.guarding.rule import Rule
from solvent.guards.fake import FakeGuard
from solvent.guards.port import Text
from solvent.values.errors import Invalid, Refused

DATUM = "kim@example.com"
BODIES: dict[str, dict[str, Any]] = {
    "chat": {
        "model": "m@x.io", "user": DATUM, "metadata": {"who": DATUM}, "n": 1, "temperature": 0.5,
        "messages": [
            {"role": "system", "content": f"you help {DATUM}"},
            {"role": "user", "content": [{"type": "text", "text": DATUM}], "name": DATUM},
            {"role": "assistant", "content": None, "tool_calls": [
                {"id": "a@b.io", "type": "function",
                 "function": {"name": "f", "arguments": json.dumps({DATUM: [DATUM, 4111111111111111, 1.5, None]})}}]},
            {"role": "tool", "tool_call_id": "a@b.io", "content": f'{{"mail":"{DATUM}"}}'},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "description": DATUM, "parameters": {}}}],
    },
    "messages": {
        "model": "m", "system": [{"type": "text", "text": DATUM}],
        "messages": [
            {"role": "user", "content": DATUM},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": [DATUM]}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": DATUM}]}]},
        ],
    },
    "completions": {"model": "m", "prompt": f"write to {DATUM}", "suffix": DATUM},
    "embeddings": {"model": "m", "input": ["hello", DATUM]},
}  # fmt: skip


def guarded(body: dict[str, Any], *rules: Rule, account: Any = None) -> dict[str, Any]:
    members = asyncio.run(guard_question(raw(**body), rules, account or acts()))
    return plain(members)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_datum_is_left_anywhere(body: dict[str, Any]) -> None:
    made = guarded(body, rule())
    assert DATUM not in json.dumps(made)
    assert made.keys() == body.keys()
    assert guarded(made, rule()) == made, "masking again changes nothing"


def test_arguments_stay_json_and_ids_stay_ids() -> None:
    made = guarded(BODIES["chat"], rule())["messages"]
    call = made[2]["tool_calls"][0]
    assert json.loads(call["function"]["arguments"]) == {"[EMAIL]": ["[EMAIL]", "[CARD]", 1.5, None]}
    assert (call["id"], made[3]["tool_call_id"]) == ("a@b.io", "a@b.io")


def test_members_without_a_find_are_passed_on_byte_by_byte() -> None:
    members = {"messages": msgspec.Raw(b'[ {"role" : "user", "content" : "hi"} ]'), "x": msgspec.Raw(b"1e400")}
    made = asyncio.run(guard_question(members, [rule()], acts()))
    assert {name: bytes(value) for name, value in made.items()} == {n: bytes(v) for n, v in members.items()}


def test_pictures_are_no_texts() -> None:
    url = "data:image/png;base64," + "4111111111111111"
    body = {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]}
    assert guarded(body, rule()) == body


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_is_blocked_is_refused_without_its_words(body: dict[str, Any]) -> None:
    account = acts()
    with pytest.raises(Refused, match="email") as refused:
        guarded(body, rule(PII, "block"), account=account)
    assert refused.value.code == "guard_blocked"
    assert DATUM not in refused.value.message
    assert account.told().startswith("test:block:")


@pytest.mark.parametrize("body", [{"prompt": [1, 2]}, {"input": [[1, 2], [3]]}, {"prompt": [[1]]}])
def test_tokens_that_nobody_can_read_do_not_pass(body: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="tokens"):
        guarded(body, rule())
    assert guarded(body, rule(PII, "note")) == body


def test_a_body_nested_too_deeply_is_refused() -> None:
    members = {"messages": msgspec.Raw(b'{"a":' * 5_000 + b"1" + b"}" * 5_000)}
    with pytest.raises(Invalid, match="nested"):
        asyncio.run(guard_question(members, [rule()], acts()))


def test_a_guard_is_told_who_says_what() -> None:
    heard: list[Text] = []

    class Listener(FakeGuard):
        async def find(self, texts: Any) -> Any:
            heard.extend(texts)
            return []

    guarded(BODIES["messages"], rule(Listener(), "note"))
    said = [text.said for text in heard if text.words == DATUM]
    assert said == ["system", "user", "assistant", "tool"]
