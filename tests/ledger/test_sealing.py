"""A sealed month takes nothing more, but its closing's own entries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from solvent.ledger.sealing import into_open_month
from solvent.ledger.transfer import Transfer, posting
from solvent.values.ids import TransferId
from solvent.values.money import Money

ROWS = st.lists(
    st.builds(
        lambda at_us, reference: posting(TransferId("t"), at_us, "a", "b", Money(1, "KRW"), reference),
        st.integers(0, 100),
        st.sampled_from(["ans_1", "close/202611", "closed/1"]),
    )
)


@given(ROWS, st.integers(0, 100))
def test_no_row_but_a_closing_entry_is_dated_before_the_seal(rows: list[Transfer], sealed_us: int) -> None:
    opened = into_open_month(rows, sealed_us)
    for before, after in zip(rows, opened, strict=True):
        if before.reference == "close/202611":
            assert after == before
        else:
            assert after.at_us == max(before.at_us, sealed_us)
        assert (after.grains, after.reference) == (before.grains, before.reference)
