"""The page of a bench whose figures are flat: one table for people, one file for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bench.load import machine

PAGES = machine.ROOT / "docs" / "benchmarks"


def write_page(
    name: str, title: str, about: str, figures: Mapping[str, float | bool], folder: Path = PAGES, **more: str
) -> None:
    """`NAME.md` and `NAME.json` in a folder, which is made where it is not there.

    about: what was done and what the figures mean, in Markdown. more: what else the head says (which books ...).
    """
    folder.mkdir(parents=True, exist_ok=True)
    head = {
        "date": datetime.now(UTC).date().isoformat(), "machine": machine.describe(machine.ROOT),
        "load": f"load average {os.getloadavg()[0]:.1f} when it ended", "commit": machine.commit(), **more,
    }  # fmt: skip
    text = json.dumps({**head, "figures": figures}, indent=2)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    heads = "\n".join(f"- {key}: {value}" for key, value in head.items())
    rows = "\n".join(f"| `{key}` | {value:,} |" for key, value in figures.items())
    (folder / f"{name}.md").write_text(
        f"# {title}\n\nWritten by `bench/{name}.py`; do not edit.\n\n{heads}\n\n{about}\n\n"
        f"| figure | value |\n|---|---:|\n{rows}\n",
        encoding="utf-8",
    )
