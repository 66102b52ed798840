"""The price book on disk: what a list says is added to card files, and our cards are held beside another list."""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from solvent.app.cards import FOLDER, card_file_text, card_files, documents_of
from solvent.pricing.card_file import rate_cards, sheet_of
from solvent.pricing.card_text import card_in, card_text, documents_in, joined, with_entries
from solvent.pricing.published import Published, card_name, document_of
from solvent.pricing.rate_card import RateCard
from solvent.pricing.second_source import read_prices
from solvent.pricing.sheet import Sheet
from solvent.pricing.succession import succession
from solvent.values.errors import Conflict, Invalid
from solvent.values.limits import PRICE_LIST_BYTES_MAX


class Imported(msgspec.Struct, frozen=True):
    """What became of one published model. entries: how many were added to its card.

    outcome: new, added, unchanged, or left for the reason in `left_out`; a card may also be made with something
    left out.
    """

    card: str
    file: str
    outcome: str
    entries: int
    left_out: tuple[str, ...]


class _CardFile:
    """One card file: its documents as they are written and as they are read, and what is added to them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.before = card_file_text(path) if path.exists() else ""
        self.texts = documents_in(self.before)
        self.documents = documents_of(self.before, str(path))
        for document in self.documents:
            rate_cards(document, str(path))

    @property
    def names(self) -> list[str]:
        return [document["card"] for document in self.documents]

    def add_card(self, document: dict[str, Any]) -> None:
        self.texts.append(card_text(document))

    def add_entries(self, name: str, entries: Sequence[Mapping[str, Any]]) -> None:
        for n, text in enumerate(self.texts):
            if card_in(text) == name:
                self.texts[n] = with_entries(text, entries)
                return
        raise self.by_hand(name)

    def by_hand(self, name: str) -> Conflict:
        message = f"{self.path} is laid out so that nothing can be added to {name} by itself; add the entry by hand"
        return Conflict("rate_card_by_hand", message, param="card")

    def checked(self) -> str:
        """The text to write: what was there is there, and what was added can be read."""
        text = joined(self.texts)
        documents = documents_of(text, str(self.path))
        for document in documents:
            rate_cards(document, str(self.path))
        for one, same in zip(self.documents, documents, strict=False):
            kept = {**same, "entries": same["entries"][: len(one["entries"])]}
            if kept != one or len(documents) < len(self.documents):
                raise self.by_hand(str(one["card"]))
        return text


def import_prices(near: Path, listed: Sequence[Published], now_us: int, *, write: bool) -> list[Imported]:
    """Add what a list says to the operator's cards in `near`/rate_cards, one file a provider; nothing is rewritten.

    write: False only says what would be done. Raises Invalid for a file that cannot be read, Conflict for one
    that cannot be added to by itself.
    """
    folder = near / FOLDER
    files = {path: _CardFile(path) for path in card_files(folder)}
    homes = {name: file for file in files.values() for name in file.names}
    done = []
    for one in listed:
        path = folder / f"{one.provider}.yaml"
        file = homes.get(card_name(one.provider, one.model)) or files.get(path) or _CardFile(path)
        files[file.path] = file
        done.append(_import(one, file, now_us))
    changed = {file.path: file.checked() for file in files.values() if joined(file.texts) != joined([file.before])}
    if write and changed:
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(changed):
            _replace(path, changed[path])
    return done


def _import(listed: Published, file: _CardFile, now_us: int) -> Imported:
    """Adds one model to the file its card is in, or goes in."""
    drawn = document_of(listed)
    name = card_name(listed.provider, listed.model)
    if drawn.document is None:
        return Imported(name, "", "left", 0, drawn.left_out)
    own = next((document for document in file.documents if document["card"] == name), None)
    if own is None:
        file.add_card(drawn.document)
        return Imported(name, file.path.name, "new", len(drawn.document["entries"]), drawn.left_out)
    next_ones = succession(own, drawn.document, now_us, str(file.path))
    if next_ones.left:
        return Imported(name, file.path.name, "left", 0, (next_ones.left, *drawn.left_out))
    if next_ones.entries:
        file.add_entries(name, next_ones.entries)
    outcome = "added" if next_ones.entries else "unchanged"
    return Imported(name, file.path.name, outcome, len(next_ones.entries), drawn.left_out)


def _replace(file: Path, text: str) -> None:
    """All or nothing: a crash leaves the old file."""
    made = file.with_name(f".{file.name}.new")
    with made.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    made.replace(file)


def our_sheets(near: Path | None, at_us: int) -> dict[str, Sheet]:
    """The prices in force of every card that names its provider and model, by "provider/model"."""
    found: dict[str, Sheet] = {}
    for document, where in _own_documents(near):
        cards = [card for card in rate_cards(document, where) if isinstance(card, RateCard)]
        if cards and cards[0].model and len(cards) == len(document["entries"]):
            found |= _in_force(card_name(cards[0].provider, cards[0].model), document, cards, at_us, where)
    return found


def _own_documents(near: Path | None) -> list[tuple[dict[str, Any], str]]:
    own = [] if near is None else card_files(near / FOLDER)
    return [(document, str(file)) for file in own for document in documents_of(card_file_text(file), str(file))]


def _in_force(
    name: str, document: Mapping[str, Any], cards: Sequence[RateCard], at_us: int, where: str
) -> dict[str, Sheet]:
    dated = [entry for entry, card in zip(document["entries"], cards, strict=True) if card.valid_from_us <= at_us]
    return {name: sheet_of(dated[-1], where)} if dated else {}


def their_sheets(file: Path, at_us: int) -> dict[str, Sheet]:
    """The prices in force that another list gives, by "provider/model". `file` may be gzipped.

    Raises Invalid naming the file and what is wrong in it.
    """
    listed = read_prices(_list_text(file), file.name)
    found: dict[str, Sheet] = {}
    for one in listed:
        document = document_of(one).document
        if document is not None:
            name = card_name(one.provider, one.model) if one.provider else one.model
            where = f"{file.name}: {name}"
            cards = [card for card in rate_cards(document, where) if isinstance(card, RateCard)]
            found |= _in_force(name, document, cards, at_us, where)
    if not found:
        raise Invalid("bad_price_list", f"{file} lists no price in force", param="against")
    return found


def _list_text(file: Path) -> str:
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened:
            content: bytes = opened.read(PRICE_LIST_BYTES_MAX + 1)
    except (OSError, EOFError) as wrong:
        raise Invalid("bad_price_list", f"{file} cannot be read: {wrong}", param="against") from None
    if len(content) > PRICE_LIST_BYTES_MAX:
        message = f"{file} has more than PRICE_LIST_BYTES_MAX, {PRICE_LIST_BYTES_MAX:,} bytes"
        raise Invalid("bad_price_list", message, param="against")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("bad_price_list", f"{file} is not UTF-8", param="against") from None
