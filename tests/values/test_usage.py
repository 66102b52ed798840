"""Usage adds bucket by bucket, and its two sums are OpenAI's two counts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.values.usage import BUCKETS, Usage, all_input_tokens, all_output_tokens, amounts

USAGES = st.builds(Usage, *(st.integers(0, 10**12) for _ in BUCKETS))


@given(USAGES, USAGES, USAGES)
@settings(deadline=None)
def test_usage_adds_in_any_order(a: Usage, b: Usage, c: Usage) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + Usage() == a
    assert amounts(a + b) == tuple(x + y for x, y in zip(amounts(a), amounts(b), strict=True))


@given(USAGES)
@settings(deadline=None)
def test_the_amounts_are_the_buckets_in_order(usage: Usage) -> None:
    assert amounts(usage) == tuple(getattr(usage, name) for name in BUCKETS)


@given(USAGES)
@settings(deadline=None)
def test_every_token_is_read_or_written_once(usage: Usage) -> None:
    tokens = sum(getattr(usage, name) for name in BUCKETS if name.endswith("_tokens"))
    assert all_input_tokens(usage) + all_output_tokens(usage) == tokens


def test_zero_usage_is_a_value_not_an_absence() -> None:
    assert bool(Usage())
