"""Lines of the profit and loss add up, in any order and in any parts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.margin.line import MarginLine, MarginSums, total
from solvent.values.money import Money

FIELDS = MarginSums.__struct_fields__
SUMS = st.builds(MarginSums, *(st.integers(-(10**12), 10**12) for _ in FIELDS))


@given(st.lists(SUMS))
@settings(deadline=None)
def test_the_total_is_the_sum_of_its_lines_in_any_order(parts: list[MarginSums]) -> None:
    lines = [MarginLine(str(n), "KRW", part) for n, part in enumerate(parts)]
    found = total(lines[::-1], "KRW")
    for field in FIELDS:
        assert getattr(found.sums, field) == sum(getattr(part, field) for part in parts)
    sums = found.sums
    assert found.margin == found.charge - found.granted + found.earned - found.cost, "gifts are no income"
    came_in = sums.charge_grains - sums.granted_grains + sums.earned_grains
    assert found.margin == Money(came_in - sums.cost_grains, "KRW")


@given(SUMS, SUMS)
@settings(deadline=None)
def test_adding_a_line_leaves_it_as_it_was(a: MarginSums, b: MarginSums) -> None:
    before = [getattr(b, field) for field in FIELDS]
    expected = [getattr(a, field) + getattr(b, field) for field in FIELDS]
    a.add(b)
    assert [getattr(a, field) for field in FIELDS] == expected
    assert [getattr(b, field) for field in FIELDS] == before


def test_nothing_adds_up_to_nothing() -> None:
    assert total([], "KRW") == MarginLine("total", "KRW", MarginSums())
