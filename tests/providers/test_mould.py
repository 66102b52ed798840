"""An event that looks like one that was read whole is read as it would be whole."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from solvent.providers.mould import Mould

read = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

texts = st.text(max_size=6)
values = st.recursive(
    st.none() | st.integers(-9, 9) | texts, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner)
)
choices = st.lists(st.fixed_dictionaries({"delta": values}), max_size=2)
around = st.lists(st.tuples(st.sampled_from(("id", "model", "choices", "usage", "x")), values), max_size=4)


def event(before: list[tuple[str, object]], said: object, after: list[tuple[str, object]]) -> bytes:
    """The JSON of an event, names twice among it where they are given twice, as a stranger may send them."""
    members = [*before, ("choices", said), *after]
    return b"{%b}" % b",".join(msgspec.json.encode(name) + b":" + msgspec.json.encode(value) for name, value in members)


@given(around, around, choices, choices)
def test_what_fits_says_what_it_says_when_it_is_read_whole(
    before: list[tuple[str, object]], after: list[tuple[str, object]], first: object, second: object
) -> None:
    mould, payload = Mould(), event(before, second, after)
    mould.take(event(before, first, after), read(event(before, first, after)))
    found = mould.choices_of(payload)
    assert not found or {**mould.around, "choices": msgspec.Raw(found)} == read(payload)


def test_fits_what_differs_in_its_choices_alone() -> None:
    mould = Mould()
    first = b'{"id":"a","choices":[{"delta":{"content":"one"}}],"usage":null}'
    mould.take(first, read(first))
    assert mould.choices_of(first.replace(b"one", b"and two")) == b'[{"delta":{"content":"and two"}}]'
    assert mould.choices_of(first.replace(b'"a"', b'"b"')) == b""
    assert mould.choices_of(first.replace(b"null", b'{"prompt_tokens":1}')) == b""


def test_nothing_fits_before_the_first_or_after_one_whose_choices_stand_nowhere_alone() -> None:
    mould, twice = Mould(), b'{"x":[{}],"choices":[{}]}'
    assert mould.choices_of(twice) == b""
    mould.take(twice, read(twice))
    assert mould.choices_of(twice) == b""
    empty = b'{"choices":null}'
    mould.take(empty, read(empty))
    assert mould.choices_of(empty) == b""


def test_an_event_shorter_than_what_stands_around_does_not_fit() -> None:
    mould, first = Mould(), b'{"choices":[1],"b":{"choices":[2]}}'
    mould.take(first, read(first))
    assert mould.choices_of(b'{"choices":,"b":{"choices":[2]}}') == b""
