"""What an answer was asked through, in words: a way of our own chat, or what of the API."""

from __future__ import annotations

from solvent.app.report import UNKNOWN
from solvent.pages.words import Words


def service_name(words: Words, service: str) -> str:
    """In words where there are some: Chat, Quick; API, embeddings."""
    place, _, what = service.partition("/")
    if service == UNKNOWN or not what:
        return words("margins.service_unknown") if service else ""
    if place == "console":
        return words("margins.service_console")
    said = f"talk.mode_{what}" if place == "chat" else f"margins.api_{what}"
    of = words(said) if words.has(said) else what
    return words(f"margins.service_{'chat' if place == 'chat' else 'api'}", of=of)
