"""The words of all pages, in Korean and English: web/words/LANGUAGE/PAGE.yaml, named as PAGE.KEY."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec
from markupsafe import Markup, escape

from solvent.identity.person import LANGUAGES, Language

WORDS: Final = Path(str(files("solvent"))) / "web" / "words"


class Words:
    """The words of one language. A text may name members as {name}; one with `one` and `other` depends on n."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __call__(self, key: str, **members: object) -> str:
        """The words of a key. Raises KeyError for one that is not written: a test reads every template for them."""
        if "n" in members and f"{key}.other" in self._texts:
            key = f"{key}.one" if str(members["n"]) == "1" and f"{key}.one" in self._texts else f"{key}.other"
        text = self._texts[key]
        return text.format(**members) if members else text

    def markup(self, key: str, **members: object) -> Markup:
        """The same where the words hold tags of ours, such as <b>; what is put in is escaped."""
        text = self._texts[key]
        return Markup(text.format(**{name: escape(value) for name, value in members.items()}))  # noqa: S704

    def has(self, key: str) -> bool:
        """Whether a key is written."""
        return key in self._texts or f"{key}.other" in self._texts

    def keys(self) -> frozenset[str]:
        """Every key."""
        return frozenset(self._texts)

    def under(self, prefix: str) -> dict[str, str]:
        """All words below a prefix, for scripts."""
        start = f"{prefix}."
        return {key.removeprefix(start): text for key, text in self._texts.items() if key.startswith(start)}


@cache
def words_of(language: Language) -> Words:
    """Read once."""
    texts: dict[str, str] = {}
    for file in sorted((WORDS / language).glob("*.yaml")):
        _flatten(file.stem, msgspec.yaml.decode(file.read_bytes()) or {}, texts)  # ten times as quick as safe_load
    return Words(texts)


def demand_both() -> None:
    """Raises ValueError where a text is written in one language alone."""
    one, other = (words_of(language).keys() for language in LANGUAGES)
    missing = sorted((one ^ other) - {key for key in one ^ other if key.endswith(".one")})
    if missing:
        raise ValueError(f"words of pages in one language alone: {', '.join(missing[:20])}")


def _flatten(prefix: str, found: Mapping[str, object], texts: dict[str, str]) -> None:
    for key, value in found.items():
        if isinstance(value, Mapping):
            _flatten(f"{prefix}.{key}", value, texts)
        else:
            texts[f"{prefix}.{key}"] = str(value)
