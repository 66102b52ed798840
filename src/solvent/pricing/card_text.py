"""Card files as text: written in one layout, and added to without touching a letter of what is there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_./+,()=;-]|:(?=[A-Za-z0-9])| (?=[A-Za-z0-9_./+,()=;]))*")
_SEPARATOR: Final = re.compile(r"^---[ \t]*$\n?", re.MULTILINE)
_CARD: Final = re.compile(r"^card:[ \t]*(.+?)[ \t]*$", re.MULTILINE)


def card_text(document: Mapping[str, Any]) -> str:
    """One document of a card file, in YAML."""
    head = [f"{field}: {_quoted(str(document[field]))}\n" for field in document if field != "entries"]
    return "".join([*head, "entries:\n", entries_text(document["entries"])])


def entries_text(entries: Sequence[Mapping[str, Any]]) -> str:
    """Entries as they stand at the end of a document."""
    return "".join(_listed(entry, 2) for entry in entries)


def documents_in(text: str) -> list[str]:
    """The documents of a card file, each as its own text; `joined` puts them together again."""
    return _SEPARATOR.split(text) if text.strip() else []


def joined(documents: Sequence[str]) -> str:
    """A card file of documents. Each ends its last line."""
    return "---\n".join(text if text.endswith("\n") else text + "\n" for text in documents)


def card_in(document: str) -> str:
    """The name of the card a document's text is of; "" where it is written in another way than ours."""
    named = _CARD.search(document)
    return named[1].strip("\"'") if named else ""


def with_entries(document: str, entries: Sequence[Mapping[str, Any]]) -> str:
    """A document's text with entries added at its end.

    Read the result before you believe it: a file written by hand may be laid out in another way.
    """
    return document.rstrip("\n") + "\n" + entries_text(entries)


def _listed(value: Mapping[str, Any], indent: int) -> str:
    lines = _fields(value, indent + 2)
    return " " * indent + "- " + lines[indent + 2 :]


def _fields(value: Mapping[str, Any], indent: int) -> str:
    written = []
    for field, inner in value.items():
        start = " " * indent + f"{field}:"
        if isinstance(inner, Mapping):
            written.append(f"{start}\n{_fields(inner, indent + 2)}")
        elif isinstance(inner, list):
            written.append(f"{start}\n" + "".join(_listed(one, indent + 2) for one in inner))
        else:
            written.append(f"{start} {_quoted(str(inner))}\n")
    return "".join(written)


def _quoted(text: str) -> str:
    """A text as one YAML value: plain where no reader can take it for anything else."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
