"""The fields of a form, read off the body of the operation it carries out; and its members, as that body takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import inspect

Kind = Literal["text", "number", "choice", "check", "many"]
# The member of a form that says what is done; no operation has a member of this name, or of that of its mark.
DO: Final = "do"


class Field(msgspec.Struct, frozen=True):
    """One field. choices: of a choice, in the order of the type. default: what stands in it at first."""

    name: str
    kind: Kind
    choices: tuple[str, ...]
    is_needed: bool
    default: str


def fields_of(body: type) -> tuple[Field, ...]:
    """The fields of a body, in their order; what a form cannot show, such as a list of structs, is left out."""
    told = inspect.type_info(body)
    assert isinstance(told, inspect.StructType), body
    return tuple(made for one in told.fields if (made := _field(one)) is not None)


def _field(one: inspect.Field) -> Field | None:
    default = "" if one.default is msgspec.NODEFAULT or one.default is None else one.default
    kind, choices = _kind(one.type)
    if kind is None:
        return None
    text = ("true" if default else "") if kind == "check" else "" if kind == "many" else str(default)
    return Field(one.encode_name, kind, choices, one.required, text)


def _kind(told: inspect.Type) -> tuple[Kind | None, tuple[str, ...]]:
    if isinstance(told, inspect.Metadata):
        return _kind(told.type)
    if isinstance(told, inspect.UnionType):
        parts = [part for part in told.types if not isinstance(part, inspect.NoneType)]
        return _kind(parts[0]) if len(parts) == 1 else ("text", ())
    if isinstance(told, inspect.LiteralType):
        return "choice", tuple(str(value) for value in told.values)
    if isinstance(told, inspect.BoolType):
        return "check", ()
    if isinstance(told, inspect.IntType):
        return "number", ()
    if isinstance(told, inspect.ListType | inspect.VarTupleType):
        return ("many", ()) if _kind(told.item_type)[0] in ("text", "choice") else (None, ())
    return ("text", ()) if isinstance(told, inspect.StrType) else (None, ())


def members_of(form: Mapping[str, str], body: type) -> dict[str, Any]:
    """What a form says of a body's members. What was left empty is left out; lists are parted by commas."""
    members: dict[str, Any] = {}
    for field in fields_of(body):
        text = form.get(field.name, "").strip()
        if field.kind == "many":
            if parts := [part for part in text.replace(",", " ").split() if part]:
                members[field.name] = parts
        elif text:
            members[field.name] = text
    return members
