"""What an embedding request may read is bounded before it is asked: no text has more tokens than its bytes."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.gateway.embeddings import read_texts
from solvent.values.errors import Invalid, SolventError
from solvent.values.ids import AnswerId

TEXTS = st.text(min_size=1, max_size=40)
TOKENS = st.lists(st.integers(0, 200_000), min_size=1, max_size=20)


@given(st.one_of(TEXTS, TOKENS, st.lists(TEXTS, min_size=1, max_size=5), st.lists(TOKENS, min_size=1, max_size=5)))
def test_the_bound_is_never_below_what_is_sent(wish: object) -> None:
    body = json.dumps({"model": "meaning", "input": wish}, ensure_ascii=False).encode()
    question = read_texts(body, AnswerId("ans_1"), 0)
    count = sum(len(one) if isinstance(one, list) else 1 for one in wish) if isinstance(wish, list) else 1
    texts = "".join(one for one in wish if isinstance(one, str)) if isinstance(wish, list) else str(wish)
    assert question.input_tokens_most >= max(count, len(texts.encode()))
    assert (question.task, question.stream, question.output_tokens_asked) == ("embeddings", False, 1)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=4)))
def test_anything_else_is_refused_and_nothing_breaks(wish: object) -> None:
    with suppress(Invalid):
        read_texts(json.dumps({"model": "meaning", "input": wish}).encode(), AnswerId("ans_1"), 0)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"input":"a"}'])
def test_a_body_that_is_none_is_told(body: bytes) -> None:
    with pytest.raises(SolventError):
        read_texts(body, AnswerId("ans_1"), 0)
