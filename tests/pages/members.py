"""Every member that pages of customers read: of forms, addresses and scripts, out of the code that reads them."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from solvent import chat

_CHAT = Path(chat.__path__[0])
_TEMPLATES = _CHAT.parent / "web" / "templates"
_FORM = re.compile(r'<(?:input|select|textarea|button)\b[^>]*?\bname="([^"{]+)"|\bfield\("([^"{]+)"')
_READ = ("form", "query", "asked", "given")  # what they are called


def of_code() -> tuple[set[str], set[str]]:
    """The members that are read by their names; and the functions that read such as are told them, as FILE.FUNCTION."""
    named: set[str] = set()
    by_told: set[str] = set()
    for file in sorted(_CHAT.glob("*.py")):
        for function, key in _keys(ast.parse(file.read_text(encoding="utf-8")), ""):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                named.add(key.value)
            else:
                by_told.add(f"{file.stem}.{function}")
        named |= _of_scripts(file)
    return named, by_told


def of_templates() -> set[str]:
    """The members that forms of pages of customers, and of all pages, send."""
    found: set[str] = set()
    for room in ("chat", "pages"):
        for file in (_TEMPLATES / room).glob("*.html"):
            for one, other in _FORM.findall(file.read_text(encoding="utf-8")):
                found.add(one or other)
    return found


def _keys(node: ast.AST, function: str) -> Iterator[tuple[str, ast.AST | None]]:
    """What is looked for in what was sent, with the function that does; None where all of it is walked."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        function = node.name
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_sent(node.func.value):
        yield function, node.args[0] if node.func.attr == "get" else None
    elif isinstance(node, ast.Subscript) and _is_sent(node.value):
        yield function, node.slice
    elif isinstance(node, ast.comprehension | ast.For) and _is_sent(node.iter):
        yield function, None
    for inner in ast.iter_child_nodes(node):
        yield from _keys(inner, function)


def _is_sent(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id in _READ) or (
        isinstance(node, ast.Attribute) and node.attr in ("form", "query")
    )


def _of_scripts(file: Path) -> set[str]:
    """The members of the bodies that a file reads as JSON."""
    module, found = importlib.import_module(f"{chat.__name__}.{file.stem}"), set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "read_json":
            kind = node.args[0]
            assert isinstance(kind, ast.Name), f"{file.name}: name the kind of what is read"
            found |= set(getattr(module, kind.id).__struct_encode_fields__)
    return found
