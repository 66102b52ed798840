"""Reads rate cards: the reviewed ones that come with Solvent, then the operator's own beside solvent.toml."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from solvent.pricing.card_file import rate_cards
from solvent.pricing.exchange import Exchange
from solvent.pricing.markup import Entry, books
from solvent.pricing.rate_card import RateCard
from solvent.values.errors import Invalid
from solvent.values.limits import CARD_FILE_BYTES_MAX

FOLDER = "rate_cards"

if TYPE_CHECKING:
    _TextLoader = yaml.BaseLoader
else:
    _TextLoader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # a price list has megabytes


class _Loader(_TextLoader):
    """Leaves every value a text, so that 0.15 does not become a float, and refuses to read one field twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """See yaml.BaseLoader."""
        fields = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = sorted({field for field in fields if fields.count(field) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{twice[0]!r} is written twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read_cards(
    near: Path | None, exchanges: Sequence[Exchange] = (), over: Path | None = None
) -> dict[str, tuple[RateCard, ...]]:  # fmt: skip
    """All cards by name, each from old to new. A card of the operator's replaces a shipped one of its name.

    over: a folder of cards that replace both; what follows a cost follows theirs.
    exchanges: for prices that follow a cost in another currency; without a rate such a card has no prices.
    Raises Invalid naming file and field.
    """
    entries = _read(Path(str(files("solvent"))) / "data" / FOLDER)
    own = near / FOLDER if near is not None else None
    if own is not None:
        entries.update(_read(own))
    if over is not None:
        entries.update(_read(over))
    return books(entries, exchanges, str(own or FOLDER))


def card_files(folder: Path) -> list[Path]:
    """The card files of a folder, which need not be there."""
    return sorted(folder.glob("*.yaml"))


def card_file_text(file: Path) -> str:
    """A card file as it stands. Raises Invalid naming it where it is none."""
    try:
        if file.stat().st_size > CARD_FILE_BYTES_MAX:
            message = f"{file} has more than CARD_FILE_BYTES_MAX, {CARD_FILE_BYTES_MAX:,} bytes"
            raise Invalid("bad_rate_card", message)
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise Invalid("bad_rate_card", f"{file} cannot be read as YAML: {wrong}") from None


def documents_of(text: str, where: str) -> list[Any]:
    """The documents of a card file, all values texts; each still to be read by `rate_cards`."""
    try:
        return list(yaml.load_all(text, Loader=_Loader))  # it makes nothing but texts
    except (yaml.YAMLError, RecursionError) as wrong:
        raise Invalid("bad_rate_card", f"{where} cannot be read as YAML: {wrong}") from None


def _read(folder: Path) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for file in card_files(folder):
        for document in documents_of(card_file_text(file), str(file)):
            entries = rate_cards(document, str(file))
            first = entries[0]
            name = first.name if isinstance(first, RateCard) else first.head.name
            if name in found:
                raise Invalid("bad_rate_card", f"{folder}: two documents give prices of {name}; keep one", param="card")
            found[name] = entries
    return found
