"""EventReader: whatever the splits and line ends, the same payloads come out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.values.errors import Unavailable
from solvent.wire.sse import EventReader

LINE_ENDS = st.sampled_from([b"\n", b"\r\n"])
LINES = st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b""))
EVENTS = st.lists(LINES, min_size=1, max_size=3)


def test_reads_whole_events_at_once() -> None:
    reader = EventReader()
    assert reader.feed(b'data: {"a":1}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n') == [
        b'{"a":1}',
        b'{"b":2}',
        b"[DONE]",
    ]
    assert not reader.pending


def test_strips_one_space_only() -> None:
    assert EventReader().feed(b"data:  two\n\ndata:none\n\ndata:\n\ndata\n\n") == [b" two", b"none", b"", b""]


def test_joins_lines_and_ignores_other_fields() -> None:
    stream = b": keep-alive\n\nevent: delta\ndata: one\nid: 7\ndata: two\nretry: 3\ndatabase: no\n\nevent: x\n\n"
    assert EventReader().feed(stream) == [b"one\ntwo"]


def test_reads_carriage_returns_and_extra_blank_lines() -> None:
    assert EventReader().feed(b"\r\n\r\ndata: a\r\n\r\n\r\n\r\ndata: b\r\n\n\ndata: c\n\r\n") == [
        b"a",
        b"b",
        b"c",
    ]


def test_drops_a_byte_order_mark_at_the_start_only() -> None:
    reader = EventReader()
    assert reader.feed(b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n") == [b"a"]


def test_drops_a_half_event_at_the_end() -> None:
    reader = EventReader()
    assert reader.feed(b"data: a\n\ndata: b\n") == [b"a"]
    assert reader.pending
    reader.finish()
    assert not reader.pending
    assert reader.feed(b"data: c\n\n") == [b"c"]


def test_a_lone_line_end_is_not_pending() -> None:
    reader = EventReader()
    reader.feed(b"data: a\n\n\r\n")
    assert not reader.pending


@pytest.mark.parametrize("split", [1, 7, 1000])
def test_refuses_an_event_past_the_limit(split: int) -> None:
    stream = b"data: " + b"x" * 100 + b"\n\n"
    reader = EventReader(event_bytes_max=50)
    pieces = (stream[start : start + split] for start in range(0, len(stream), split))
    with pytest.raises(Unavailable) as caught:
        list(map(reader.feed, pieces))
    assert caught.value.code == "upstream_event_too_large"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_reads_byte_by_byte(step: int, end: bytes) -> None:
    stream = b"".join(b"data: %d" % number + end + end for number in range(20))
    reader = EventReader()
    pieces = [stream[start : start + step] for start in range(0, len(stream), step)]
    assert [payload for piece in pieces for payload in reader.feed(piece)] == [b"%d" % number for number in range(20)]


def test_the_limit_is_per_event_not_per_read() -> None:
    assert len(EventReader(event_bytes_max=50).feed(b"data: " + b"x" * 40 + b"\n\n" + b"data: y\n\n" * 99)) == 100


@given(
    events=st.lists(EVENTS, max_size=6),
    ends=st.lists(LINE_ENDS, min_size=1, max_size=7),
    noise=st.lists(st.sampled_from([b"", b": ping", b"event: x", b"id"]), min_size=1, max_size=5),
    cuts=st.lists(st.integers(min_value=0, max_value=400), max_size=12),
)
def test_splits_and_line_ends_do_not_matter(
    events: list[list[bytes]], ends: list[bytes], noise: list[bytes], cuts: list[int]
) -> None:
    lines: list[bytes] = []
    for number, event in enumerate(events):
        extra = noise[number % len(noise)]
        lines += [extra] if extra else []
        lines += [b"data: " + line for line in event] + [b""]
    stream = b"".join(line + ends[number % len(ends)] for number, line in enumerate(lines))
    reader = EventReader()
    payloads: list[bytes] = []
    edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    for start, stop in pairwise(edges):
        payloads += reader.feed(stream[start:stop])
    assert payloads == [b"\n".join(event) for event in events]
    assert not reader.pending


@given(pieces=st.lists(st.lists(st.sampled_from([b"data", b":", b" ", b"\n", b"\r", b"x"])).map(b"".join)))
def test_any_bytes_read_the_same_in_one_piece_or_many(pieces: list[bytes]) -> None:
    whole, split = EventReader(), EventReader()
    payloads = [payload for piece in pieces for payload in split.feed(piece)]
    assert payloads == whole.feed(b"".join(pieces))
    assert split.pending == whole.pending
