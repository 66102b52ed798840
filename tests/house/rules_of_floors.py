"""Rules about how files stand to each other: floors, cycles, adapters, rooms, doors (1, 2, 7, 11, 12)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.house import House, Import, Source, loaded_by_name

README_LINES_MAX = 30
README_HEADINGS = ("Owns", "Does not own", "Invariants")


def imports_point_down(house: House) -> list[str]:
    """Rule 1: a room knows only rooms on lower floors."""
    broken = []
    for source in house.sources:
        mine = house.floor(source)
        for found in house.imports(source):
            room = found.name.split(".")[1] if found.name.startswith("solvent.") else ""
            theirs = house.rooms[room].floor if room in house.rooms else None
            if mine is None or theirs is None or room == house.room(source) or theirs < mine:
                continue
            where = "on the same floor" if theirs == mine else "above it"
            me = house.room(source) or "solvent"
            what = f"{me} (floor {mine}) imports {found.name}, and {room} (floor {theirs}) is {where}"
            advice = "pass the value in, or let a story introduce them"
            broken.append(source.breach(found.line, 1, f"{what}; {advice}"))
    return broken


def no_import_cycles(house: House) -> list[str]:
    """Rule 2: from no file do its imports lead back to it."""
    ways = {s.place: _imported_files(house, s) for s in house.sources}
    ways = _only_cycles(ways)
    broken = []
    while ways:
        trail = [min(ways)]
        while (ahead := min(ways[trail[-1]])) not in trail:
            trail.append(ahead)
        ring = trail[trail.index(ahead) :]
        source, line = house.by_place[ring[0]], ways[ring[0]][min(ways[ring[0]])]
        what = f"imports go in a circle: {' > '.join([*ring, ring[0]])}"
        broken.append(source.breach(line, 2, f"{what}; move what they share to a file of its own"))
        ways = _only_cycles({place: to for place, to in ways.items() if place not in ring})
    return broken


def _imported_files(house: House, source: Source) -> dict[str, int]:
    """Each other file of the house that a file imports, and the line where it first does."""
    first: dict[str, int] = {}
    for found in house.imports(source):
        if found.to and found.to != source.place:
            first.setdefault(found.to, found.line)
    return first


def _only_cycles(ways: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Leave out, again and again, every file whose imports lead nowhere."""
    while True:
        ways = {place: {t: line for t, line in to.items() if t in ways} for place, to in ways.items()}
        leaves = [place for place, to in ways.items() if not to]
        if not leaves:
            return ways
        ways = {place: to for place, to in ways.items() if place not in leaves}


def only_app_knows_adapters(house: House) -> list[str]:
    """Rule 7: adapters and entry points are known to `app` alone."""
    broken = []
    for source in house.sources:
        if house.kind(source) == "app":
            continue
        broken += [
            source.breach(found.line, 7, f"imports the adapter {found.name}; ask its port, app chooses")
            for found in house.imports(source)
            if _is_foreign_adapter(house, source, found)
        ]
        broken += [source.breach(line, 7, what) for line, what in _plug_loading(source)]
    return broken


def _is_foreign_adapter(house: House, source: Source, found: Import) -> bool:
    """Whether an import means an adapter, other than one adapter leaning on another of its family."""
    room = found.name.split(".")[1] if found.name.startswith("solvent.") else ""
    target = house.target(found)
    if room not in house.rooms or not house.rooms[room].is_plug_family or target is None:
        return False
    computed = target.name == "__init__.py" and found.name == f"solvent.{room}" and _loads(source, found)
    family = house.room(source) == room and house.kind(source) == "adapter"
    return (house.kind(target) == "adapter" or computed) and not family


def _loads(source: Source, found: Import) -> bool:
    """Whether an import is a call such as import_module(f"solvent.providers.{name}")."""
    calls = [n for n in source.nodes if isinstance(n, ast.Call) and n.lineno == found.line]
    return any(loaded_by_name(call) == found.name for call in calls)


def _plug_loading(source: Source) -> list[tuple[int, str]]:
    """Where a file looks for plug-ins by itself."""
    found = []
    for node in source.nodes:
        match node:
            case ast.ImportFrom(names=names) if any(a.name == "entry_points" for a in names):
                found.append((node.lineno, "reads entry points; only app finds plug-ins"))
            case ast.Attribute(attr="entry_points"):
                found.append((node.lineno, "reads entry points; only app finds plug-ins"))
            case ast.Call() if loaded_by_name(node) == "?":
                found.append((node.lineno, "loads a module whose name is computed; only app does that"))
    return found


def rooms_are_on_the_page(house: House) -> list[str]:
    """Rule 11: a room has its floor in docs/HOUSE.md, a README with three headings, and a real line."""
    broken = []
    for source in house.sources:
        if house.room(source) in house.folders_without_floor:
            broken.append(source.breach(1, 11, "docs/HOUSE.md says no Python here; move it, or delete it"))
        elif house.floor(source) is None:
            what = f"{source.place} has no floor; give its room a line in docs/HOUSE.md first"
            broken.append(source.breach(1, 11, what))
    for folder in sorted(p for p in house.package.iterdir() if p.is_dir()):
        files = [p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
        sources = [s for s in house.sources if house.room(s) == folder.name]
        shown = folder.relative_to(house.root).as_posix()
        if files and not sources and folder.name not in house.folders_without_floor:
            broken.append(f"{shown}:1: rule 11: not on the page; give it a line in docs/HOUSE.md")
        if not sources or house.floor(sources[0]) is None:
            continue
        if not any(_has_a_real_line(s) for s in sources):
            broken.append(f"{shown}:1: rule 11: an empty room; a room appears when its first real line does")
        else:
            readme = _readme(folder / "README.md")
            broken += [f"{shown}/README.md:{line}: rule 11: {what}" for line, what in readme]
    return broken


def _has_a_real_line(source: Source) -> bool:
    """Anything but a docstring, imports and a list of names."""
    return any(
        not isinstance(n, ast.Import | ast.ImportFrom)
        and not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
        and not (isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__")
        for n in source.tree.body
    )


def _readme(path: Path) -> list[tuple[int, str]]:
    """What is wrong with a room's README."""
    headings = ", ".join(README_HEADINGS)
    if not path.exists():
        return [(1, f"the room has no README.md; write at most {README_LINES_MAX} lines: {headings}")]
    text = path.read_text(encoding="utf-8")
    found = []
    if (lines := len(text.splitlines())) > README_LINES_MAX:
        found.append((README_LINES_MAX + 1, f"{lines} lines, at most {README_LINES_MAX}; say less"))
    missing = [h for h in README_HEADINGS if not re.search(rf"^(?:#+ |\*\*)?{h}\b", text, re.MULTILINE)]
    return found + [(1, f"no heading {heading!r}; a README has {headings}") for heading in missing]


def use_cases_have_doors(house: House) -> list[str]:
    """Rule 12: what no door reaches is dead: follow the imports from every door and from app."""
    reached = {s.place for s in house.of_kind("door", "app", "root")}
    ahead = list(reached)
    while ahead:
        new = _imported_files(house, house.by_place[ahead.pop()]).keys() - reached
        reached |= new
        ahead += new
    return [
        s.breach(1, 12, f"no door reaches the use case {s.stem}; call it from a door or a story, or delete it")
        for s in house.of_kind("verb")
        if s.place not in reached
    ]
