"""Scripts of a page with all that they import, told at once: else a browser learns of them one after another."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from markupsafe import Markup

_WEB: Final = Path(str(files("solvent"))) / "web"
_IMPORTS: Final = re.compile(r"^(?:import|export)\b(?:[^;']*?\bfrom)? ?'(\.[^']+)';", re.MULTILINE)


@cache
def module(name: str) -> Markup:
    """The tags of one script of `web/js`: itself, and what it imports, and what that does."""
    imported = [f'<link rel="modulepreload" href="/static/{path}">' for path in _closure(f"js/{name}")]
    return Markup("\n").join(
        [*map(Markup, imported), Markup('<script type="module" src="/static/js/{}"></script>').format(name)]
    )


def _closure(first: str) -> list[str]:
    found: dict[str, None] = {}
    left = _imports(first)
    while left:
        path = left.pop(0)
        if path not in found:
            found[path] = None
            left += _imports(path)
    return list(found)


def _imports(path: str) -> list[str]:
    text = (_WEB / path).read_text(encoding="utf-8")
    folder = posixpath.dirname(path)
    return [posixpath.normpath(posixpath.join(folder, near)) for near in _IMPORTS.findall(text)]
