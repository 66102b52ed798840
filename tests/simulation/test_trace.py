"""Traces of answers at hand: the same answers come out, in blocks and in order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.simulation.trace import Answer, trace_of
from solvent.values.errors import Invalid
from solvent.values.usage import BUCKETS, Usage

usages = st.builds(Usage, **dict.fromkeys(BUCKETS, st.integers(0, 10**9)))
answers = st.lists(
    st.builds(
        Answer, at_us=st.integers(0, 10**16), customer=st.sampled_from("abc"), model=st.sampled_from("xy"), usage=usages
    ),
    min_size=1,
    max_size=20,
)


@settings(deadline=None)
@given(answers)
def test_a_trace_hands_out_the_very_answers_it_was_made_of(made: list[Answer]) -> None:
    made.sort(key=lambda answer: answer.at_us)
    trace = trace_of(made, "here")
    for _ in range(2):  # and does so again
        found = [
            Answer(
                int(block.at_us[n]), trace.customers[block.customer[n]], trace.models[block.model[n]], block.usage(n)
            )
            for block in trace.read()
            for n in range(block.answers)
        ]
        assert found == made
    assert (trace.answers, trace.from_us, trace.until_us) == (len(made), made[0].at_us, made[-1].at_us + 1)


def test_time_that_goes_backwards_is_refused_by_the_number_of_the_answer() -> None:
    late, early = (Answer(at, "a", "x", Usage()) for at in (5, 4))
    with pytest.raises(Invalid, match="answer 2 was asked before answer 1"):
        trace_of([late, early], "here")


def test_a_trace_without_answers_is_refused() -> None:
    with pytest.raises(Invalid, match="no answers"):
        trace_of([], "here")
