"""The operator's side: pages, with headers that keep foreign scripts and frames out, and the API under /v1."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from solvent.app.build import App
from solvent.app.business import business_of
from solvent.console.api import OperatorApi
from solvent.console.webhooks import payment_routes

_WEB = Path(str(files("solvent"))) / "web"
# Nothing but our own files, no form that could send the key anywhere, and no text that turns into a script.
_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),  # asked again each time, so that a page never runs an older version's scripts
)


class Console:
    """One ASGI application for all that is not about answers."""

    def __init__(self, app: App) -> None:
        self._app = app
        app.on_reload.append(self._read_settings)
        self._read_settings()
        routes = [
            Route("/", _page),
            *payment_routes(app.payments, app.config.top_up_url),
            Mount("/static", StaticFiles(directory=_WEB)),
        ]
        self._inner: ASGIApp = Starlette(routes=routes, exception_handlers={404: _not_found})

    def _read_settings(self) -> None:
        app = self._app
        self._api = OperatorApi(business_of(app), lambda: app.desk.callers, app.reload_callers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].startswith("/v1/"):
            await self._api(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        await self._inner(scope, receive, guarded)


async def _page(_request: Request) -> Response:
    return FileResponse(_WEB / "live.html")


async def _not_found(request: Request, _error: Exception) -> Response:
    message = f"there is no {request.url.path[:80]} here; the live page is at /, the API under /v1"
    body = {"error": {"message": message, "type": "not_found_error", "param": None, "code": "no_such_page"}}
    return JSONResponse(body, status_code=404)
