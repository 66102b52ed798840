"""Reads the options of a guard as its kind knows them."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from solvent.guards.port import Settings
from solvent.values.errors import Invalid

T = TypeVar("T")


def read_options(settings: Settings, kind: type[T]) -> T:
    """The options as a struct. Raises Invalid naming what is wrong with them."""
    try:
        return msgspec.convert(dict(settings.options), kind)
    except msgspec.ValidationError as wrong:
        raise Invalid("bad_config", f"options: {wrong}", param="options") from None
