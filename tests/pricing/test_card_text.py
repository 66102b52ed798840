"""Card files as text: what is written is read again, and nothing that stands there is touched."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.pricing.card_text import card_in, card_text, documents_in, entries_text, joined, with_entries

ENTRY = {"from": "2026-11-01", "source": "a list: 한글 # 1", "input": "0.15"}
CARD: dict[str, Any] = {"card": "openai/gpt", "currency": "USD", "entries": [ENTRY]}
BY_HAND = """\
# What we pay; read on paper.
card: openai/gpt
currency: USD   # dollars
entries:
  - from: 2026-11-01
    input: 0.15 # cheap
---
card: other
currency: KRW
entries:
  - {from: 2026-11-01, answer: 5}
"""


def read(text: str) -> list[Any]:
    return list(yaml.load_all(text, Loader=yaml.BaseLoader))


TEXTS = st.one_of(
    st.text(max_size=20).filter(lambda text: all(c.isprintable() for c in text)),
    st.sampled_from([
        "0.15", "2026-11-01", "yes", "null", "~", "1e3", "01:00", "0x1f", "a: b", "a #b", "- x", "[1", "'q'", "a:", "",
        "openai/gpt-4o:free", "~google/x", " ", "x ", "한글", "---", "!tag", "&a", "*a", "%", "@", "`", "a - b", "a :b",
    ]),
)  # fmt: skip
NAMES = st.sampled_from(["from", "source", "input", "output", "above"])
FLAT = st.dictionaries(NAMES, TEXTS, min_size=1, max_size=4)
ENTRIES = st.lists(
    st.one_of(FLAT, FLAT.flatmap(lambda flat: st.fixed_dictionaries({
        **{name: st.just(text) for name, text in flat.items()},
        "tiers": st.lists(FLAT, min_size=1, max_size=2), "tariffs": st.dictionaries(st.just("batch"), FLAT, min_size=1),
    }))), min_size=1, max_size=3,
)  # fmt: skip


@given(TEXTS, ENTRIES)
@settings(deadline=None, max_examples=300)
def test_a_document_is_read_as_it_was_written(name: str, entries: list[Any]) -> None:
    document = {"card": name, "currency": "USD", "entries": entries}
    assert read(card_text(document)) == [document]


@given(ENTRIES, ENTRIES)
@settings(deadline=None)
def test_entries_are_added_behind_the_others(before: list[Any], after: list[Any]) -> None:
    text = card_text(CARD | {"entries": before})
    assert read(with_entries(text, after)) == [CARD | {"entries": before + after}]
    assert with_entries(text, after).startswith(text)


def test_a_file_is_put_together_as_it_was_taken_apart() -> None:
    parts = documents_in(BY_HAND)
    assert [card_in(part) for part in parts] == ["openai/gpt", "other"]
    assert joined(parts) == BY_HAND
    assert documents_in("") == documents_in("\n  \n") == []


def test_what_a_person_wrote_stays_letter_for_letter() -> None:
    first, second = documents_in(BY_HAND)
    text = joined([with_entries(first, [ENTRY | {"from": "2026-12-01"}]), second, card_text(CARD | {"card": "new"})])
    for line in BY_HAND.splitlines():
        assert line in text.splitlines()
    [gpt, other, new] = read(text)
    assert [entry["from"] for entry in gpt["entries"]] == ["2026-11-01", "2026-12-01"]
    assert other == read(BY_HAND)[1]
    assert new["card"] == "new"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("card: a\n", "a"),
        ("# x\ncard:  'a b'  \n", "a b"),
        ("currency: USD\n", ""),
        ("{card: a}\n", ""),
        ('card: "q/~x"\n', "q/~x"),
    ],
)
def test_the_card_of_a_document_is_found_by_its_first_line(text: str, name: str) -> None:
    assert card_in(text) == name


def test_a_text_that_yaml_would_take_for_something_else_is_quoted() -> None:
    assert entries_text([{"source": "a: b", "input": "0.15"}]) == '  - source: "a: b"\n    input: 0.15\n'
