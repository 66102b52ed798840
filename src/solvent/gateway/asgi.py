"""The service as one ASGI application: answers here, as directly as can be; everything else goes to the console."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import msgspec

from solvent.app.build import App
from solvent.app.calling import calling
from solvent.app.config import trusted_proxies
from solvent.app.http import (
    PUSH,
    Asgi,
    Began,
    ClientGone,
    Download,
    Push,
    Receive,
    Scope,
    Send,
    header,
    respond,
    respond_with,
)
from solvent.app.live_events import live
from solvent.app.peers import ALONE, Peers
from solvent.app.problems import bug, note, refuse
from solvent.batching.asking import Told
from solvent.gateway import answers, batches, endpoints, files, videos
from solvent.gateway.asked_again import AskedAgain
from solvent.gateway.asking_inside import Surface, ask_inside
from solvent.gateway.begun import as_wished
from solvent.gateway.chat_completions import chat_completions
from solvent.gateway.completions import completions
from solvent.gateway.embeddings import embeddings
from solvent.gateway.endpoints import Endpoint
from solvent.gateway.images import edits, images
from solvent.gateway.messages import messages
from solvent.gateway.metrics import Metrics, tell_metrics
from solvent.gateway.moderations import moderations
from solvent.gateway.repeats import is_repeatable
from solvent.gateway.rerank import rerank
from solvent.gateway.responses import responses
from solvent.gateway.speech import speech
from solvent.gateway.token_count import token_count
from solvent.gateway.transcriptions import transcriptions
from solvent.identity.caller import Caller
from solvent.values.errors import Invalid, SolventError, Unavailable
from solvent.values.ids import AnswerId, new_id

log = logging.getLogger("solvent.gateway")

_MESSAGES: Final = "/v1/messages"
_METRICS: Final = "/metrics"
_WHOLE: Final = ("/v1/live", _METRICS)  # which write their responses themselves
_SURFACES: Final = {
    "/v1/chat/completions": chat_completions, _MESSAGES: messages, "/v1/responses": responses,
    f"{_MESSAGES}/count_tokens": token_count, "/v1/completions": completions, "/v1/embeddings": embeddings,
    "/v1/moderations": moderations, "/v1/rerank": rerank,
    "/v1/images/generations": images, "/v1/audio/speech": speech,
}  # fmt: skip
_FORMS: Final = {  # with files in them
    "/v1/audio/transcriptions": transcriptions, "/v1/images/edits": edits, "/v1/videos": videos.create,
}  # fmt: skip
_ASKED: Final = frozenset({*_SURFACES, *_FORMS})
_ENDPOINTS: Final[dict[tuple[str, str], Endpoint]] = {
    ("GET", "/v1/models"): endpoints.models,
    ("GET", "/v1/key"): endpoints.key_balance,
    ("GET", "/v1/answers"): answers.listed,
    ("GET", "/v1/files"): files.listed,
    ("POST", "/v1/files"): files.upload,
    ("GET", "/v1/batches"): batches.listed,
    ("POST", "/v1/batches"): batches.create,
    ("GET", "/v1/videos"): videos.listed,
}
# Of one thing: its id is the rest of the path.
_OF_ONE: Final[dict[tuple[str, str], Endpoint]] = {
    ("GET", "/v1/answers/"): endpoints.of_answer,
    ("DELETE", "/v1/responses/"): endpoints.response_forgotten,
    ("GET", files.PATH): files.one,
    ("DELETE", files.PATH): files.deleted,
    ("GET", batches.PATH): batches.one,
    ("POST", batches.PATH): batches.canceled,
    ("GET", videos.PATH): videos.one,
    ("DELETE", videos.PATH): videos.deleted,
    ("POST", videos.PATH): videos.refused,
}
_PREFIXES: Final = tuple({prefix for _, prefix in _OF_ONE})
_METHODS: Final = (
    {path: " or ".join(sorted(method for method, known in _ENDPOINTS if known == path)) for _, path in _ENDPOINTS}
    | dict.fromkeys((*_SURFACES, *_FORMS), "POST")
    | {"/v1/videos": "GET or POST"}
    | dict.fromkeys(_WHOLE, "GET")
)

Asking = Callable[[Receive, Send], Awaitable[None]]  # raises before it is waited for, or then


class Gateway:
    """`rest` serves whatever is not about answers: the operator API and the pages. peers: the workers beside it."""

    def __init__(self, app: App, rest: Asgi, peers: Peers = ALONE) -> None:
        self._app = app
        self._asked_again = AskedAgain(app)
        self.metrics = Metrics(app, peers)
        self._rest = rest
        app.on_reload.append(self._read_settings)
        self._read_settings()

    def _read_settings(self) -> None:
        self._trusted = trusted_proxies(self._app.config)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request: who serves it is all that is waited for, as each chunk of a stream wakes whoever waits."""
        if scope["type"] != "http":
            return self._rest(scope, receive, send)
        path: str = scope["path"]
        if path in _ASKED and scope["method"] == "POST":
            return self._answer(path, scope, receive, send)
        if path in _METHODS or path.startswith(_PREFIXES):
            return self._serve(path, scope, receive, send)
        if path in ("/healthz", "/readyz"):
            return self._health(path, send)
        return self._rest(scope, receive, send)

    async def ask_inside(self, path: str, caller: Caller, id: AnswerId, body: bytes) -> Told:
        """Ask a surface from within: a line of a batch."""
        return await ask_inside(_SURFACES[path], caller, self._app.desk, id, body, self._app.config.top_up_url)

    def _answer(self, path: str, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        desk = self._app.desk
        now_us = desk.now_us()
        id: AnswerId = new_id("ans", now_us, desk.entropy())  # type: ignore[assignment]  # whose name costs a call
        form = _FORMS.get(path)
        surface = _SURFACES[path] if form is None else partial(form, header(scope, b"content-type"))
        if self._app.telemetry is not None:
            self._app.telemetry.ask(id, path, header(scope, b"traceparent"), header(scope, b"tracestate"))

        ask = partial(self._ask, scope, path, surface, id, now_us)
        return self._tell(path, id, ask, receive, send, scope.get(PUSH))

    def _ask(
        self, scope: Scope, path: str, surface: Surface, id: AnswerId, now_us: int, receive: Receive, send: Send
    ) -> Awaitable[None]:  # fmt: skip
        desk = self._app.desk
        caller = as_wished(calling(scope, desk.callers, now_us, self._trusted), desk, scope)
        if self._app.stopping:
            raise Unavailable("stopping", "the service is stopping; ask again in a moment", retry_after_s=5)
        if is_repeatable(scope):
            asking = partial(surface, caller, desk, id)
            return self._asked_again.once(scope, caller, id, asking, partial(self._tell, path, id), receive, send)
        return surface(caller, desk, id, receive, send)

    async def _tell(
        self, path: str, id: AnswerId, ask: Asking, receive: Receive, send: Send, push: Push | None = None
    ) -> None:
        """Ask, and tell what comes of it, errors too, in the dialect of the path."""
        began = Began(send, push)
        try:
            await ask(receive, began)
        except ClientGone:
            return
        except SolventError as problem:
            note(problem, id)
            await self._refuse(problem, path, id, send)
        except Exception:
            log.exception("answer %s broke", id, extra={"request_id": id})
            if not began.yes:
                await self._refuse(bug(id), path, id, send)

    async def _refuse(self, problem: SolventError, path: str, id: AnswerId, send: Send) -> None:
        await refuse(
            send, problem, [(b"x-request-id", id.encode())], top_up_url=self._app.config.top_up_url,
            messages_id=id if path.startswith(_MESSAGES) else "",
        )  # fmt: skip

    async def _serve(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        desk = self._app.desk
        now_us = desk.now_us()
        id = new_id("req", now_us, desk.entropy())
        named = [(b"x-request-id", id.encode())]
        began = Began(send)
        try:
            caller = calling(scope, desk.callers, now_us, self._trusted)
            if path in _WHOLE and scope["method"] == "GET":
                if path == _METRICS:
                    await tell_metrics(self.metrics, caller, header(scope, b"accept").decode("latin-1"), began)
                else:
                    await live(self._app, caller, receive, began)
                return
            method = "GET" if scope["method"] == "HEAD" else scope["method"]
            prefix = next((known for known in _PREFIXES if path.startswith(known)), "")
            endpoint = _OF_ONE.get((method, prefix)) or _ENDPOINTS.get((method, path))
            if endpoint is None:
                raise _nowhere(path, scope["method"])
            found = await endpoint(self._app, caller, scope, receive)
            if isinstance(found, Download):
                await respond_with(began, found, named)
            else:
                await respond(send, 200, msgspec.json.encode(found), named)
        except ClientGone:
            return
        except SolventError as problem:
            await refuse(send, problem, named)
        except Exception:
            log.exception("request %s broke", id, extra={"request_id": id})
            if not began.yes:
                await refuse(send, bug(id), named)

    async def _health(self, path: str, send: Send) -> None:
        """healthz: the process lives. readyz: it may be sent questions."""
        problem = ""
        if path == "/readyz":
            problem = "stopping" if self._app.stopping else self._app.database.failure and "books cannot be written"
        status = 503 if problem else 200
        await respond(send, status, msgspec.json.encode({"status": problem or "ok"}))


def _nowhere(path: str, method: str) -> Invalid:
    if path in _METHODS:
        return Invalid("wrong_method", f"{path} is asked with {_METHODS[path]}, not {method}")
    return Invalid("no_such_endpoint", f"there is no {path[:80]} here; see the documentation for what is served")
