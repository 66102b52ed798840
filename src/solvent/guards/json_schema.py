"""Finds replies that are not the JSON that a schema asks for. It judges whole replies, so it can block and note."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import jsonschema
import msgspec
import referencing

from solvent.guards.options import read_options
from solvent.guards.port import Found, Sees, Settings, Text
from solvent.values.errors import Invalid


class _Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: dict[str, Any] | None = None
    file: str = ""


class JsonSchema:
    """See `Guard`."""

    sees: Sees = "whole"

    def __init__(self, schema: dict[str, Any]) -> None:
        # A registry of its own, so that no reference is fetched from anywhere.
        self._validator = jsonschema.Draft202012Validator(schema, registry=referencing.Registry())

    async def find(self, texts: Sequence[Text]) -> Sequence[Found]:
        """See `Guard.find`. Thoughts and calls are no replies."""
        judged = ((n, text.words) for n, text in enumerate(texts) if text.said == "reply" and text.words)
        return [Found(n, 0, len(words), kind) for n, words in judged if (kind := self._wrong_with(words))]

    def unsure(self, words: str) -> int:
        """See `Guard.unsure`. Nothing is held back of what is judged whole."""
        return 0

    async def close(self) -> None:
        """See `Guard.close`."""

    def _wrong_with(self, words: str) -> str:
        try:
            value = json.loads(words)
        except (ValueError, RecursionError):
            return "no_json"
        return "" if self._validator.is_valid(value) else "other_json"


def open_guard(settings: Settings) -> JsonSchema:
    """See `OpenGuard`. Options: schema, a table; or file, of JSON, beside solvent.toml."""
    options = read_options(settings, _Options)
    schema = options.schema if options.schema is not None else _read(settings, options.file)
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as wrong:
        raise Invalid("bad_config", f"options: it is no JSON schema: {wrong.message[:200]}", param="options") from None
    return JsonSchema(schema)


def _read(settings: Settings, file: str) -> Any:
    if not file:
        raise Invalid("bad_config", "options: json_schema needs a schema, or the file of one", param="options")
    try:
        return json.loads((settings.near / file).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else wrong
        raise Invalid("bad_config", f"options: {file} cannot be read as JSON: {why}", param="options") from None
