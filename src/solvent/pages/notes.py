"""The notes of a simulation in the reader's language, as far as they are known."""

from __future__ import annotations

from solvent.pages.words import Words
from solvent.simulation.note import AND, read_note

_CHOICES = {"per": "choices.per", "way": "choices.at_break_even"}  # members that are one of a few


def note_said(text: str, words: Words) -> str:
    """A note in words; as it is where another version wrote it."""
    found = read_note(text)
    if found is None:
        return text
    members = {name: _said(_CHOICES.get(name, ""), value, words) for name, value in found.members.items()}
    return words(f"notes.{found.name}", **members)


def _said(choices: str, value: str, words: Words) -> str:
    keys = [f"{choices}.{one}" for one in value.split(AND)] if choices else []
    return ", ".join(words(key) for key in keys) if keys and all(words.has(key) for key in keys) else value
