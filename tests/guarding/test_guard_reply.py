"""Answers through guards: nothing that is masked or blocked is told, however the stream is cut, and nothing is lost."""

from __future__ import annotations

import json
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guarding.guards import PII, acts, deltas, plain, raw, rule, tell

from solvent.guarding.masking import masked
from solvent.guards.fake import FakeGuard
from solvent.providers.port import Chunk
from solvent.values.errors import Unavailable

DATA = ["010-1234-5678", "kim@example.com", "4111 1111 1111 1111", "900101-1234568", "+82 10 1234 5678"]
WORDS = st.sampled_from(
    ["hello ", "연락처는 ", "2026-11-27 ", "and ", "입니다. ", "\n", "주문 123-45-67890 ", "a.b ", "(", ") ", "3 "]
)
BARE = st.characters(exclude_categories=("Nd", "No", "Nl", "Cs"), exclude_characters="@＠﹫")
PLANTED = st.sampled_from([datum + after for datum in DATA for after in (" ", "입니다 ", ", ", "\n")])


@st.composite
def texts_in_pieces(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A text with data in it, and the same cut anywhere."""
    parts = draw(st.lists(st.tuples(st.lists(WORDS, min_size=1, max_size=4), PLANTED), max_size=3))
    words = "".join("".join(before) + " 말 " + datum for before, datum in parts) + draw(WORDS)
    cuts = sorted(draw(st.sets(st.integers(0, len(words)), max_size=12)) | {0, len(words)})
    return words, [words[start:end] for start, end in pairwise(cuts)]


@given(texts_in_pieces())
def test_no_planted_datum_is_told_whatever_the_cut(given_: tuple[str, list[str]]) -> None:
    words, pieces = given_
    told = tell(deltas(*({"content": piece} for piece in pieces)), rule())
    assert told.fault is None
    said = told.text()
    assert not any(datum in said for datum in DATA), said
    assert said == masked(words, PII.look(0, words)), "a stream is masked as the whole text would be"
    assert said == masked(said, PII.look(0, said)), "masking again changes nothing"


@given(
    st.lists(
        st.text(st.characters(exclude_categories=("Nd", "No", "Nl", "Cs"), exclude_characters="@＠﹫")), max_size=9
    )
)
def test_a_stream_without_data_is_told_as_it_is(pieces: list[str]) -> None:
    told = tell(deltas(*({"content": piece} for piece in pieces)), rule())
    assert told.text() == "".join(pieces)
    assert sum(chunk.pieces for chunk in told.chunks) == len(pieces), "every piece is counted"
    assert [chunk.finish for chunk in told.chunks if chunk.finish] == ["stop"]
    assert sum(chunk.usage is not None for chunk in told.chunks) == 1


def test_no_more_is_held_back_than_may_be_part_of_something() -> None:
    told = tell([*deltas({"content": "Call me "}, {"content": "today or "}, {"content": "010-12"})[:3]], rule())
    heard = [plain(chunk.members)["choices"][0]["delta"]["content"] for chunk in told.chunks[:3]]
    assert heard == ["Call me ", "today or ", ""]


def test_a_thought_is_whole_when_the_reply_begins() -> None:
    chunks = deltas({"reasoning_content": "ask kim@exam"}, {"reasoning_content": "ple.com"}, {"content": "hi "})
    told = tell(chunks, rule())
    assert told.text("reasoning_content") == "ask [EMAIL]"
    order = [next(iter(plain(c.members)["choices"][0]["delta"]), "") for c in told.chunks[:-2]]
    assert order.index("content") > max(n for n, name in enumerate(order) if name == "reasoning_content")


def test_what_could_say_it_again_is_left_out() -> None:
    choice = {"index": 0, "delta": {"content": "a@b.io ", "reasoning_details": [{"text": "a@b.io"}]},
              "logprobs": {"content": [{"token": "a@b.io"}]}}  # fmt: skip
    told = tell([Chunk(raw(choices=[choice], citations=["a@b.io"]), 1), *deltas()], rule())
    assert "a@b.io" not in repr(told.chunks)
    assert told.text() == "[EMAIL] "


def test_arguments_of_calls_stay_json_and_are_told_whole() -> None:
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "pay", "arguments": ""}}
    pieces = ['{"card":41111111', '11111111,"note":"010-1234', '\\u002d5678\\nkim@a.io","n":12345678901234567890}']
    more = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces]
    told = tell(deltas({"tool_calls": [call]}, *more, finish="tool_calls"), rule())
    assert json.loads(told.arguments()) == {"card": "[CARD]", "note": "[PHONE]\n[EMAIL]", "n": 12345678901234567890}


def test_a_reply_that_is_to_be_json_stays_it() -> None:
    told = tell(deltas({"content": '{"card":4111111111'}, {"content": "111111}"}), rule(), is_json=True)
    assert json.loads(told.text()) == {"card": "[CARD]"}


def test_whole_replies_are_masked_in_place() -> None:
    message = {"role": "assistant", "content": "a@b.io", "tool_calls": [
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"to":"010-1234-5678"}'}}]}  # fmt: skip
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": {"content": [{"token": "a@"}]}}
    account = acts()
    told = tell([Chunk(raw(id="x", choices=[choice]), 3)], rule(), is_stream=False, account=account)
    made = plain(told.chunks[0].members)["choices"][0]
    assert made["message"]["content"] == "[EMAIL]"
    assert json.loads(made["message"]["tool_calls"][0]["function"]["arguments"]) == {"to": "[PHONE]"}
    assert made["logprobs"] is None
    assert account.told() == "test:mask:2"


def test_messages_are_masked_block_by_block() -> None:
    def event(**members: object) -> Chunk:
        return Chunk(raw(**members), 1)

    def delta(index: int, kind: str, **said: object) -> Chunk:
        return event(type="content_block_delta", index=index, delta={"type": kind, **said})

    chunks = [
        event(type="message_start", message={"id": "m", "content": []}),
        event(type="content_block_start", index=0, content_block={"type": "text", "text": ""}),
        delta(0, "text_delta", text="call 010-1234"),
        delta(0, "text_delta", text="-5678"),
        event(
            type="content_block_delta", index=0, delta={"type": "citations_delta", "citation": {"cited_text": "k@a.io"}}
        ),
        event(type="content_block_stop", index=0),
        event(
            type="content_block_start", index=1, content_block={"type": "tool_use", "id": "t", "name": "f", "input": {}}
        ),
        delta(1, "input_json_delta", partial_json='{"a":"k@a'),
        delta(1, "input_json_delta", partial_json='.io"}'),
        event(type="content_block_stop", index=1),
        event(type="message_delta", delta={"stop_reason": "tool_use"}),
        event(type="message_stop"),
    ]
    told = tell(chunks, rule(), dialect="messages")
    events = [plain(chunk.members) for chunk in told.chunks if chunk.members]
    text = "".join(e["delta"].get("text", "") for e in events if e["type"] == "content_block_delta")
    arguments = "".join(e["delta"].get("partial_json", "") for e in events if e["type"] == "content_block_delta")
    assert (text, json.loads(arguments)) == ("call [PHONE]", {"a": "[EMAIL]"})
    kinds = [e["type"] for e in events]
    assert kinds.index("content_block_stop") > max(
        n for n, e in enumerate(events[:6]) if e["type"] == "content_block_delta"
    )
    assert "k@a.io" not in repr(told.chunks)


@pytest.mark.parametrize(("drains", "read"), [(True, 7), (False, 4)])
def test_what_is_blocked_is_not_told_and_read_on_where_that_is_billed(drains: bool, read: int) -> None:
    pieces = [{"content": piece} for piece in ("one ", "two ", "sec", "ret ", "three ")]
    account = acts()
    told = tell(deltas(*pieces), rule(FakeGuard(), "block"), drains=drains, account=account)
    assert told.fault is not None
    assert told.fault.code == "guard_blocked"
    assert "secret" not in told.fault.message
    assert told.text() == "one two "
    assert told.read == read
    assert sum(chunk.pieces for chunk in told.chunks) == (5 if drains else 4)
    assert account.told() == "test:block:1"


def test_a_whole_reply_that_is_blocked_is_counted_first() -> None:
    chunk = Chunk(raw(choices=[{"message": {"content": "a secret"}}]), 3, usage=msgspec.Raw(b"{}"))
    told = tell([chunk], rule(FakeGuard(), "block", is_charged=False), is_stream=False, account=(account := acts()))
    assert told.fault is not None
    assert [(chunk.members, chunk.pieces, chunk.usage) for chunk in told.chunks] == [({}, 3, chunk.usage)]
    assert account.is_free


def test_a_note_holds_nothing_back_and_changes_nothing() -> None:
    chunks = deltas({"content": "sec"}, {"content": "ret"})
    told = tell(chunks, rule(FakeGuard(), "note"), account=(account := acts()))
    assert told.chunks == chunks
    assert account.told() == "test:note:1"


def test_a_guard_that_sees_whole_texts_stops_a_stream_before_it_ends_well() -> None:
    guard = FakeGuard(sees="whole")
    told = tell(deltas({"content": "a sec"}, {"content": "ret"}), rule(guard, "block"))
    assert told.fault is not None
    assert told.text() == "a secret"
    assert not any(chunk.members and chunk.finish for chunk in told.chunks), "it has not ended well"
    assert guard.looked == 1


@pytest.mark.parametrize("guard", [FakeGuard(fault=ValueError("a secret")), FakeGuard(pause_s=9)])
def test_a_guard_that_fails_lets_nothing_pass(guard: FakeGuard) -> None:
    told = tell(deltas({"content": "hello "}), rule(guard, "block", timeout_s=0.01), account=(account := acts()))
    assert isinstance(told.fault, Unavailable)
    assert told.fault.code == "guard_failed"
    assert "secret" not in told.fault.message
    assert told.text() == ""
    assert account.is_free


def test_a_guard_that_fails_open_is_not_asked_again() -> None:
    guard = FakeGuard(fault=ValueError("no"))
    pieces = [{"content": "hello "}, {"content": "there "}]
    told = tell(deltas(*pieces), rule(guard, "block", "open"), account=(account := acts()))
    assert (told.text(), guard.looked, account.told()) == ("hello there ", 1, "test:failed:1")


def test_an_upstream_that_breaks_off_is_still_what_broke() -> None:
    told = tell([*deltas({"content": "hello 010"})[:1], Unavailable("upstream_cut_off", "gone")], rule())
    assert told.fault is not None
    assert told.fault.code == "upstream_cut_off"


def test_a_stream_that_never_says_its_end_loses_nothing() -> None:
    told = tell(deltas({"content": "hello 010-1234-5678"})[:1], rule())
    assert told.text() == "hello [PHONE]"


def test_two_rules_see_what_the_first_leaves() -> None:
    told = tell(deltas({"content": "a@sec"}, {"content": "ret.com secret"}), rule(), rule(FakeGuard(), "mask"))
    assert told.text() == "[EMAIL] [WORD]"
