"""What becomes of an answer in the request log: nothing personal, nothing secret, no bytes, and never too much."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.answering.heard import Heard
from solvent.answering.logged import Logged, fair_share, logged
from solvent.answering.question import Question
from solvent.app.logbook import redacts
from solvent.billing.plan import Keep, LogTerms
from solvent.providers.port import Chunk, Dialect, File
from solvent.values.ids import AnswerId, CustomerId, KeyId
from solvent.values.instant import DAY_US
from solvent.values.limits import LOG_CHARACTERS_MAX, LOG_SIDE_BYTES_MAX

ALL = ("resident_number", "foreigner_number", "card", "phone", "email")


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def heard(
    members: dict[str, Any], *chunks: dict[str, Any], keep: Keep = "text", dialect: Dialect = "chat", **more: Any
) -> Heard:  # fmt: skip
    question = Question(
        AnswerId("ans_1"), 1_000, "small", {name: raw(value) for name, value in members.items()}, True, 0, None,
        dialect=dialect, **more,
    )  # fmt: skip
    one = Heard(question, CustomerId("cus_1"), KeyId("key_1"), "small", LogTerms(keep, ALL, 3))
    for chunk in chunks:
        one.hear(Chunk({name: raw(value) for name, value in chunk.items()}))
    return one


def kept(members: dict[str, Any], *chunks: dict[str, Any], **more: Any) -> Logged:
    return logged(heard(members, *chunks, **more), redacts(ALL))


def delta(words: str, index: int = 0, name: str = "content") -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": {name: words}}]}


def luhn(digits: str) -> str:
    total = sum(
        n - 9 if n > 9 else n
        for place, digit in enumerate(reversed(digits))
        for n in [int(digit) * (1 if place % 2 else 2)]
    )
    return digits + str(-total % 10)


residents = st.builds(
    lambda year, month, day, seventh, rest: f"{year:02}{month:02}{day:02}-{seventh}{rest:06}",
    st.integers(40, 99), st.integers(1, 12), st.integers(1, 28), st.sampled_from("1256"), st.integers(0, 999_999),
)  # fmt: skip
cards = st.builds(lambda n: luhn(f"4{n:014}"), st.integers(0, 10**14 - 1))
mails = st.builds(
    lambda name, domain: f"{name}@{domain}.com", st.text("abcxyz019.", min_size=1, max_size=12).map(lambda t: f"q{t}q"),
    st.text("abcxyz", min_size=2, max_size=10),
)  # fmt: skip
secrets = st.text("0123456789abcdef", min_size=48, max_size=48).map(lambda text: f"sk-solvent-9{text[1:]}")
personal = st.one_of(residents, cards, mails, secrets)
around = st.text("가나 ,\n", max_size=12)


@given(personal, around, around, st.data())
@settings(max_examples=150, deadline=None)
def test_nothing_personal_is_ever_written(found: str, before: str, after: str, data: st.DataObject) -> None:
    """Wherever it stands in the question, and wherever a stream cuts it."""
    words = f"{before} {found} {after}"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(words)), max_size=6)))
    parts = [words[start:end] for start, end in zip([0, *cuts], [*cuts, len(words)], strict=True)]
    arguments = json.dumps({"to": words, found: [found]}, ensure_ascii=data.draw(st.booleans()))
    asked: dict[str, Any] = {
        "messages": [
            {"role": "user", "name": found, "content": words},
            {"role": "user", "content": [{"type": "text", "text": words}, {"type": words, "data": found}]},
            {"role": "assistant", "tool_calls": [{"id": found, "function": {"name": "f", "arguments": arguments}}]},
            {"role": "tool", "tool_call_id": found, "content": arguments},
        ],
        "metadata": {found: words}, "user": found, "stop": [found],
    }  # fmt: skip
    one = kept(
        asked, *(delta(part, index, name) for part in parts for index in (0, 1) for name in ("content", "reasoning"))
    )
    for side in (one.asked, one.told):
        assert found not in side
        assert found not in json.dumps(json.loads(side), ensure_ascii=False)
    assert one.told.count("[") >= 4


@given(cards)
@settings(max_examples=30, deadline=None)
def test_a_number_that_is_one_is_masked_too(card: str) -> None:
    assert card not in kept({"messages": [], "tool_choice": {"input": {"card": int(card)}}}).asked


def test_of_metadata_only_lengths_are_kept() -> None:
    one = kept(
        {"model": "small", "prompt": "안녕하세요"}, {"choices": [{"text": "네."}]}, keep="metadata", task="completions"
    )
    assert (one.asked, one.told, one.asked_characters, one.told_characters) == ("", "", len("small") + 5, 2)
    assert one.until_us == 1_000 + 3 * DAY_US


def test_streams_and_whole_answers_are_told_alike() -> None:
    call = {"function": {"name": "f", "arguments": '{"a": 1}'}}
    message = {"reasoning_content": "Hm.", "content": "Yes.", "tool_calls": [call, call]}
    whole = kept({}, {"choices": [{"index": 0, "message": message}]})
    parts = [{"index": n, "function": {"name": "f", "arguments": '{"a"'}} for n in (0, 1)]
    rest = [{"index": n, "function": {"arguments": ": 1}"}} for n in (0, 1)]
    stream = kept(
        {}, delta("H", name="reasoning_content"), delta("m.", name="reasoning_content"), delta("Yes."),
        *({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]} for calls in (parts, rest)),
    )  # fmt: skip
    assert stream.told == whole.told
    f = {"said": "call", "name": "f", "arguments": {"a": 1}}
    assert json.loads(whole.told)["texts"] == [
        {"said": "thought", "text": "Hm."}, {"said": "reply", "text": "Yes."}, f, f,
    ]  # fmt: skip


def test_messages_are_told_alike_too() -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmF0dXJl"}, {"type": "text", "text": "Yes."},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
    ]  # fmt: skip
    whole = kept({}, {"type": "message", "content": blocks}, dialect="messages")
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"content": []}},
        *({"type": "content_block_start", "index": n, "content_block": block} for n, block in enumerate([
            {"type": "thinking", "thinking": ""}, {"type": "text", "text": ""}, {**blocks[2], "input": {}},
        ])),
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Yes."}},
        {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"a":'}},
        {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "1}"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, {"type": "message_stop"},
    ]  # fmt: skip
    assert kept({}, *events, dialect="messages").told == whole.told
    assert [text["said"] for text in json.loads(whole.told)["texts"]] == ["thought", "reply", "call"]


def test_no_bytes_are_written() -> None:
    blob = "QUJD" * 200
    one = kept(
        {"input_audio": {"data": blob, "format": "wav"}, "file": {"file_data": f"data:application/pdf;base64,{blob}"},
         "url": f"data:image/png;base64,{blob}", "text": blob, "prompt": [1, 2, 3], "logit_bias": {"5": 1},
         "inline": f"data: see ![a](data:image/gif;base64,{blob}), or data:;base64,{blob}!"},
        files=(File("file2", "a.png", b"x" * 70, "image/png"),),
    )  # fmt: skip
    assert "QUJD" not in one.asked
    asked = json.loads(one.asked)
    assert asked["file"]["file_data"] == "[application/pdf 600 BYTES]"
    assert (asked["url"], asked["file2"]) == ("[image/png 600 BYTES]", "[image/png 70 BYTES]")
    assert asked["inline"] == "data: see ![a]([image/gif 600 BYTES]), or [DATA 600 BYTES]!"
    assert asked["prompt"] == "[3 NUMBERS]"


@given(st.lists(st.integers(0, 1_000), max_size=30), st.integers(0, 5_000))
def test_a_share_is_fair(lengths: list[int], most: int) -> None:
    """As much of the long ones as there is room for, and all where there is room for all."""
    share = fair_share(lengths, most)
    assert sum(min(length, share) for length in lengths) <= most
    assert sum(min(length, share + 1) for length in lengths) > most or share == max(lengths, default=0)


def test_long_texts_are_cut_and_short_ones_are_not() -> None:
    long = "긴 글 " * 20_000
    one = kept({"messages": [{"content": "The question"}, {"content": long}]}, *[delta(long[:5_000])] * 20)
    first, second = json.loads(one.asked)["messages"]
    assert first["content"] == "The question"
    assert second["content"].endswith("[CUT]")
    assert LOG_CHARACTERS_MAX - 100 < len(second["content"]) < LOG_CHARACTERS_MAX + 10
    assert one.asked_characters > len(long)
    told = json.loads(one.told)["texts"][0]["text"]
    assert told.endswith("[CUT]")
    assert one.told_characters == 100_000
    many = kept({"messages": [{"content": "x" * 60 + str(n)} for n in range(10_000)]})
    assert len(many.asked.encode()) <= LOG_SIDE_BYTES_MAX
    assert "BYTES]" in many.asked


@pytest.mark.parametrize("members", [{"choices": 1}, {"choices": [{"delta": 3}]}, {"choices": [[]]}, {"choices": None}])
def test_nothing_that_is_told_makes_it_fail(members: dict[str, Any]) -> None:
    assert kept({}, members).told


def test_what_is_nested_too_deeply_is_not_kept() -> None:
    deep = msgspec.Raw(b"[" * 900 + b'"kim@example.com"' + b"]" * 900)
    question = Question(AnswerId("a"), 1, "m", {"input": deep}, True, 0, None)
    one = Heard(question, CustomerId("c"), KeyId("k"), "m", LogTerms("text", ALL, 1))
    assert "kim@" not in logged(one, redacts(ALL)).asked


def test_half_of_a_pair_is_no_text_for_the_books() -> None:
    one = kept({}, {"choices": [{"message": {"tool_calls": [{"function": {"arguments": '{"a":"\\ud800"}'}}]}}]})
    one.told.encode()
