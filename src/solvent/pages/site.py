"""The gate of a door: who may go where is asked here and nowhere else, before anything of a request is read."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from solvent.identity.caller import OPERATOR_ROLES
from solvent.identity.permission import demand
from solvent.pages.drawing import Drawing
from solvent.pages.headers import guarded
from solvent.pages.place import Place, Who
from solvent.pages.visit import Visit, keep
from solvent.pages.visitor import STRANGER, Visitor, Visitors
from solvent.values.errors import NotFound, Refused, SolventError, Unauthenticated, Unavailable
from solvent.values.ids import new_id

log = logging.getLogger("solvent.pages")

FORM_TOKEN: Final = "csrf"  # the name of the member, and of the header with x- before it
SECURITY: Final = "/account/security"  # where everybody says how they sign in
_READING: Final = ("GET", "HEAD")


class Site:
    """One ASGI application: the places of a door. status_of: the HTTP status of a problem.

    sign_in: the page strangers are sent to. public_url: where browsers reach this service, as a proxy before it may
    name another host.
    """

    def __init__(
        self, places: Iterable[Place], visitors: Visitors, drawing: Drawing, sign_in: str,
        status_of: Callable[[SolventError], int], public_url: str,
    ) -> None:  # fmt: skip
        self._visitors = visitors
        self._drawing = drawing
        self._sign_in = sign_in
        self._status_of = status_of
        self._public = urlsplit(public_url).netloc
        self._by_https = public_url.startswith("https://")
        by_path: dict[str, dict[str, Place]] = {}
        for place in places:
            by_path.setdefault(place.path, {})[place.method] = place
        routes = [Route(path, self._endpoint(there), methods=["GET", "POST"]) for path, there in by_path.items()]
        self._inner = guarded(Starlette(routes=routes, exception_handlers={404: self._nowhere}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. A proxy that ends TLS speaks plainly with us: whoever comes by the public name came by
        its scheme, also where a browser says of no page that it came from."""
        if self._by_https and scope["type"] == "http" and Headers(scope=scope).get("host") == self._public:
            scope = {**scope, "scheme": "https"}
        await self._inner(scope, receive, send)

    def _endpoint(self, there: dict[str, Place]) -> Callable[[Request], object]:
        async def serve(request: Request) -> Response:
            method = "GET" if request.method in _READING else request.method
            return await self._serve(request, there.get(method))

        return serve

    async def _serve(self, request: Request, place: Place | None) -> Response:
        accepts = request.headers.get("accept-language", "")
        visitor = await self._visitors.visitor(request.cookies, accepts)
        stranger = "" if visitor.token else secrets.token_hex(16)
        if stranger:
            visitor = Visitor(visitor.language, visitor.theme, stranger)
        response = await self._answer(Visit(request, visitor, self._drawing), place)
        if stranger:
            keep(response, STRANGER, stranger, request, http_only=True, days=1)
        return response

    async def _answer(self, visit: Visit, place: Place | None) -> Response:
        try:
            if place is None:
                raise NotFound("no_such_page", "there is no such page here")
            self._demand(visit, place.who)
            if place.method == "POST":
                if place.bytes_max:
                    await visit.body(place.bytes_max)
                await visit.read_form()
                self._demand_own_form(visit)
            return await place.answer(visit)
        except Unauthenticated as problem:
            if visit.wants_data or visit.visitor.caller is not None or visit.request.method not in _READING:
                return visit.problem(problem, 401)
            return visit.go(f"{self._sign_in}?next={quote(_here(visit), safe='')}")
        except SolventError as problem:
            if problem.code == "second_factor_needed" and visit.request.method in _READING and not visit.wants_data:
                return visit.go(f"{SECURITY}?changed=needed")
            if isinstance(problem, Unavailable):
                log.warning("%s: %s: %s", visit.request.url.path, problem.code, problem.message)
            return visit.problem(problem, self._status_of(problem))
        except Exception:
            id = new_id("req", 0, secrets.randbits(50))
            log.exception("page %s broke (%s)", visit.request.url.path, id)
            return visit.problem(Unavailable("page_broke", f"something broke on our side ({id})"), 500)

    def _demand(self, visit: Visit, who: Who) -> None:
        if who == "anybody":
            return
        caller = visit.caller
        if who == "person":
            if visit.visitor.person is None:
                raise Refused("people_only", "this page is a person's; sign in with e-mail and password, not a key")
        elif who == "customer":
            if visit.visitor.customer is None:
                raise Refused("customers_only", "this page is a customer's; sign in as one")
        elif caller.role not in OPERATOR_ROLES:
            raise NotFound("no_such_page", "there is no such page here")
        else:
            if visit.visitor.lacks_second:
                raise Refused("second_factor_needed", "operators need a second factor here; set one up first")
            if who != "operator":
                demand(caller, who)

    def _demand_own_form(self, visit: Visit) -> None:
        """A form of another site, or of another session, changes nothing here."""
        request = visit.request
        origin = request.headers.get("origin", "")
        given = request.headers.get(f"x-{FORM_TOKEN}") or visit.form.get(FORM_TOKEN, "")
        ours = {request.headers.get("host", ""), self._public} - {""}
        is_ours = not origin or urlsplit(origin).netloc in ours
        if not is_ours or not hmac.compare_digest(given.encode(), visit.visitor.form_token.encode()):
            raise Refused("form_not_ours", "this form is too old; go back, load the page again and send it once more")

    async def _nowhere(self, request: Request, _error: Exception) -> Response:
        return await self._serve(request, None)


def _here(visit: Visit) -> str:
    query = visit.request.url.query
    return visit.here + (f"?{query}" if query else "")


def own_path(text: str, otherwise: str) -> str:
    """A path of ours to go on to; `otherwise` for anything that could lead elsewhere."""
    parts = urlsplit(text)
    is_ours = text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return text if is_ours and text.isprintable() and "\\" not in text else otherwise
