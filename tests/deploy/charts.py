"""Renders the chart's templates: the small part of Helm's language that they keep to, so that no cluster, no Go and no
download is needed to look at what they say. Whatever else they would use is an error here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "solvent"
_TAG = re.compile(r"(\s*\{\{-|\{\{)\s*(.*?)\s*\}\}")


def values(**changes: Any) -> dict[str, Any]:
    """The chart's values, some of them otherwise: tables are merged, as Helm does."""
    found = yaml.safe_load((CHART / "values.yaml").read_text())
    for name, change in changes.items():
        assert name in found, f"the chart has no value {name}"
        found[name] = {**found[name], **change} if isinstance(change, dict) else change
    return dict(found)


def rendered(given: Mapping[str, Any], release: str = "shop") -> dict[tuple[str, str], dict[str, Any]]:
    """Every object of the chart, by kind and name."""
    scope = {"Values": given, "Release": {"Name": release}}
    objects: dict[tuple[str, str], dict[str, Any]] = {}
    for template in sorted((CHART / "templates").glob("*.yaml")):
        for one in yaml.safe_load_all(render(template.read_text(), scope)):
            if one is not None:
                objects[one["kind"], one["metadata"]["name"]] = one
    return objects


def render(template: str, scope: Mapping[str, Any]) -> str:
    """One template's text."""
    told: list[str] = []
    shown = [True]  # for each `if` around this place, whether what stands there is shown
    at = 0
    for tag in _TAG.finditer(template):
        before = template[at : tag.start()]
        at = tag.end()
        if all(shown):
            told.append(before)
        word, _, rest = tag[2].partition(" ")
        if word == "if":
            shown.append(_is_true(rest, scope))
        elif word == "else":
            shown[-1] = not shown[-1]
        elif word == "end":
            shown.pop()
        elif all(shown):
            told.append(_said(tag[2], scope))
    assert shown == [True], "an if without its end"
    return "".join(told) + template[at:]


def _is_true(condition: str, scope: Mapping[str, Any]) -> bool:
    if condition.startswith("not "):
        return not _value(condition[4:], scope)
    return bool(_value(condition, scope))


def _value(path: str, scope: Mapping[str, Any]) -> Any:
    assert re.fullmatch(r"(\.\w+)+", path), f"not in the part of the language that is used here: {path}"
    found: Any = scope
    for name in path.split(".")[1:]:
        found = found[name]  # a KeyError names what values.yaml lacks
    return found


def _said(expression: str, scope: Mapping[str, Any]) -> str:
    first, *rest = [part.strip() for part in expression.split("|")]
    if first.startswith("toYaml "):
        said = yaml.safe_dump(_value(first[7:], scope), sort_keys=False).strip()
    else:
        value = _value(first, scope)
        assert isinstance(value, str | int), f"{first} is no text"
        said = str(value)
    for step in rest:
        if step == "quote":
            said = json.dumps(said, ensure_ascii=False)
        elif step == "sha256sum":
            said = hashlib.sha256(said.encode()).hexdigest()
        else:
            spaces = re.fullmatch(r"nindent (\d+)", step)
            assert spaces, f"not in the part of the language that is used here: {step}"
            said = "".join("\n" + " " * int(spaces[1]) + line for line in said.splitlines())
    return said
