"""The browser's libraries are the ones that package.json pins, byte for byte, each with its licence."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import vendor  # type: ignore[import-not-found]  # noqa: E402  (tools is no package)

PERMISSIVE = {"MIT", "ISC", "BSD-3-Clause", "OFL-1.1", "(MPL-2.0 OR Apache-2.0)"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what is checked, to break."""
    for path in ("package.json", vendor.LOCK):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    for folder in (vendor.WEB, vendor.TESTS):
        shutil.copytree(ROOT / folder, tmp_path / folder, dirs_exist_ok=True)
    assert vendor.differences(tmp_path) == []
    return tmp_path


def test_what_lies_there_is_what_is_pinned() -> None:
    assert vendor.differences(ROOT) == []


def test_a_changed_byte_is_found(copy: Path) -> None:
    file = copy / vendor.folder_of("marked", "18.2.1") / "marked.esm.js"
    file.write_bytes(file.read_bytes() + b" ")
    assert vendor.differences(copy) == [f"{file.relative_to(copy)} is not the file that was fetched"]


def test_a_missing_file_and_a_stray_one_are_found(copy: Path) -> None:
    folder = copy / vendor.folder_of("dompurify", "3.4.18")
    (folder / "LICENSE").rename(folder / "stray.js")
    assert vendor.differences(copy) == [
        f"{folder.relative_to(copy)}/LICENSE is missing",
        f"{folder.relative_to(copy)}/stray.js belongs to no library",
    ]


def test_another_version_and_a_range_are_found(copy: Path) -> None:
    package = json.loads((copy / "package.json").read_text())
    package["dependencies"]["marked"] = "18.2.2"
    (copy / "package.json").write_text(json.dumps(package))
    assert any("marked 18.2.2 is pinned" in words for words in vendor.differences(copy))
    package["dependencies"]["marked"] = "^18.2.1"
    (copy / "package.json").write_text(json.dumps(package))
    with pytest.raises(ValueError, match=r"marked is \^18\.2\.1"):
        vendor.differences(copy)


def test_each_has_its_licence_and_what_ships_is_permissive() -> None:
    locked = json.loads((ROOT / vendor.LOCK).read_text())
    for name, version in vendor.pinned(ROOT).items():
        assert (ROOT / vendor.folder_of(name, version) / "LICENSE").stat().st_size > 500
        if vendor.LIBRARIES[name].base == vendor.WEB:
            assert locked[name]["licence"] in PERMISSIVE


def test_every_icon_is_in_the_sprite() -> None:
    text = (ROOT / vendor.folder_of("lucide-static", "1.62.0") / "sprite.svg").read_text()
    assert len(vendor.ICONS) == len(set(vendor.ICONS)) == text.count("<symbol ")
    assert all(f'<symbol id="{name}"' in text for name in vendor.ICONS)
