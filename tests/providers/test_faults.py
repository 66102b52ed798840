"""Error bodies in every vendor's shape: their words are found, and our key is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.providers.faults import Faults
from solvent.values.errors import Invalid, Unavailable

KEY = "sk-of-ours"


def said(body: Any, status: int | None = 400) -> Invalid | Unavailable:
    return Faults("some-vendor", KEY).said(json.dumps(body).encode(), status)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "too long", "type": "x", "param": None, "code": "y"}},
        {"error": "too long"},
        {"error": {"code": 400, "message": "too long", "metadata": {"provider_name": "x"}}},
        {"object": "error", "message": "too long", "type": "invalid_request_error", "param": None, "code": None},
        {"message": "too long", "request_id": "1"},
        {"Message": "too long"},
        {"detail": "too long"},
        {"detail": [{"msg": "too long"}]},
        {"object": "error", "message": {"detail": [{"msg": "too long"}]}},
        {"status": {"code": "40000", "message": "too long"}},
        {"statusCode": 401, "message": "too long"},
        [{"error": {"code": 400, "message": "too long", "status": "INVALID_ARGUMENT"}}],
    ],
)
def test_the_words_are_found(body: Any) -> None:
    assert said(body).message == "the model does not accept this question: too long"


def test_a_list_of_faults_is_told_in_part() -> None:
    body = {"detail": [{"loc": ["body", n], "msg": f"bad {n}"} for n in range(9)]}
    assert said(body).message.endswith(": body.0: bad 0; body.1: bad 1; body.2: bad 2")


@pytest.mark.parametrize("body", [None, 7, [], {}, {"error": None}, {"error": {}}, {"error": []}, {"loc": 1}, "", [7]])
def test_what_says_nothing_is_told_by_its_status(body: Any) -> None:
    assert said(body).message == "the model does not accept this question: status 400"
    assert said(body, None).message == "the model's provider failed in the middle of its answer: it gave no reason"


words = st.text(max_size=8) | st.just(KEY)
bodies = st.recursive(
    st.none() | st.integers() | words,
    lambda some: (
        st.lists(some, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["error", "message", "detail", "msg", "loc", "status", "param", "metadata", "reasons", KEY]
            ),
            some,
        )
    ),
)


@given(bodies, st.sampled_from([400, 401, 403, 429, 500, None]))
def test_whatever_it_says_is_a_fault_without_our_key(body: Any, status: int | None) -> None:
    fault = said(body, status)
    assert isinstance(fault, Invalid | Unavailable)
    assert KEY not in f"{fault.message} {fault.param}"
