"""The chain: whoever changes, adds, drops or moves a row breaks it, and the head says where it had come to."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.ledger.chain import Head, head_text, link, links, read_head
from solvent.ledger.transfer import Transfer
from solvent.values.ids import TransferId

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
WHOLE = st.integers(-(2**63), 2**63 - 1)
IDS = st.builds(TransferId, WORDS)
ROWS = st.builds(
    Transfer, IDS, WHOLE, st.sampled_from(["pending", "posted", "voided"]), WORDS, WORDS, WHOLE, WORDS,
    st.none() | IDS, WHOLE, st.none() | WHOLE, WORDS, WORDS,
)  # fmt: skip
JOURNALS = st.lists(ROWS, min_size=1, max_size=8)
HEADS = st.builds(Head, st.integers(0, 2**62), st.binary(min_size=32, max_size=32))


def ends(rows: list[Transfer]) -> Head:
    return links(Head(), rows)[-1] if rows else Head()


@given(JOURNALS, st.integers(0, 8))
@settings(deadline=None, max_examples=200)
def test_it_does_not_matter_in_which_batches_rows_are_written(rows: list[Transfer], at: int) -> None:
    first = links(Head(), rows[:at])
    assert first + links(first[-1] if first else Head(), rows[at:]) == links(Head(), rows)
    assert [head.seq for head in links(Head(), rows)] == list(range(1, len(rows) + 1))


@given(JOURNALS, st.data())
@settings(deadline=None, max_examples=400)
def test_a_change_of_any_column_of_any_row_breaks_it_from_there_on(rows: list[Transfer], data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(rows) - 1))
    field = data.draw(st.sampled_from(Transfer.__struct_fields__))
    other = getattr(data.draw(ROWS), field)
    changed = msgspec.structs.replace(rows[n], **{field: other})
    if changed == rows[n]:
        return
    before, after = links(Head(), rows), links(Head(), [*rows[:n], changed, *rows[n + 1 :]])
    assert before[:n] == after[:n]
    assert all(one.hash != other.hash for one, other in zip(before[n:], after[n:], strict=True))


@given(JOURNALS, ROWS, st.data())
@settings(deadline=None, max_examples=200)
def test_a_row_more_or_less_or_elsewhere_breaks_it(rows: list[Transfer], new: Transfer, data: st.DataObject) -> None:
    end = ends(rows)
    at = data.draw(st.integers(0, len(rows)))
    assert ends([*rows[:at], new, *rows[at:]]) != end
    assert ends(rows[: at - 1] + rows[at:] if at else rows[1:]) != end
    swapped = data.draw(st.permutations(rows))
    assert (ends(swapped) == end) == (swapped == rows)


def test_columns_cannot_flow_into_each_other() -> None:
    """ "ab" and "c" is another row than "a" and "bc", and nothing is not zero and not empty."""
    row = Transfer(TransferId("t"), 1, "posted", "ab", "c", 5, "KRW", None, 0, None, "r")
    others: list[dict[str, Any]] = [
        {"debit": "a", "credit": "bc"}, {"debit": "c", "credit": "ab"}, {"expires_us": 0}, {"resolves": ""},
        {"at_us": 5, "grains": 1}, {"reference": "", "holder": "r"},
    ]  # fmt: skip
    found = {link(Head(), msgspec.structs.replace(row, **other)).hash for other in [{}, *others]}
    assert len(found) == 1 + len(others)


def test_the_same_row_has_another_hash_at_another_place() -> None:
    row = Transfer(TransferId("t"), 1, "posted", "a", "b", 5, "KRW", None, 0, None, "r")
    assert link(Head(1), row).hash != link(Head(2), row).hash
    assert link(Head(1, bytes(31) + b"\x01"), row).hash != link(Head(1), row).hash


def test_the_hash_is_the_same_on_every_machine_and_for_ever() -> None:
    """A head that was written down years ago must still prove the rows up to it."""
    row = Transfer(
        TransferId("ans_1.hold"), 1_000, "pending", "wallet:한", "revenue", 5, "KRW", None, 0, 9, "ans_1", "p"
    )
    assert head_text(link(Head(), row)) == "1:396418da9a1cfa2a419d620da5473ba0c29d50bc628af2ed35eab3d47445477c"


@given(HEADS)
@settings(deadline=None, max_examples=100)
def test_a_head_is_read_as_it_was_written(head: Head) -> None:
    assert read_head(head_text(head)) == head


def test_before_the_first_row_there_is_the_beginning() -> None:
    assert read_head("") == Head()
