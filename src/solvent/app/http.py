"""Raw ASGI, as little of it as the doors need: reading a bounded body, sending a whole response, or a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import msgspec

from solvent.values.errors import Invalid
from solvent.values.limits import (
    IDEMPOTENCY_KEY_CHARACTERS_MAX,
    MIB,
    REQUEST_BODY_BYTES_MAX,
    REQUEST_BODY_S_MAX,
    REQUEST_BODY_WHOLE_S_MAX,
)

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Push = Callable[[bytes], bool]
Headers = Iterable[tuple[bytes, bytes]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

# Of a scope: what writes a piece of a body that has begun at once; whether it could without waiting.
PUSH = "solvent.push"
# Of a scope: its headers by their names, the first of each. Whoever makes the scope has them at hand, or `headers_of`.
NAMED = "solvent.headers"
JSON = (b"content-type", b"application/json")
TEXT = (b"content-type", b"text/plain; charset=utf-8")


class ClientGone(Exception):
    """The client hung up before its request was whole: there is nobody to answer."""


async def read_body(receive: Receive, bytes_max: int = REQUEST_BODY_BYTES_MAX) -> bytes:
    """The whole request body. Raises Invalid when it is too large or stops coming, ClientGone when it is cut."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        if len(body) > bytes_max:
            raise _too_large(bytes_max)
        return body
    parts = _parts(message, receive, bytes_max, REQUEST_BODY_WHOLE_S_MAX)
    return b"".join([part async for part in parts])


async def body_parts(receive: Receive, bytes_max: int, whole_s: float) -> AsyncIterator[bytes]:
    """A large request body as it comes. Raises what `read_body` raises; whole_s: the longest it may take."""
    async for part in _parts(await receive(), receive, bytes_max, whole_s):
        yield part


async def _parts(message: Message, receive: Receive, bytes_max: int, whole_s: float) -> AsyncIterator[bytes]:
    size = 0
    loop = asyncio.get_running_loop()
    latest_s = loop.time() + whole_s
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > bytes_max:
            raise _too_large(bytes_max)
        yield part
        if not message.get("more_body"):
            return
        try:
            async with asyncio.timeout_at(min(loop.time() + REQUEST_BODY_S_MAX, latest_s)):
                message = await receive()
        except TimeoutError:
            what = (
                f"the request body stopped coming for {REQUEST_BODY_S_MAX:.0f} s, or was not whole after "
                f"{whole_s:.0f} s; send it again"
            )
            raise Invalid("body_too_slow", what) from None


async def until_gone(receive: Receive) -> None:
    """Returns when the client has hung up. To be asked only once its request is whole."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _too_large(bytes_max: int) -> Invalid:
    return Invalid("body_too_large", f"the request body is larger than {bytes_max // MIB} MiB; send less at once")


class Download(msgspec.Struct):
    """A reply that is a document: its bytes as they come."""

    media_type: str
    name: str
    parts: AsyncIterator[bytes]


async def respond_with(send: Send, file: Download, headers: Headers = ()) -> None:
    """One document. Its first part comes before the status: what cannot be made is an error, not half a file."""
    named = f'attachment; filename="{file.name}"'.encode("ascii", "replace")
    kind = [(b"content-type", file.media_type.encode()), (b"content-disposition", named)]
    first = await anext(file.parts, b"")
    await send({"type": "http.response.start", "status": 200, "headers": [*kind, *headers]})
    await send({"type": "http.response.body", "body": first, "more_body": True})
    async for part in file.parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def respond(
    send: Send, status: int, body: bytes, headers: Headers = (), kind: tuple[bytes, bytes] = JSON
) -> Awaitable[None]:  # fmt: skip
    """One response, whole and in one message: JSON, unless its kind says otherwise. Who writes it says its length."""
    return send({"type": "http.response.start", "status": status, "headers": [kind, *headers], "body": body})


class Began(msgspec.Struct):
    """Passes messages on and remembers whether a response has begun. push: see `PUSH`."""

    send: Send
    push: Push | None = None
    yes: bool = False

    def __call__(self, message: Message) -> Awaitable[None]:
        self.yes = True
        return self.send(message)


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The first header of each (lower-case) name."""
    named: dict[bytes, bytes] | None = scope.get(NAMED)
    if named is None:
        named = scope[NAMED] = dict(reversed(scope["headers"]))
    return named


def header(scope: Scope, name: bytes) -> bytes:
    """The first header of that (lower-case) name; b"" when there is none."""
    return headers_of(scope).get(name, b"")


def idempotency_key(scope: Scope) -> str:
    """The key under which a request is the same one when it is sent again; "" for none. Raises Invalid."""
    return check_idempotency_key(header(scope, b"idempotency-key").decode("latin-1").strip())


def check_idempotency_key(key: str) -> str:
    """The key, if it can be one. Raises Invalid."""
    if len(key) > IDEMPOTENCY_KEY_CHARACTERS_MAX or not key.isprintable():
        words = f"an Idempotency-Key has at most {IDEMPOTENCY_KEY_CHARACTERS_MAX} printable characters"
        raise Invalid("bad_idempotency_key", words, param="Idempotency-Key")
    return key


def presented_key(scope: Scope) -> bytes:
    """The key a client sent, as clients do: Authorization: Bearer KEY, or x-api-key: KEY; empty for none."""
    named = headers_of(scope)
    scheme, _, key = named.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"bearer" or not key:
        key = named.get(b"x-api-key", b"")
    return key.strip()
