"""Notes of simulations are read in either language, also those that were kept long ago."""

from __future__ import annotations

import pytest

from solvent.pages.notes import note_said
from solvent.pages.words import words_of
from solvent.simulation.note import SENTENCES, note, read_note

MEMBERS = {
    "plan": "'a: (b) and c'", "per": "key and user", "way": "stop", "card": "'x now; y'", "count": "1,200", "of": "3",
    "amount": "12.5 KRW", "command": "--seed 3",
}  # fmt: skip


@pytest.mark.parametrize("name", SENTENCES)
def test_every_note_is_taken_apart_and_said_in_korean(name: str) -> None:
    found = read_note(note(name, **MEMBERS))
    assert found is not None
    assert found.name == name
    assert found.members == {member: MEMBERS[member] for member in found.members}
    said = note_said(note(name, **MEMBERS), words_of("ko"))
    assert not any(word in said for word in ("replayed", "key", "stop", "left out", "again"))
    assert note_said(note(name, **MEMBERS), words_of("en"))


def test_a_note_of_another_version_stays_as_it_is() -> None:
    assert note_said("what nobody knows", words_of("ko")) == "what nobody knows"
