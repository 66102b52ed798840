"""An operation: one thing an operator may do, declared once.

The API serves it, the OpenAPI document describes it, and the command line calls it: all from the same declaration.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from solvent.app.business import Business
from solvent.audit.act import Act
from solvent.identity.permission import Action
from solvent.values.errors import Invalid
from solvent.values.limits import CURSOR_CHARACTERS_MAX, PAGE_ROWS, PAGE_ROWS_MAX, REQUEST_BODY_BYTES_MAX

Q = TypeVar("Q")
B = TypeVar("B")
R = TypeVar("R")
T = TypeVar("T")


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """A query or body that is empty."""


class PageQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which part of a list."""

    limit: Annotated[int, Meta(ge=1, le=PAGE_ROWS_MAX, description="how many at most")] = PAGE_ROWS
    cursor: Annotated[
        str, Meta(max_length=CURSOR_CHARACTERS_MAX, description="the `next_cursor` of the page before")
    ] = ""


class Page(msgspec.Struct, Generic[T]):
    """A part of a list, newest first. next_cursor: asks for the part after it; null at the end."""

    data: list[T]
    next_cursor: str | None
    object: Literal["list"] = "list"


async def whole(content: bytes) -> AsyncIterator[bytes]:
    """A file that is made already, as the parts of a reply."""
    yield content


@dataclass(frozen=True)
class Asked(Generic[Q, B]):
    """One call of an operation. act: who asks, under which idempotency key. path: the names in the path."""

    business: Business
    act: Act
    path: Mapping[str, str]
    query: Q
    body: B


@dataclass(frozen=True)
class Operation(Generic[Q, B, R]):
    """What is asked how, by whom, and what does it.

    action: the permission it needs. also: members of the body that, when given, need another permission too.
    is_money: whether it moves money or changes what something costs; an Idempotency-Key is needed then.
    touches_callers: whether it changes who may call. is_reading: whether a POST changes nothing, and only asks.
    media_type: of a reply that is a `Download`. body_bytes_max: of what is sent, where a file is in it.
    """

    method: Literal["GET", "POST"]
    path: str
    action: Action
    run: Callable[[Asked[Q, B]], Awaitable[R]]
    query: type[Q]
    body: type[B]
    result: type[R]
    is_money: bool = False
    touches_callers: bool = False
    is_reading: bool = False
    also: Mapping[str, Action] = field(default_factory=dict)
    media_type: str = "application/json"
    body_bytes_max: int = REQUEST_BODY_BYTES_MAX

    @property
    def names(self) -> list[str]:
        """The names in the path, such as customer in /v1/customers/{customer}."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]


AnyOperation = Operation[Any, Any, Any]


def reading(
    path: str, action: Action, run: Callable[[Asked[Q, Nothing]], Awaitable[R]], query: type[Q], result: type[R],
    media_type: str = "application/json",
) -> Operation[Q, Nothing, R]:  # fmt: skip
    """An operation that looks and changes nothing."""
    return Operation("GET", path, action, run, query, Nothing, result, media_type=media_type)


def page_of(rows: list[T], limit: int, cursor_of: Callable[[T], str]) -> tuple[list[T], str | None]:
    """Of up to limit + 1 rows those of one page, and the cursor of the next; None when there is none."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursor_of(rows[limit - 1])


def read_at(cursor: str) -> tuple[int, str]:
    """The instant and the id in a cursor like 1795521600000000-chg_1. Raises Invalid for what no list gave."""
    at_us, dash, id = cursor.partition("-")
    if not (dash and at_us.isascii() and at_us.isdigit() and len(at_us) < 19):
        message = f"cursor: {cursor[:60]!r} is none that this list gave; leave it out to begin again"
        raise Invalid("bad_cursor", message, param="cursor")
    return int(at_us), id
