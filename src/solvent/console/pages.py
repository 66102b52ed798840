"""The operator's side: pages under /console, the API under /v1, files of all pages, and what processors call."""

from __future__ import annotations

from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from solvent.app.build import App
from solvent.app.business import business_of
from solvent.app.problems import status_and_type
from solvent.console.api import OperatorApi
from solvent.console.door import SIGN_IN, places
from solvent.console.webhooks import payment_routes
from solvent.pages.drawing import WEB, Drawing
from solvent.pages.headers import guarded
from solvent.pages.shipped import Shipped
from solvent.pages.site import Site
from solvent.pages.visitor import Visitors

_SHIPPED = ("css", "icons", "js", "vendor")


class Console:
    """One ASGI application for all that operators see, the API too, and what processors call. PATHS: what is here."""

    PATHS: Final = ("/v1/", "/console", "/static/", "/webhooks/")

    def __init__(self, app: App, visitors: Visitors, drawing: Drawing) -> None:
        self._app = app
        app.on_reload.append(self._read_settings)
        self._read_settings()
        routes = [
            *payment_routes(app.payments),
            *(Mount(f"/static/{part}", Shipped(WEB / part)) for part in _SHIPPED),
            Route("/static/mark.svg", _mark),
        ]
        self._inner: ASGIApp = guarded(Starlette(routes=routes, exception_handlers={404: _not_found}))
        self._site = Site(
            places(app), visitors, drawing, SIGN_IN,
            lambda problem: status_and_type(problem)[0], app.config.public_url,
        )  # fmt: skip

    def _read_settings(self) -> None:
        app = self._app
        self._api = OperatorApi(business_of(app), lambda: app.desk.callers, app.reload_callers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].startswith("/v1/"):
            await self._api(scope, receive, send)
        elif scope["path"].startswith("/console"):
            await self._site(scope, receive, send)
        else:
            await self._inner(scope, receive, send)


async def _mark(_request: Request) -> Response:
    return FileResponse(WEB / "mark.svg")


async def _not_found(request: Request, _error: Exception) -> Response:
    message = f"there is no {request.url.path[:80]} here; the chat is at /, the console at /console, the API under /v1"
    body = {"error": {"message": message, "type": "not_found_error", "param": None, "code": "no_such_page"}}
    return JSONResponse(body, status_code=404)
