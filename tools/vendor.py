"""Fetch the browser's libraries that package.json pins and copy what is needed of each; `--check` compares, offline.

A first fetch writes the hash of the package down in vendor.lock.json; every later one must match it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WEB = Path("src/solvent/web/vendor")
TESTS = Path("tests/web/vendor")
LOCK = WEB / "vendor.lock.json"
PACKAGE_BYTES_MAX = 100 * 1024 * 1024
FETCH_SECONDS_MAX = 300

ICONS = [
    "activity",
    "archive",
    "arrow-down",
    "arrow-left",
    "arrow-right",
    "arrow-up",
    "arrow-up-right",
    "ban",
    "banknote",
    "bell",
    "book-open",
    "building-2",
    "calendar",
    "chart-no-axes-column",
    "check",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "chevrons-up-down",
    "circle-alert",
    "circle-help",
    "clock",
    "copy",
    "cpu",
    "credit-card",
    "download",
    "ellipsis",
    "external-link",
    "eye",
    "eye-off",
    "file-text",
    "files",
    "gift",
    "globe",
    "history",
    "image",
    "info",
    "key",
    "languages",
    "link",
    "list",
    "log-out",
    "mail",
    "menu",
    "message-square",
    "mic",
    "moon",
    "paperclip",
    "pause",
    "pen-line",
    "pencil",
    "play",
    "plus",
    "receipt-text",
    "refresh-cw",
    "rotate-ccw",
    "scale",
    "search",
    "send",
    "settings",
    "share",
    "shield",
    "square",
    "square-pen",
    "sun",
    "tag",
    "thumbs-down",
    "thumbs-up",
    "trash-2",
    "user",
    "users",
    "wallet",
    "x",
    "zap",
]

Files = dict[str, bytes]


def sprite(package: Files) -> Files:
    """One file of the icons that pages use. Stroke and size are CSS's (`.i` of base.css: 1.75 wide)."""
    symbols = []
    for name in ICONS:
        svg = package[f"icons/{name}.svg"].decode()
        body = re.sub(r">\s+<", "><", svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")].strip())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    text = '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"
    return {"sprite.svg": text.encode()}


def named(*wanted: str, under: str = "") -> Callable[[Files], Files]:
    """Files of these names or patterns, as they lie in the package below `under`."""

    def pick(package: Files) -> Files:
        below = {path.removeprefix(under): data for path, data in package.items() if path.startswith(under)}
        return {path: data for path, data in below.items() if any(PurePosixPath(path).match(name) for name in wanted)}

    return pick


@dataclass(frozen=True)
class Library:
    """What is taken of a package. folder: its name without the version. licence: the file in the package."""

    folder: str
    pick: Callable[[Files], Files]
    licence: str = "LICENSE"
    base: Path = WEB


LIBRARIES = {
    "@highlightjs/cdn-assets": Library("highlight", named("highlight.min.js", under="es/")),
    "axe-core": Library("axe-core", named("axe.min.js"), base=TESTS),
    "dompurify": Library("dompurify", named("purify.es.mjs", under="dist/")),
    "katex": Library("katex", named("katex.min.js", "katex.min.css", "fonts/*.woff2", under="dist/")),
    "lucide-static": Library("lucide", sprite),
    "marked": Library("marked", named("marked.esm.js", under="lib/")),
    "pretendard": Library(
        "pretendard",
        named("pretendardvariable-dynamic-subset.css", "woff2-dynamic-subset/*.woff2", under="dist/web/variable/"),
        "dist/LICENSE.txt",
    ),
}


def sha512(data: bytes) -> str:
    """As package managers write it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def pinned(root: Path) -> dict[str, str]:
    """The versions of package.json by name. Raises ValueError for one that is not exact."""
    package = json.loads((root / "package.json").read_text())
    versions: dict[str, str] = package["dependencies"] | package["devDependencies"]
    for name, version in versions.items():
        if re.fullmatch(r"\d+\.\d+\.\d+", version) is None:
            raise ValueError(f"package.json: {name} is {version}; pin one version, such as 1.2.3")
    return versions


def folder_of(name: str, version: str) -> Path:
    """Where a library lies, from the repository's root."""
    library = LIBRARIES[name]
    return library.base / f"{library.folder}-{version}"


def fetch(name: str, version: str) -> bytes:
    """The package as the registry has it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", folder, f"{name}@{version}"]
        subprocess.run(command, check=True, timeout=FETCH_SECONDS_MAX, cwd=folder, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        return archive.read_bytes()


def unpack(archive: bytes) -> Files:
    """Every file of a package by its path in it."""
    if len(archive) > PACKAGE_BYTES_MAX:
        raise ValueError(f"the package is {len(archive)} bytes, more than {PACKAGE_BYTES_MAX}")
    found: Files = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            inside = tar.extractfile(member) if member.isfile() else None
            if inside is not None:
                found[member.name.partition("/")[2]] = inside.read()
    return found


def bring(root: Path, name: str, version: str, known: dict[str, Any] | None) -> dict[str, Any]:
    """Fetch one library, lay its files down, and say what the lock holds of it."""
    archive = fetch(name, version)
    integrity = sha512(archive)
    if known and known["version"] == version and known["integrity"] != integrity:
        raise ValueError(f"{name} {version}: the registry's package is {integrity}, not the {known['integrity']} known")
    package = unpack(archive)
    library = LIBRARIES[name]
    files = library.pick(package) | {"LICENSE": package[library.licence]}
    for path, data in files.items():
        target = root / folder_of(name, version) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return {
        "version": version,
        "licence": json.loads(package["package.json"])["license"],
        "integrity": integrity,
        "files": {path: hashlib.sha256(data).hexdigest() for path, data in sorted(files.items())},
    }


def refresh(root: Path) -> None:
    """Fetch all that package.json pins."""
    where = root / LOCK
    known = json.loads(where.read_text()) if where.exists() else {}
    locked = {name: bring(root, name, version, known.get(name)) for name, version in sorted(pinned(root).items())}
    where.write_text(json.dumps(locked, indent=1) + "\n")


def differences(root: Path) -> list[str]:
    """What lies there and is not what is pinned, one sentence each; none is right."""
    locked: dict[str, Any] = json.loads((root / LOCK).read_text())
    versions = pinned(root)
    found = [f"{name} is locked and not in package.json" for name in locked.keys() - versions.keys()]
    expected = {LOCK}
    for name, version in versions.items():
        if name not in locked or locked[name]["version"] != version:
            found.append(f"{name} {version} is pinned and not what is locked; run python tools/vendor.py")
            continue
        for path, digest in locked[name]["files"].items():
            place = folder_of(name, version) / path
            expected.add(place)
            if not (root / place).is_file():
                found.append(f"{place} is missing")
            elif hashlib.sha256((root / place).read_bytes()).hexdigest() != digest:
                found.append(f"{place} is not the file that was fetched")
    present = {path.relative_to(root) for base in (WEB, TESTS) for path in (root / base).rglob("*") if path.is_file()}
    return found + [f"{path} belongs to no library" for path in sorted(present - expected)]


def main(arguments: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare what lies there with the lock; fetch nothing")
    if not parser.parse_args(arguments).check:
        refresh(ROOT)
    found = differences(ROOT)
    print("\n".join(found) or "the browser's libraries are those that are pinned")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
