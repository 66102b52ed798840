"""Replies are held to a schema, whole; what is no reply is not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.guarding.guards import deltas, rule, tell

from solvent.guards.json_schema import open_guard
from solvent.guards.port import Said, Settings, Text
from solvent.values.errors import Invalid

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
GUARD = open_guard(Settings("shape", {"schema": SCHEMA}))


def kinds(words: str, said: Said = "reply") -> list[str]:
    return [one.kind for one in asyncio.run(GUARD.find([Text(words, said)]))]


def test_replies_are_held_to_it() -> None:
    assert kinds('{"n": 1}') == []
    assert kinds('{"n": "one"}') == ["other_json"]
    assert kinds("n is 1") == ["no_json"]
    assert kinds("[" * 100_000) == ["no_json"]
    assert kinds("thinking", "thought") == kinds('{"x":', "call") == kinds("") == []


def test_a_stream_that_is_not_valid_ends_with_an_error() -> None:
    assert tell(deltas({"content": '{"n"'}, {"content": ":1}"}), rule(GUARD, "block")).fault is None
    told = tell(deltas({"content": '{"n"'}, {"content": ":"}, finish="length"), rule(GUARD, "block"))
    assert told.fault is not None
    assert told.fault.code == "guard_blocked"
    assert "no json" in told.fault.message


def test_a_schema_can_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps(SCHEMA))
    guard = open_guard(Settings("shape", {"file": "s.json"}, tmp_path))
    assert asyncio.run(guard.find([Text("{}", "reply")]))


def test_nothing_is_fetched_for_a_reference() -> None:
    guard = open_guard(Settings("shape", {"schema": {"$ref": "http://127.0.0.1:1/schema.json"}}))
    with pytest.raises(Exception, match="127"):
        asyncio.run(guard.find([Text("{}", "reply")]))


@pytest.mark.parametrize(
    "options", [{}, {"schema": {"type": 5}}, {"schema": "x"}, {"file": "missing.json"}, {"shema": {}}]
)
def test_refuses_options_that_make_no_sense(options: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="options"):
        open_guard(Settings("shape", options))
