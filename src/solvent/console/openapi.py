"""The OpenAPI 3.1 document of the operator API, made from the declared operations, so that it cannot be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import getdoc
from typing import Any, Final

import msgspec

from solvent import __version__
from solvent.app.http import Download
from solvent.console.operation import AnyOperation, Nothing
from solvent.identity.caller import OPERATOR_ROLES
from solvent.identity.permission import may
from solvent.values.limits import IDEMPOTENCY_KEY_CHARACTERS_MAX

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_ABOUT: Final = (
    "What operators do: customers, keys, plans, wallets, invoices, payments and the books. Amounts are exact decimal "
    "texts in whole units of the currency beside them. Every POST may carry an Idempotency-Key, and one that changes "
    "money must: the same request again has its effect once and gets the same answer. Lists are newest first and "
    "come in pages."
)
_KEY_WORDS: Final = (
    "The same for every repetition of one request. A repetition changes nothing and gets the first answer, with the "
    "header idempotent-replayed; another request under the same key is refused."
)
_KEY: Final = {"type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_CHARACTERS_MAX}
_STATUSES: Final = {
    "400": "The request is malformed; `param` names the member.",
    "401": "No key was sent, or one that is not good.",
    "402": "The money is not there, or held for answers under way.",
    "403": "The key's role may not do this, or a rule says no.",
    "404": "There is no such thing.",
    "405": "The path is asked with another method.",
    "408": "The body stopped coming.",
    "409": "The thing is in another state than the request assumes.",
    "413": "The body is too large.",
    "422": "The Idempotency-Key was used before, for another request.",
    "429": "Something we depend on is asked too much now; ask again in a moment.",
    "500": "Something broke on our side; nothing was changed.",
    "502": "A payment processor cannot be reached, or cannot be understood.",
    "503": "The books cannot be written now; ask again.",
}


class Problem(msgspec.Struct):
    """What went wrong. code: never changes its meaning; docs/errors.md explains each."""

    message: str
    type: str
    param: str | None
    code: str


class ProblemBody(msgspec.Struct):
    """The body of every error."""

    error: Problem


def document(operations: Sequence[AnyOperation]) -> Json:
    """The whole document, ready to be written as JSON."""
    kinds = [kind for o in operations for kind in (o.body, o.result) if kind not in (Nothing, Download)]
    unique = list(dict.fromkeys([*kinds, ProblemBody]))
    made, components = msgspec.json.schema_components(unique, ref_template=_REF)
    schemas = dict(zip(unique, made, strict=True))
    paths: Json = {}
    for operation in operations:
        place = paths.setdefault(operation.path, {})
        place[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Solvent: the operator API", "version": __version__, "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "where this service listens"}],
        "security": [{"key": []}],
        "tags": [{"name": name} for name in dict.fromkeys(map(chapter, operations))],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "an operator's key"}},
            "parameters": {
                name: {"name": "Idempotency-Key", "in": "header", "required": needed, "description": _KEY_WORDS,
                       "schema": _KEY}
                for name, needed in (("IdempotencyKey", False), ("IdempotencyKeyNeeded", True))
            },
            "responses": {
                status: {"description": words, "content": {"application/json": {"schema": schemas[ProblemBody]}}}
                for status, words in _STATUSES.items()
            },
            "schemas": components,
        },
    }  # fmt: skip


def _operation(operation: AnyOperation, schemas: dict[Any, Json]) -> Json:
    summary, _, more = (getdoc(operation.run) or "").partition("\n")
    roles = [role for role in OPERATOR_ROLES if may(role, operation.action)]
    words = [more.strip(), f"Roles: {', '.join(roles)}."]
    for member, action in operation.also.items():
        others = ", ".join(role for role in OPERATOR_ROLES if may(role, action))
        words.append(f"With `{member}`: {others}.")
    described: Json = {
        "operationId": operation_id(operation),
        "tags": [chapter(operation)],
        "summary": summary.rstrip("."),
        "description": "\n\n".join(part for part in words if part),
        "parameters": _parameters(operation),
        "responses": {"200": _reply(operation, schemas)}
        | {status: {"$ref": f"#/components/responses/{status}"} for status in _statuses(operation)},
    }
    if operation.body is not Nothing:
        schema = schemas[operation.body]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def operation_id(operation: AnyOperation) -> str:
    """The name of an operation, such as customers.suspend."""
    return f"{chapter(operation)}.{operation.run.__name__}"


def chapter(operation: AnyOperation) -> str:
    """What it is about: the name of the file it is declared in."""
    return operation.run.__module__.rpartition(".")[2]


def _statuses(operation: AnyOperation) -> list[str]:
    writes = operation.method == "POST"
    only_writing = ("402", "408", "409", "413", "422", "429", "502")
    return [status for status in _STATUSES if writes or status not in only_writing]


def _reply(operation: AnyOperation, schemas: dict[Any, Json]) -> Json:
    is_file = operation.result is Download
    schema = {"type": "string", "format": "binary"} if is_file else schemas[operation.result]
    reply: Json = {
        "description": "What was asked for" if operation.method == "GET" else "What came of it",
        "headers": {"x-request-id": {"description": "to find it in the log", "schema": {"type": "string"}}},
        "content": {operation.media_type: {"schema": schema}},
    }
    if operation.method == "POST" and not operation.is_reading:
        words = "true on a repetition, that changed nothing"
        reply["headers"]["idempotent-replayed"] = {"description": words, "schema": {"type": "string"}}
    return reply


def _parameters(operation: AnyOperation) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in operation.names
    ]
    made = msgspec.json.schema(operation.query)
    struct = made["$defs"][made["$ref"].rpartition("/")[2]]
    for name, schema in struct["properties"].items():
        words = schema.pop("description", "")
        if "anyOf" in schema:  # in a query what is not given is left out, never null
            (schema,) = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
        is_needed = name in struct.get("required", ())
        found.append({"name": name, "in": "query", "required": is_needed, "description": words, "schema": schema})
    if operation.method == "POST" and not operation.is_reading:
        name = "IdempotencyKeyNeeded" if operation.is_money else "IdempotencyKey"
        found.append({"$ref": f"#/components/parameters/{name}"})
    return found
