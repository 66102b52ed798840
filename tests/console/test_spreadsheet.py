"""What a spreadsheet makes of a file of ours: names are names, and amounts are amounts."""

from __future__ import annotations

import pytest

from solvent.console.spreadsheet import line_of


@pytest.mark.parametrize("text", ["=1+1", "+1", "@SUM(A1)", "\tx", "-2+3+cmd|' /C calc'!A0", "-", "-1,5", "--1"])
def test_a_name_is_no_formula(text: str) -> None:
    assert line_of([text]).lstrip('"').startswith("'")


@pytest.mark.parametrize("text", ["-1", "-0.25", "12", "Kim", "a-b", ""])
def test_an_amount_stays_one(text: str) -> None:
    assert line_of([text, 3]) == f"{text},3\r\n"
