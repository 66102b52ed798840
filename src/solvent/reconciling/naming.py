"""What a row is called: its model, where the bill has one in a line item, a usage type or a product's name."""

from __future__ import annotations

import re
from typing import Final

from solvent.reconciling.kind import LineKind, kind_of
from solvent.reconciling.layout import Layout
from solvent.values.limits import BILL_NAME_CHARACTERS_MAX

_REGION: Final = re.compile(r"^[A-Z]{2,4}\d{0,2}(?:-MP:[^-]*)?-")
_TOKENS: Final = re.compile(
    r"[-_](?:mantle-)?(?:batch-)?(?:input|output|cache[-_]?(?:read|write)|prompt|completion)(?:[-_ ]|tokens?|$).*",
    re.IGNORECASE,
)
_EDITION: Final = re.compile(r"\s*\((?:Amazon )?Bedrock Edition\)\s*$", re.IGNORECASE)
_WHATS: Final = re.compile(
    r",\s*(?:cached |audio |image |text |batch |flex |priority )*(?:input|output|cache|training).*$", re.IGNORECASE
)
_OF_TOKENS: Final = frozenset({"token", "tokens", "web_search"})


def named(layout: Layout, model: str, what: str, product: str = "") -> str:
    """What the bill calls what is billed, without which tokens of it. "" where it says nothing."""
    name = model.strip()
    if layout.names == "line_item":
        name = _WHATS.sub("", name)
    elif layout.names == "usage_type":
        edition = _EDITION.search(product)
        name = product[: edition.start()] if edition else _TOKENS.sub("", _REGION.sub("", name, count=1))
    return (name or what.strip())[:BILL_NAME_CHARACTERS_MAX]


def kind_in(said: str, name: str, what: str) -> LineKind:
    """The class of a row. said: by the column that says it, which counts before the others.

    What a column calls usage may still be storage by its name; what it calls a tax is a tax, whatever it is on.
    """
    if said.strip().lower() in _OF_TOKENS or kind_of(said) != "usage":
        return kind_of(said)
    return kind_of(name) if kind_of(name) != "usage" else kind_of(what)
