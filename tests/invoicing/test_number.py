"""Numbers of documents: printed and read back, one way only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.invoicing.number import Number, number_text, read_number
from solvent.values.errors import Invalid

NUMBERS = st.builds(Number, st.sampled_from(["", "CN", "SVR"]), st.integers(1970, 9999), st.integers(1, 10**12 - 1))


def test_examples() -> None:
    assert number_text(Number("", 2026, 1)) == "2026-000001"
    assert number_text(Number("CN", 2026, 42)) == "CN-2026-000042"
    assert number_text(Number("", 2026, 1_234_567)) == "2026-1234567"


@given(NUMBERS)
def test_what_is_printed_reads_back(number: Number) -> None:
    assert read_number(number_text(number)) == number


@given(st.text(max_size=30) | st.from_regex(r"[A-Z]{0,3}-?\d{4}-\d{1,9}", fullmatch=True))
def test_what_reads_is_what_would_be_printed(text: str) -> None:
    try:
        number = read_number(text)
    except Invalid:
        return
    assert number_text(number) == text


@pytest.mark.parametrize("text", ["", "2026-1", "2026-000000", "2026-0000001", "cn-2026-000001", "2026-000001\n"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="2026-000001"):
        read_number(text)
