"""Reads a house: the floors from its docs/HOUSE.md, and every Python file as a syntax tree.

The rules ask this one reader, so that the same rules check the real house and the small one that
`test_mutations.py` builds and breaks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from tests.house.exceptions import BLOCKING_JOBS, SHIPPED_DATA

Kind = Literal[
    "root", "homeless", "plumbing", "app", "door",  # by the floor
    "noun", "verb", "port", "store", "adapter", "contract", "job", "shipped",  # upstairs, by name and by what is in it
]  # fmt: skip
Function = ast.FunctionDef | ast.AsyncFunctionDef

# "  cli/         serve report keys ...            8  doors": two spaces, a room, what is in it, its floor.
_ROOM = re.compile(r"^ {2}([a-z_]+)/ +(\S.*?) {2,}(\d+|-)(?: {2,}.*)?$")
_OUTSIDE = re.compile(r"^([a-z_]+)/ .*inside the package")
_NUMBERED = re.compile(r"(?:^|(?<=\. ))(\d+)\. (?=[A-Z*])", re.MULTILINE)
# The package itself knows no room; `python -m solvent` opens a door.
ROOT_FLOORS = {"__init__.py": 0, "__main__.py": 9}
SQL_LIBRARIES = frozenset({"sqlalchemy", "sqlite3", "alembic", "aiosqlite", "asyncpg", "psycopg", "psycopg2"})


@dataclass(frozen=True)
class Import:
    """One imported name. `name` is absolute; `to` is the file of this house it means, or None."""

    line: int
    name: str
    to: str | None


@dataclass(frozen=True)
class Room:
    """One line of the floor table. A `floor` of None means: no Python in it."""

    name: str
    floor: int | None
    is_plug_family: bool


@dataclass
class Source:
    """One Python file. `place` is its path under src/solvent, or the path in the checkout if elsewhere."""

    path: Path
    shown: str
    place: str
    text: str
    tree: ast.Module = field(repr=False)

    @property
    def stem(self) -> str:
        return self.path.stem

    @property
    def name(self) -> str:
        return self.path.name

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def functions(self) -> list[Function]:
        return [n for n in self.nodes if isinstance(n, Function)]

    @cached_property
    def strings(self) -> list[tuple[int, str]]:
        """Line and text of every string that is not a docstring."""
        constants = [n for n in self.nodes if isinstance(n, ast.Constant) and id(n) not in self.docstrings]
        return [(n.lineno, n.value) for n in constants if isinstance(n.value, str)]

    @cached_property
    def is_async(self) -> bool:
        """Whether anything in the file waits."""
        waits = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
        return any(isinstance(n, waits) or (isinstance(n, ast.comprehension) and n.is_async) for n in self.nodes)

    @cached_property
    def docstrings(self) -> set[int]:
        """The ids of the constants that are docstrings."""
        owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        firsts = [n.body[0] for n in self.nodes if isinstance(n, owners) and n.body]
        return {id(f.value) for f in firsts if isinstance(f, ast.Expr) and isinstance(f.value, ast.Constant)}

    def breach(self, line: int, rule: int, what: str) -> str:
        """One finding as a reader wants it: where, which rule, what is wrong and what to do."""
        return f"{self.shown}:{line}: rule {rule}: {what}"


class House:
    """A checkout: `docs/HOUSE.md`, `src/solvent`, `tests` and `bench` under one folder."""

    def __init__(
        self, root: Path, jobs: frozenset[str] = BLOCKING_JOBS, shipped: frozenset[str] = SHIPPED_DATA
    ) -> None:
        self.root = root
        self.package = root / "src" / "solvent"
        self.page = (root / "docs" / "HOUSE.md").read_text(encoding="utf-8")
        self.jobs = jobs
        self.shipped = shipped
        self.sources = self._read(self.package)
        self.around = self._read(root / "tests") + self._read(root / "bench")
        self.by_place = {s.place: s for s in self.sources}

    def _read(self, folder: Path) -> list[Source]:
        found = []
        for path in sorted(folder.rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            shown = path.relative_to(self.root).as_posix()
            place = path.relative_to(self.package).as_posix() if folder == self.package else shown
            found.append(Source(path, shown, place, text, ast.parse(text, filename=shown)))
        return found

    @cached_property
    def rooms(self) -> dict[str, Room]:
        """The floor table of docs/HOUSE.md. A room that lists `port` first is a plug family."""
        lines = [m for m in map(_ROOM.match, self.page.splitlines()) if m]
        return {m[1]: Room(m[1], None if m[3] == "-" else int(m[3]), m[2].startswith("port ")) for m in lines}

    @cached_property
    def folders_without_floor(self) -> set[str]:
        """Folders of the package that the page names and that hold no Python: web and data."""
        outside = {m[1] for m in map(_OUTSIDE.match, self.page.splitlines()) if m}
        return outside | {r.name for r in self.rooms.values() if r.floor is None}

    @cached_property
    def rule_numbers(self) -> list[int]:
        """The numbers of the rules written under "## Rules"."""
        section = self.page.partition("## Rules")[2].partition("\n## ")[0]
        return [int(n) for n in _NUMBERED.findall(section)]

    def room(self, source: Source) -> str:
        """The room a file of the package lies in; "" for the package's own files."""
        return source.place.partition("/")[0] if "/" in source.place else ""

    def floor(self, source: Source) -> int | None:
        """The floor a file stands on, None when the page gives it none."""
        room = self.room(source)
        if not room:
            return ROOT_FLOORS.get(source.name)
        return self.rooms[room].floor if room in self.rooms else None

    def is_plug(self, source: Source) -> bool:
        """Whether a file lies in a plug family."""
        room = self.rooms.get(self.room(source))
        return room is not None and room.is_plug_family

    def kind(self, source: Source) -> Kind:
        """What a file is by its place, its name, and whether it waits."""
        floor = self.floor(source)
        if floor is None:
            return "homeless"
        if not self.room(source):
            return "root"
        if floor in (2, 6):
            return "plumbing" if floor == 2 else "app"
        if floor > 6:
            return "door"
        return self._kind_upstairs(source)

    def _kind_upstairs(self, source: Source) -> Kind:
        if source.name == "store.py" or source.name.endswith("_store.py"):
            return "store"
        if source.name == "port.py":
            return "port"
        if self.is_plug(source) and source.name != "__init__.py":
            return "contract" if source.name == "contract.py" else "adapter"
        if source.place in self.jobs:
            return "job"
        if source.place in self.shipped:
            return "shipped"
        return "verb" if source.is_async else "noun"

    def of_kind(self, *kinds: Kind) -> list[Source]:
        """The package's files of these kinds."""
        return [s for s in self.sources if self.kind(s) in kinds]

    def imports(self, source: Source) -> list[Import]:
        """Every import of a file, at the top or inside functions, also `import_module("literal")`."""
        return [Import(line, name, self.file_of(name)) for line, name in _imported_names(source)]

    def target(self, found: Import) -> Source | None:
        """The file of this house that an import means, if any."""
        return self.by_place[found.to] if found.to else None

    def file_of(self, name: str) -> str | None:
        """solvent.ledger.post.Post means ledger/post.py; solvent.ledger means ledger/__init__.py."""
        first, *parts = name.split(".")
        if first != "solvent":
            return None
        while True:
            stem = "/".join(parts)
            for place in (f"{stem}.py", f"{stem}/__init__.py" if stem else "__init__.py"):
                if place in self.by_place:
                    return place
            if not parts:
                return None
            parts.pop()


def _imported_names(source: Source) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name; `from a import b` gives a.b."""
    package = ["solvent", *source.place.split("/")[:-1]]
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and (name := loaded_by_name(node)):
            yield node.lineno, name


def loaded_by_name(call: ast.Call) -> str | None:
    """What `import_module(...)` or `__import__(...)` loads, "?" when only running it would tell; else None.

    Of an f-string the part before the first hole counts: f"solvent.cli.{name}" is solvent.cli.
    """
    if called(call) not in ("import_module", "__import__") or not call.args:
        return None
    what = call.args[0]
    if isinstance(what, ast.JoinedStr) and what.values and isinstance(what.values[0], ast.Constant):
        return str(what.values[0].value).rpartition(".")[0] or "?"
    return what.value if isinstance(what, ast.Constant) and isinstance(what.value, str) else "?"


def called(call: ast.Call) -> str:
    """The last word of what is called: now in datetime.now(), open in open()."""
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""
