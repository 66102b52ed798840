"""The pages that are made from the code are as new as the code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_pages_made_from_the_code_are_fresh() -> None:
    run = subprocess.run(
        [sys.executable, "tools/make_docs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_both_readmes_tell_the_same_story() -> None:
    """The Korean page is a twin: the same chapters, commands and links."""
    english, korean = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md"))
    assert english.count("\n## ") == korean.count("\n## ")
    assert english.count("```") == korean.count("```")
    for page in ("docs/HOUSE.md", "docs/models.md", "docs/api.md", "docs/errors.md", "docs/configuration.md"):
        assert page in english, page
        assert page in korean, page


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", ROOT / "README.ko.md", *(ROOT / "docs").rglob("*.md")]:
        for part in page.read_text(encoding="utf-8").split("](")[1:]:
            target = part.split(")")[0].split("#")[0].strip()
            if target and "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken, broken
