"""Reads what an operation is asked, in whatever form, and carries it out: for the API and the commands alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from solvent.app.business import Business
from solvent.audit.act import Act, fingerprint
from solvent.console.operation import AnyOperation, Asked, Operation
from solvent.values.errors import Invalid

Q = TypeVar("Q")
B = TypeVar("B")
R = TypeVar("R")
T = TypeVar("T")

_FIELD = re.compile(r"(?:required|unknown) field `([^`]+)`")
_deterministic = msgspec.json.Encoder(order="deterministic").encode


async def carry_out(
    operation: Operation[Q, B, R], business: Business, act: Act, path: Mapping[str, str], query: Q, body: B
) -> R:
    """What came of it. Raises whatever the operation refuses with; then nothing was changed."""
    return await operation.run(Asked(business, act, path, query, body))


def act_behind(operation: AnyOperation, path: Mapping[str, str], body: object, actor: str, key: str, at_us: int) -> Act:
    """The act behind a call: the same operation on the same thing with the same body has the same fingerprint."""
    return Act(actor, key, fingerprint(operation.method, operation.path.format_map(path), _deterministic(body)), at_us)


def read_path(given: Mapping[str, str]) -> Mapping[str, str]:
    """The names in a path as they are. Raises Invalid naming the one that cannot be."""
    _demand_text(given, "")
    return given


def read_members(given: Mapping[str, object], kind: type[T], where: str) -> T:
    """The members of a query or a command line as a `kind`. Raises Invalid naming the member."""
    _demand_text(given, "")
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as wrong:
        raise _misfit(str(wrong), where) from None


def read_json(body: bytes, kind: type[T]) -> T:
    """The body of a request as a `kind`; no body at all is an empty object. Raises Invalid naming the member."""
    try:
        read = msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as wrong:
        raise _misfit(str(wrong), "the body") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise Invalid("not_json", f"the body is not JSON: {wrong}") from None
    except RecursionError:
        raise Invalid("not_json", "the body is nested too deeply") from None
    if b"\\u0000" in body:  # JSON has no other way to say it
        _demand_text(msgspec.to_builtins(read), "")
    return read


def _demand_text(value: object, place: str) -> None:
    """Raises Invalid for text with a character that no name, no word and no amount has, and no database keeps."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            words = f"{place} has a character that is none (U+0000 or half of a pair); leave it out"
            raise Invalid("bad_request", words, param=place)
    elif isinstance(value, Mapping):
        for name, member in value.items():
            _demand_text(member, f"{place}.{name}".lstrip("."))
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            _demand_text(member, f"{place}[{index}]")


def _misfit(words: str, where: str) -> Invalid:
    """msgspec says: Expected `str`, got `int` - at `$.name`, or: Object contains unknown field `x` - at `$.name`."""
    what, _, place = words.partition(" - at `$")
    named = _FIELD.search(what)
    param = ".".join(part for part in (place.rstrip("`").lstrip("."), named[1] if named else "") if part) or None
    return Invalid("bad_request", f"{param or where}: {what[0].lower()}{what[1:]}"[:400], param=param)
