"""Chapters of pages between two marks, made of what benches wrote: no figure in them is copied by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

BENCHMARKS = Path(__file__).parents[1] / "docs" / "benchmarks"


def bench_run(name: str) -> dict[str, Any]:
    """What a bench wrote: its figures, and when and where they were measured."""
    found: dict[str, Any] = msgspec.json.decode((BENCHMARKS / f"{name}.json").read_bytes())
    return found


def with_chapter(page: str, text: str, name: str, made: str) -> str:
    """A page's text with the chapter of that name made anew. Raises ValueError where it has no place for it."""
    begin, end = f"<!-- {name}: made by `make docs` -->\n", f"<!-- /{name} -->\n"
    before, is_begun, rest = text.partition(begin)
    _, is_ended, after = rest.partition(end)
    if not is_begun or not is_ended:
        raise ValueError(f"{page} has no {begin.strip()} ... {end.strip()}")
    return before + begin + made + end + after
