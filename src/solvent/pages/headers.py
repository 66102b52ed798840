"""Headers that keep foreign scripts, frames and forms out of every page."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Nothing but our own files, no form that could send anything elsewhere, and no text that turns into a script.
_POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'"
)
# Pages elsewhere never learn where somebody came from; ours do, or else forms would not say which site sent them.
HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(self)"),
)
_FRESH: Final = (b"cache-control", b"no-cache")  # asked again each time, so that no page runs an older one's scripts
_VENDORED: Final = "/static/vendor/"  # with their versions in their paths
_FOR_EVER: Final = (b"cache-control", b"public, max-age=31536000, immutable")


def guarded(inner: ASGIApp) -> ASGIApp:
    """The same application, with these headers on all that it sends."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = list(message.get("headers", ()))
                if not any(name == b"cache-control" for name, _ in told):
                    told.append(_FOR_EVER if scope["path"].startswith(_VENDORED) else _FRESH)
                message["headers"] = [*told, *HEADERS]
            await send(message)

        await inner(scope, receive, tell)

    return serve
