"""What a ranking may come to is bounded before it is asked: tokens by bytes, searches by how documents are cut."""

from __future__ import annotations

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.gateway.moderations import read_texts_to_judge
from solvent.gateway.rerank import DOCUMENTS_PER_SEARCH, TOKENS_PER_DOCUMENT, read_documents, searches_most
from solvent.values.errors import Invalid
from solvent.values.ids import AnswerId
from solvent.values.limits import WEB_SEARCHES_MAX

ID = AnswerId("ans_1")
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=4))


@given(st.text(min_size=1, max_size=50), st.lists(st.text(max_size=80), min_size=1, max_size=8))
@settings(deadline=None)
def test_the_bound_holds_where_each_byte_is_a_token(query: str, documents: list[str]) -> None:
    body = json.dumps({"model": "m", "query": query, "documents": documents}).encode()
    question, returned = read_documents(body, ID, 0)
    read = sum(len(query.encode()) + len(text.encode()) for text in documents)
    assert question.input_tokens_most >= read
    assert question.beside is not None
    assert question.beside.web_searches >= 1
    assert returned == []


@given(st.integers(1, 400), st.lists(st.integers(0, 3_000), min_size=1, max_size=300), st.integers(1, 4))
def test_no_cut_of_the_documents_counts_as_more_searches(query: int, sizes: list[int], bytes_a_token: int) -> None:
    """As Cohere counts, whatever a token is."""
    room = TOKENS_PER_DOCUMENT - query // bytes_a_token
    pieces = sum(max(1, -(-(size // bytes_a_token) // room)) for size in sizes)
    assert searches_most(query, sizes) >= -(-pieces // DOCUMENTS_PER_SEARCH)


def test_searches_of_worked_examples() -> None:
    assert searches_most(20, [480] * 100) == 1
    assert searches_most(20, [481] + [480] * 99) == 2
    assert searches_most(20, [10] * 101) == 2
    assert searches_most(9_999, [3_000] * 1_000) == WEB_SEARCHES_MAX


@given(JSON, JSON)
@settings(deadline=None)
def test_anything_else_is_refused_and_nothing_breaks(query: object, documents: object) -> None:
    with suppress(Invalid):
        read_documents(json.dumps({"model": "m", "query": query, "documents": documents}).encode(), ID, 0)
    with suppress(Invalid):
        read_texts_to_judge(json.dumps({"model": "m", "input": documents}).encode(), ID, 0)
