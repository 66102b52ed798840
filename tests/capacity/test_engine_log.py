"""Rows of engine logs: times in any usual unit, and what is wrong named by row and column."""

from __future__ import annotations

from decimal import Decimal

import pytest

from solvent.capacity.attribution import Served
from solvent.capacity.engine_log import columns_of, served
from solvent.values.errors import Invalid

GOOD: dict[str, object] = {
    "id": "a", "arrive": "0.000000001", "first_token": "1.5", "finish": "2", "input_tokens": "3", "output_tokens": 4
}  # fmt: skip
ALL = {name: name for name in GOOD}


@pytest.mark.parametrize(
    ("written", "ns"),
    [
        ("1764300000", 1_764_300_000 * 10**9),
        (Decimal("1764300000.123456789"), 1_764_300_000_123_456_789),
        ("1764300000123", 1_764_300_000_123 * 10**6),
        (1_764_300_000_123_456, 1_764_300_000_123_456 * 10**3),
        ("1764300000123456789", 1_764_300_000_123_456_789),
        ("2025-11-28T03:20:00Z", 1_764_300_000 * 10**9),
        ("2025-11-28 12:20:00.000001+09:00", 1_764_300_000 * 10**9 + 1_000),
    ],
)
def test_times_are_whole_nanoseconds_in_any_unit(written: object, ns: int) -> None:
    row = GOOD | {"arrive": written, "first_token": None, "finish": written}
    assert served([row], ALL, "log") == [Served("a", ns, None, ns, 3, 4)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"arrive": "soon"}, "row 2, column 'arrive': 'soon' is no time"),
        ({"arrive": "-1"}, "'-1' is no time"),
        ({"arrive": "NaN"}, "'NaN' is no time"),
        ({"arrive": None}, "'' is no time"),
        ({"finish": "0"}, "column 'finish': '0' is before it arrived"),
        ({"first_token": "2.5"}, "column 'first_token': '2.5' is not between"),
        ({"input_tokens": "-3"}, "column 'input_tokens': '-3' is not 0 to"),
        ({"output_tokens": "1e12"}, "column 'output_tokens': '1e12' is not 0 to"),
        ({"output_tokens": "1e999999999"}, "column 'output_tokens': '1e999999999' is not 0 to"),
        ({"output_tokens": "nan"}, "column 'output_tokens': 'nan' is not 0 to"),
        ({"output_tokens": "many"}, "'many' is not 0 to"),
        ({"output_tokens": 1.5}, "'1.5' is not 0 to"),
        ({"output_tokens": "inf"}, "'inf' is not 0 to"),
        ({"id": "first"}, "row 2: 'first' is there twice"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_column(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(Invalid) as caught:
        served([GOOD | {"id": "first"}, GOOD | wrong], ALL, "log.csv")
    assert caught.value.code == "bad_engine_log"
    assert said in caught.value.message


def test_columns_are_found_by_their_usual_names_or_as_said() -> None:
    found = columns_of(["request_id", "t0", "end", "prompt_tokens", "completion_tokens"], {"arrive": "t0"}, "log")
    assert found == {
        "id": "request_id", "arrive": "t0", "finish": "end", "input_tokens": "prompt_tokens",
        "output_tokens": "completion_tokens",
    }  # fmt: skip
    for there, said, message in (
        (["finish"], {}, "no column is known to say 'arrive'"),
        (["finish"], {"arrive": "t0"}, "there is no column 't0'"),
        (["finish"], {"arrived": "finish"}, "there is no such thing"),
    ):
        with pytest.raises(Invalid, match=message):
            columns_of(there, said, "log")


def test_a_log_of_nothing_is_refused() -> None:
    with pytest.raises(Invalid, match="no answers"):
        served([], ALL, "log")
