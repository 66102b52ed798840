"""The operator API: every /v1 path that is not for answers. Who may do what is asked here and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from starlette.routing import Route, Router

from solvent.app.business import Business
from solvent.app.http import (
    Began,
    ClientGone,
    Download,
    Receive,
    Scope,
    Send,
    idempotency_key,
    presented_key,
    read_body,
    respond,
    respond_with,
)
from solvent.app.problems import bug, refuse
from solvent.audit import store as audit_store
from solvent.audit.act import Act
from solvent.console.carry_out import act_behind, carry_out, read_json, read_members, read_path
from solvent.console.openapi import document
from solvent.console.operation import AnyOperation
from solvent.console.operations import OPERATIONS
from solvent.identity.caller import Callers, caller_of
from solvent.identity.permission import demand
from solvent.values.errors import Invalid, SolventError
from solvent.values.ids import new_id
from solvent.values.limits import QUERY_MEMBERS_MAX

log = logging.getLogger("solvent.console")

DOCUMENT_PATH: Final = "/v1/openapi.json"
_NO_STORE = (b"cache-control", b"no-store")  # replies hold keys and money


@cache
def _document() -> bytes:
    """Made when somebody first asks: it takes a tenth of a second, which no start should wait for."""
    return msgspec.json.encode(document(OPERATIONS))


class OperatorApi:
    """One ASGI application. callers: who may call now. reload: takes in who may call from the books."""

    def __init__(
        self, business: Business, callers: Callable[[], Callers], reload: Callable[[], Awaitable[None]]
    ) -> None:
        self._business = business
        self._callers = callers
        self._reload = reload
        by_path: dict[str, dict[str, AnyOperation]] = {}
        for operation in OPERATIONS:
            by_path.setdefault(operation.path, {})[operation.method] = operation
        routes = [Route(path, _Place(self, methods)) for path, methods in by_path.items()]
        self._router = Router(routes, redirect_slashes=False, default=_Place(self, {}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"] == DOCUMENT_PATH and scope["method"] in ("GET", "HEAD"):
            await respond(send, 200, _document())  # it says nothing that the documentation does not
        else:
            await self._router(scope, receive, send)

    async def serve(self, methods: Mapping[str, AnyOperation], scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request to a path where `methods` are known; none of them for an unknown path."""
        id = new_id("req", self._business.now_us(), self._business.entropy())
        headers = [(b"x-request-id", id.encode()), _NO_STORE]
        began = Began(send)
        try:
            caller = caller_of(presented_key(scope), self._callers(), self._business.now_us())
            operation = _operation(methods, scope)
            demand(caller, operation.action)
            path = read_path(scope["path_params"])
            query = read_members(_query(scope), operation.query, "the query")
            sent = await read_body(receive, operation.body_bytes_max) if operation.method == "POST" else b""
            body = read_json(sent, operation.body)
            for member, action in operation.also.items():
                if getattr(body, member) is not None:
                    demand(caller, action)
            key = _key_of_repetitions(operation, scope)
            act = act_behind(operation, path, body, caller.key, key or id, self._business.now_us())
            if key and await self._is_known(act):
                headers.append((b"idempotent-replayed", b"true"))
            result = await carry_out(operation, self._business, act, path, query, body)
            if operation.touches_callers:
                await self._reload()
            await _reply(began, result, headers)
        except ClientGone:
            return
        except SolventError as problem:
            if problem.code == "wrong_method":
                headers.append((b"allow", ", ".join(sorted(methods)).encode()))
            if not began.yes:
                await refuse(send, problem, headers)
        except Exception:
            log.exception("request %s broke", id, extra={"request_id": id})
            if not began.yes:
                await refuse(send, bug(id), headers)

    async def _is_known(self, act: Act) -> bool:
        return await self._business.database.read(lambda connection: audit_store.is_known(connection, act))


class _Place:
    """What is served under one path."""

    def __init__(self, api: OperatorApi, methods: Mapping[str, AnyOperation]) -> None:
        self._api = api
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._api.serve(self._methods, scope, receive, send)


def _operation(methods: Mapping[str, AnyOperation], scope: Scope) -> AnyOperation:
    path, method = scope["path"][:80], scope["method"]
    operation = methods.get("GET" if method == "HEAD" else method)
    if operation is not None:
        return operation
    if methods:
        raise Invalid("wrong_method", f"{path} is asked with {' or '.join(sorted(methods))}, not {method}")
    raise Invalid("no_such_endpoint", f"there is no {path} here; {DOCUMENT_PATH} says what is served")


def _query(scope: Scope) -> dict[str, str]:
    """The members of the query that have a value; of a repeated one the first."""
    try:
        pairs = parse_qsl(scope.get("query_string", b"").decode("latin-1"), max_num_fields=QUERY_MEMBERS_MAX)
    except ValueError:
        raise Invalid("bad_request", f"the query has more than {QUERY_MEMBERS_MAX} members; send fewer") from None
    return dict(reversed(pairs))


def _key_of_repetitions(operation: AnyOperation, scope: Scope) -> str:
    """The key under which this has its effect once, "" for none. Raises Invalid where one is needed, or it is bad."""
    if operation.method != "POST" or operation.is_reading:
        return ""
    key = idempotency_key(scope)
    if operation.is_money and not key:
        words = "this changes money and needs the header Idempotency-Key, so that a repetition has its effect once"
        raise Invalid("idempotency_key_needed", words, param="Idempotency-Key")
    return key


async def _reply(send: Send, result: object, headers: Iterable[tuple[bytes, bytes]]) -> None:
    if isinstance(result, Download):
        await respond_with(send, result, headers)
    else:
        await respond(send, 200, msgspec.json.encode(result), headers)
