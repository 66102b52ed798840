"""Pages of other origins that may ask here from a browser, as the operator lists them (CORS); none unless it is set.

A key travels in a header that the page itself sets, so credentials (cookies) are never allowed.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final

from solvent.app.build import App
from solvent.app.http import Asgi, Message, Receive, Scope, Send, header
from solvent.app.origins import read_origins

_METHODS: Final = b"GET, POST, DELETE"
_PREFLIGHT_S: Final = b"600"  # for which a browser remembers what it was told


class OtherOrigins:
    """Before the whole service: answers preflights, and tells browsers who may read what `rest` answers."""

    def __init__(self, app: App, rest: Asgi) -> None:
        self._app = app
        self._rest = rest
        app.on_reload.append(self._read_settings)
        self._read_settings()

    def _read_settings(self) -> None:
        self._origins = {origin.encode() for origin in read_origins(self._app.config.cors_origins)}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request. Where there is nothing to tell, `rest` alone is waited for."""
        if not self._origins or scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            return self._rest(scope, receive, send)
        return self._tell(scope, receive, send)

    async def _tell(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = header(scope, b"origin")
        is_allowed = origin != b"" and (origin in self._origins or b"*" in self._origins)
        allowed = [(b"vary", b"origin")]
        if is_allowed:
            allowed += [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", b"*")]
        if is_allowed and scope["method"] == "OPTIONS" and header(scope, b"access-control-request-method"):
            await _allow(scope, allowed, send)
            return

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *allowed]}
            await send(message)

        await self._rest(scope, receive, tell)


async def _allow(scope: Scope, allowed: list[tuple[bytes, bytes]], send: Send) -> None:
    """Answer a preflight: this page may send what it says it will."""
    wanted = header(scope, b"access-control-request-headers")
    headers = [
        *allowed, (b"access-control-allow-methods", _METHODS), (b"access-control-allow-headers", wanted),
        (b"access-control-max-age", _PREFLIGHT_S),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
