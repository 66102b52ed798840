"""Reads rate cards: the reviewed ones that come with Solvent, then the operator's own beside solvent.toml."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import yaml

from solvent.pricing.rate_card import RateCard, by_name, rate_cards
from solvent.values.errors import Invalid

FOLDER = "rate_cards"


def read_cards(near: Path | None) -> dict[str, tuple[RateCard, ...]]:
    """All cards by name, each from old to new. A card of the operator's replaces a shipped one of its name.

    Raises Invalid naming file and field.
    """
    shipped = Path(str(files("solvent"))) / "data" / FOLDER
    cards = by_name(_read(shipped))
    if near is not None and (near / FOLDER).is_dir():
        cards.update(by_name(_read(near / FOLDER)))
    return cards


def _read(folder: Path) -> list[RateCard]:
    found: list[RateCard] = []
    for file in sorted(folder.glob("*.yaml")):
        try:
            # The base loader leaves every price a text: 0.15 must not become a float on its way in.
            documents = list(yaml.load_all(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as wrong:
            raise Invalid("bad_rate_card", f"{file} cannot be read as YAML: {wrong}") from None
        for document in documents:
            found += rate_cards(document, str(file))
    names = [card.version for card in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Invalid("bad_rate_card", f"{folder}: two files give prices of {twice[0]}; keep one")
    return found
