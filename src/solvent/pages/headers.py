"""Headers that keep foreign scripts, frames and forms out of every page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Nothing but our own files, no form that could send anything elsewhere, and no text that turns into a script.
_POLICY_NAME: Final = b"content-security-policy"
_RULES: Final = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
)
_POLICY: Final = f"{_RULES}form-action 'self'; require-trusted-types-for 'script'"
# Pages elsewhere never learn where somebody came from; ours do, or else forms would not say which site sent them.
HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(self)"),
)
_FRESH: Final = (b"cache-control", b"no-cache")  # asked again each time, so that no page runs an older one's scripts
_VENDORED: Final = "/static/vendor/"  # with their versions in their paths
_FOR_EVER: Final = (b"cache-control", b"public, max-age=31536000, immutable")


def policy_with(script: str, asks: Sequence[str], leads_to: Sequence[str]) -> dict[str, str]:
    """The policy of one page that also runs a script of somebody else's, as a header: it and what it asks, no more.

    Their script knows nothing of trusted types, so that one rule is not in it. asks, leads_to: origins.
    """
    asked, forms = (" ".join(("'self'", *origins)) for origins in (asks, leads_to))
    rules = f"script-src 'self' {script}; connect-src {asked}; form-action {forms}"
    return {_POLICY_NAME.decode(): _RULES + rules}


def standing_alone() -> dict[str, str]:
    """The policy of a document that somebody else may have had a hand in: it is shown, and can do nothing at all."""
    nothing = "; ".join(f"{rule} 'none'" for rule in ("default-src", "base-uri", "form-action", "frame-ancestors"))
    return {_POLICY_NAME.decode(): f"{nothing}; style-src 'unsafe-inline'; sandbox"}


def guarded(inner: ASGIApp) -> ASGIApp:
    """The same application, with these headers on all that it sends."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = list(message.get("headers", ()))
                if not any(name == b"cache-control" for name, _ in told):
                    told.append(_FOR_EVER if scope["path"].startswith(_VENDORED) else _FRESH)
                if not any(name == _POLICY_NAME for name, _ in told):
                    told.append((_POLICY_NAME, _POLICY.encode()))
                message["headers"] = [*told, *HEADERS]
            await send(message)

        await inner(scope, receive, tell)

    return serve
