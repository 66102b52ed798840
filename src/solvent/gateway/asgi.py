"""The service as one ASGI application: /v1/* here, as directly as can be; everything else goes to the console."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from solvent.app.build import App
from solvent.gateway import endpoints
from solvent.gateway.chat_completions import chat_completions
from solvent.gateway.endpoints import Endpoint
from solvent.gateway.http import ClientGone, Message, Receive, Scope, Send, header, respond
from solvent.gateway.live import live
from solvent.gateway.problems import note, refuse
from solvent.identity.caller import Caller
from solvent.identity.key import digest
from solvent.values.errors import Invalid, SolventError, Unauthenticated, Unavailable
from solvent.values.ids import AnswerId, new_id

log = logging.getLogger("solvent.gateway")

_CHAT: Final = "/v1/chat/completions"
_ENDPOINTS: Final[dict[tuple[str, str], Endpoint]] = {
    ("GET", "/v1/models"): endpoints.models,
    ("GET", "/v1/key"): endpoints.key_balance,
    ("GET", "/v1/margin"): endpoints.margin,
    ("POST", "/v1/customers"): endpoints.new_customer,
    ("POST", "/v1/grants"): endpoints.new_grant,
}
_ANSWERS: Final = "/v1/answers/"
_METHODS: Final = {path: method for method, path in _ENDPOINTS} | {_CHAT: "POST", "/v1/live": "GET"}

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


class Gateway:
    """`rest` serves whatever is not the API."""

    def __init__(self, app: App, rest: Asgi) -> None:
        self._app = app
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        path: str = scope["path"]
        if path == _CHAT and scope["method"] == "POST":
            await self._answer(scope, receive, send)
        elif path.startswith("/v1/"):
            await self._serve(path, scope, receive, send)
        elif path in ("/healthz", "/readyz"):
            await self._health(path, send)
        else:
            await self._rest(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        desk = self._app.desk
        id = AnswerId(new_id("ans", desk.now_us(), desk.entropy()))
        began = _Began(send)
        try:
            caller = self._caller(scope)
            if self._app.stopping:
                raise Unavailable("stopping", "the service is stopping; ask again in a moment", retry_after_s=5)
            await chat_completions(caller, desk, id, receive, began)
        except ClientGone:
            return
        except SolventError as problem:
            note(problem, id)
            await refuse(send, problem, [(b"x-request-id", id.encode())], self._app.config.top_up_url)
        except Exception:
            log.exception("answer %s broke", id)
            if not began.yes:
                await refuse(send, _bug(id), [(b"x-request-id", id.encode())])

    async def _serve(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        id = new_id("req", self._app.desk.now_us(), self._app.desk.entropy())
        named = [(b"x-request-id", id.encode())]
        began = _Began(send)
        try:
            caller = self._caller(scope)
            if path == "/v1/live" and scope["method"] == "GET":
                await live(self._app, caller, receive, began)
                return
            method = "GET" if scope["method"] == "HEAD" else scope["method"]
            if path.startswith(_ANSWERS) and method == "GET":
                endpoint: Endpoint | None = endpoints.answer_receipt
            else:
                endpoint = _ENDPOINTS.get((method, path))
            if endpoint is None:
                raise _nowhere(path, scope["method"])
            body = await endpoint(self._app, caller, scope, receive)
            await respond(send, 200, msgspec.json.encode(body), named)
        except ClientGone:
            return
        except SolventError as problem:
            await refuse(send, problem, named)
        except Exception:
            log.exception("request %s broke", id)
            if not began.yes:
                await refuse(send, _bug(id), named)

    async def _health(self, path: str, send: Send) -> None:
        """healthz: the process lives. readyz: it may be sent questions."""
        problem = ""
        if path == "/readyz":
            problem = "stopping" if self._app.stopping else self._app.database.failure and "books cannot be written"
        status = 503 if problem else 200
        await respond(send, status, msgspec.json.encode({"status": problem or "ok"}))

    def _caller(self, scope: Scope) -> Caller:
        """Who holds the key that was sent. Raises Unauthenticated, never repeating it."""
        given = header(scope, b"authorization")
        scheme, _, key = given.partition(b" ")
        if scheme.lower() != b"bearer" or not key:
            key = header(scope, b"x-api-key")
        if not key:
            words = "no key was sent; send the header Authorization: Bearer YOUR_KEY"
            raise Unauthenticated("no_api_key", words)
        caller = self._app.desk.callers.get(digest(key.strip()))
        if caller is None:
            words = "this key is not known here; check it, or ask the operator for a new one"
            raise Unauthenticated("invalid_api_key", words)
        return caller


class _Began:
    """Passes messages on and remembers whether a response has begun."""

    __slots__ = ("_send", "yes")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.yes = False

    def __call__(self, message: Message) -> Awaitable[None]:
        self.yes = True
        return self._send(message)


def _nowhere(path: str, method: str) -> Invalid:
    if path in _METHODS:
        return Invalid("wrong_method", f"{path} is asked with {_METHODS[path]}, not {method}")
    return Invalid("no_such_endpoint", f"there is no {path[:80]} here; see the documentation for what is served")


def _bug(id: str) -> Unavailable:
    words = f"something broke on our side; the operator finds it in the log under {id}"
    return Unavailable("internal_error", words)
