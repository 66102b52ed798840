"""Nouns think, verbs act: rules 3 and 4, about what a file of the rooms on floors 1 and 3-5 may do."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.exceptions import PORT_MODULES, PURE_MODULES
from tests.house.house import SQL_LIBRARIES, Function, House, Import, Source, called

Finding = tuple[int, str]

_WORLD_NAMES = frozenset({"open", "print", "input", "eval", "exec", "breakpoint"})
_CLOCK_CALLS = frozenset({"now", "today", "utcnow"})
_DISK_CALLS = frozenset({"read_text", "read_bytes", "write_text", "write_bytes"})
_NETWORK_CALLS = frozenset(
    {"open_connection", "open_unix_connection", "start_server", "start_unix_server"}
    | {"create_connection", "create_server", "create_subprocess_exec", "create_subprocess_shell"}
)


def nouns_think(house: House) -> list[str]:
    """Rule 3: a file without `async` is pure; so is a port."""
    broken = []
    for source in house.of_kind("noun", "port"):
        findings = [(i.line, what) for i in house.imports(source) if (what := _impure(house, source, i))]
        findings += _worldly_acts(source, clock=True)
        broken += [source.breach(line, 3, what) for line, what in findings]
    return broken


def _impure(house: House, source: Source, found: Import) -> str:
    """Why a noun may not import this, or ""."""
    if not found.name.startswith("solvent"):
        named = house.kind(source) == "port" and found.name.partition(".")[0] in PORT_MODULES
        return "" if named or _is_allowed(found.name) else _not_pure("a pure file", found.name)
    target = house.target(found)
    kind = house.kind(target) if target else "noun"
    is_port = target is not None and target.name == "port.py"  # on any floor: db/ has one too
    if is_port or kind in ("noun", "adapter", "shipped") or _is_rule_1s(house, source, target):
        return ""  # fine, or for rules 7 and 1 to say
    room = house.room(target) if target and kind == "plumbing" else f"a {kind}"
    return f"a pure file imports {found.name} ({room}); pass it the value, or make this file a verb"


def _is_rule_1s(house: House, source: Source, target: Source | None) -> bool:
    """Whether the import is broken already for pointing up or sideways."""
    mine, theirs = house.floor(source), house.floor(target) if target else None
    other_room = target is not None and house.room(target) != house.room(source)
    return mine is not None and theirs is not None and other_room and theirs >= mine


def _is_allowed(name: str) -> bool:
    """Whether the allow-list has the module, or rules 5 and 7 speak for it (SQL, plug-ins)."""
    first = name.partition(".")[0]
    listed = any(name == m or name.startswith(m + ".") for m in PURE_MODULES)
    return listed or first in SQL_LIBRARIES or name.endswith(".entry_points") or name == "?"


def _not_pure(who: str, name: str) -> str:
    return f"{who} imports {name}; let a port do it, or list it in tests/house/exceptions.py if it is pure"


def _worldly_acts(source: Source, *, clock: bool) -> Iterator[Finding]:
    """Where a file touches the world by itself. `clock`: whether an injected clock counts too."""
    for node in source.nodes:
        if isinstance(node, ast.Name) and node.id in _WORLD_NAMES and isinstance(node.ctx, ast.Load):
            yield node.lineno, f"{node.id}() touches the world; let a door or a port do it"
        elif isinstance(node, ast.Attribute) and node.attr in _CLOCK_CALLS and _is_calendar(node.value):
            yield node.lineno, f"{ast.unparse(node)} reads the clock; take the instant as a parameter"
        elif isinstance(node, ast.Call):
            name = called(node)
            read = isinstance(node.func, ast.Attribute) and _is_calendar(node.func.value)
            if clock and name in _CLOCK_CALLS and not read:
                yield node.lineno, f"{name}() reads a clock; take the instant as a parameter"
            if name in _DISK_CALLS or (name in _NETWORK_CALLS and isinstance(node.func, ast.Attribute)):
                yield node.lineno, f"{name}() touches the world; let a door or a port do it"
    yield from _unseeded(source)


def _is_calendar(node: ast.expr) -> bool:
    """Whether an expression is the class `datetime` or `date`."""
    return ast.unparse(node).rpartition(".")[2] in ("datetime", "date")


def _unseeded(source: Source) -> Iterator[Finding]:
    """Every use of `random` but the type random.Random and a generator made from a seed."""
    fine = {id(n) for n in _annotations(source)}
    for node in source.nodes:
        if isinstance(node, ast.Call) and called(node) == "Random" and _has_seed(node):
            fine.add(id(node.func))
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "random":
            wrong = [a.name for a in node.names if a.name != "Random"]
            if wrong:
                yield node.lineno, f"random.{wrong[0]} has no seed; take a random.Random as a parameter"
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "random":
            if id(node) not in fine:
                yield node.lineno, f"random.{node.attr} has no seed; take a random.Random as a parameter"
        elif isinstance(node, ast.Name) and node.id == "Random" and isinstance(node.ctx, ast.Load):
            if id(node) not in fine:
                yield node.lineno, "Random without a seed; take a random.Random as a parameter"
        elif isinstance(node, ast.Import) and any(a.name == "random" and a.asname for a in node.names):
            yield node.lineno, "random under another name; import it as random"


def _has_seed(call: ast.Call) -> bool:
    given = [*call.args, *(k.value for k in call.keywords)]
    return bool(given) and not (isinstance(given[0], ast.Constant) and given[0].value is None)


def _annotations(source: Source) -> Iterator[ast.AST]:
    """Every node inside a type annotation."""
    for node in source.nodes:
        typed: list[ast.expr | None] = []
        if isinstance(node, ast.arg | ast.AnnAssign):
            typed = [node.annotation]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            typed = [node.returns]
        for annotation in typed:
            if annotation is not None:
                yield from ast.walk(annotation)


def verbs_act(house: House) -> list[str]:
    """Rule 4: a file with `async` is one use case; it reaches the world only through ports and stores."""
    broken = []
    for source in house.of_kind("verb"):
        findings = [*_one_public_coroutine(source), *_worldly_acts(source, clock=False)]
        for found in house.imports(source):
            first = found.name.partition(".")[0]
            target = house.target(found)
            if first not in ("asyncio", "solvent") and not _is_allowed(found.name):
                findings.append((found.line, _not_pure("a use case", found.name)))
            elif target is not None and house.room(target) == "wire":
                findings.append((found.line, f"a use case imports {found.name}; ask a port instead"))
        broken += [source.breach(line, 4, what) for line, what in findings]
    for source in house.of_kind("port"):
        broken += [source.breach(line, 4, what) for line, what in _port_that_acts(source)]
    return broken


def _one_public_coroutine(source: Source) -> Iterator[Finding]:
    public = [n for n in source.tree.body if isinstance(n, Function) and n.name[0] != "_"]
    if [f.name for f in public] != [source.stem] or not isinstance(public[0], ast.AsyncFunctionDef):
        named = ", ".join(f.name for f in public) or "none"
        where = next((f.lineno for f in public if f.name != source.stem), 1)
        yield where, f"a file with async has one public function, async def {source.stem}(); here: {named}"
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and node.name[0] != "_":
            waits = [f for f in node.body if isinstance(f, ast.AsyncFunctionDef)]
            for function in waits[:1]:
                what = f"{node.name}.{function.name}() is a second use case"
                yield function.lineno, f"{what}; give it a file of its own, or port.py its Protocol"


def _port_that_acts(source: Source) -> Iterator[Finding]:
    """A port only declares: its async functions are methods of a Protocol."""
    classes = [n for n in source.nodes if isinstance(n, ast.ClassDef)]
    protocols = [c for c in classes if any(ast.unparse(b).startswith("Protocol") for b in c.bases)]
    declared = {id(f) for p in protocols for f in p.body}
    for function in source.functions:
        if isinstance(function, ast.AsyncFunctionDef) and id(function) not in declared:
            yield function.lineno, f"{function.name}() acts in a port; a port only declares a Protocol"
