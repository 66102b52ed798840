"""Raw ASGI, as little of it as the doors need: reading a bounded body, sending a whole response."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from solvent.values.errors import Invalid
from solvent.values.limits import MIB, REQUEST_BODY_BYTES_MAX, REQUEST_BODY_S_MAX, REQUEST_BODY_WHOLE_S_MAX

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")


class ClientGone(Exception):
    """The client hung up before its request was whole: there is nobody to answer."""


async def read_body(receive: Receive) -> bytes:
    """The whole request body. Raises Invalid when it is too large or stops coming, ClientGone when it is cut."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        return _bounded(body)
    parts: list[bytes] = []
    size = 0
    loop = asyncio.get_running_loop()
    latest_s = loop.time() + REQUEST_BODY_WHOLE_S_MAX
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > REQUEST_BODY_BYTES_MAX:
            raise _too_large()
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
        try:
            async with asyncio.timeout_at(min(loop.time() + REQUEST_BODY_S_MAX, latest_s)):
                message = await receive()
        except TimeoutError:
            what = (
                f"the request body stopped coming for {REQUEST_BODY_S_MAX:.0f} s, or was not whole after "
                f"{REQUEST_BODY_WHOLE_S_MAX:.0f} s; send it again"
            )
            raise Invalid("body_too_slow", what) from None


async def until_gone(receive: Receive) -> None:
    """Returns when the client has hung up. To be asked only once its request is whole."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _bounded(body: bytes) -> bytes:
    if len(body) > REQUEST_BODY_BYTES_MAX:
        raise _too_large()
    return body


def _too_large() -> Invalid:
    limit = REQUEST_BODY_BYTES_MAX // MIB
    return Invalid("body_too_large", f"the request body is larger than {limit} MiB; send less in one question")


async def respond(send: Send, status: int, body: bytes, headers: Headers = ()) -> None:
    """One JSON response, whole."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [JSON, (b"content-length", str(len(body)).encode()), *headers],
        }
    )
    await send({"type": "http.response.body", "body": body})


class Began:
    """Passes messages on and remembers whether a response has begun."""

    __slots__ = ("_send", "yes")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.yes = False

    def __call__(self, message: Message) -> Awaitable[None]:
        self.yes = True
        return self._send(message)


def header(scope: Scope, name: bytes) -> bytes:
    """The first header of that (lower-case) name; empty when there is none."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return b""


def presented_key(scope: Scope) -> bytes:
    """The key a client sent, as clients do: Authorization: Bearer KEY, or x-api-key: KEY; empty for none."""
    scheme, _, key = header(scope, b"authorization").partition(b" ")
    if scheme.lower() != b"bearer" or not key:
        key = header(scope, b"x-api-key")
    return key.strip()
