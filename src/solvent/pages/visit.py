"""One visit: what was asked, by whom, and the ways to answer it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from solvent.identity.caller import Caller, Customer
from solvent.identity.person import Language, Person
from solvent.pages.drawing import Drawing
from solvent.pages.formats import money
from solvent.pages.upload import MULTIPART, members_in
from solvent.pages.visitor import BROWSER, FONT, HALF, SESSION, Visitor, browser_of
from solvent.pages.words import Words
from solvent.values.errors import Invalid, SolventError, Unauthenticated
from solvent.values.limits import MIB, PAGE_FORM_BYTES_MAX, PAGE_FORM_MEMBERS_MAX, REQUEST_BODY_WHOLE_S_MAX
from solvent.values.misfit import misfit
from solvent.values.money import Money

T = TypeVar("T")
R = TypeVar("R", bound=Response)


class Visit:
    """request: as Starlette has it. form: the members of the form that was sent, if one was.

    browser: tells this browser from others, once `remember` has been called.
    """

    def __init__(self, request: Request, visitor: Visitor, drawing: Drawing) -> None:
        self.request = request
        self.visitor = visitor
        self.form: Mapping[str, str] = {}
        self.browser = browser_of(request.cookies)
        self._drawing = drawing
        self._body: bytes | None = None

    @property
    def query(self) -> Mapping[str, str]:
        """What follows the ? of the address."""
        return self.request.query_params

    @property
    def path(self) -> Mapping[str, str]:
        """What the path names."""
        return self.request.path_params

    @property
    def caller(self) -> Caller:
        """How the visitor asks. Raises Unauthenticated for a stranger."""
        if self.visitor.caller is None:
            raise Unauthenticated("signed_out", "you are signed out; sign in again")
        return self.visitor.caller

    @property
    def person(self) -> Person:
        """Raises Unauthenticated for a stranger, and whoever came with a key."""
        if self.visitor.person is None:
            raise Unauthenticated("signed_out", "you are signed out; sign in again")
        return self.visitor.person

    @property
    def customer(self) -> Customer:
        """Whose they are. Raises Unauthenticated for nobody's."""
        if self.visitor.customer is None:
            raise Unauthenticated("signed_out", "you are signed out; sign in again")
        return self.visitor.customer

    @property
    def house(self) -> str:
        """What the service is called."""
        return self._drawing.house

    @property
    def texts(self) -> Words:
        """All words in the visitor's language."""
        return self._drawing.words(self.visitor.language)

    def words(self, key: str, **members: object) -> str:
        """The visitor's language."""
        return self.texts(key, **members)

    def money(self, amount: Money) -> str:
        """An amount as the visitor reads it."""
        return money(amount, self.visitor.language)

    @property
    def here(self) -> str:
        """The path of this page as a link has it: whatever stands in a name, it leads here."""
        return quote(self.request.scope["path"], safe="/")

    def page(self, template: str, status: int = 200, **about: Any) -> Response:
        """A page. about: what its template shows."""
        return Response(
            self._drawing.draw(
                template, self.visitor, path=self.here, has_font=FONT in self.request.cookies, **about
            ),
            status, media_type="text/html; charset=utf-8", headers={"cache-control": "no-store"},
        )  # fmt: skip

    def json(self, told: object, status: int = 200) -> Response:
        """Data for a script."""
        body = msgspec.json.encode(told)
        return Response(body, status, media_type="application/json", headers={"cache-control": "no-store"})

    def go(self, path: str) -> RedirectResponse:
        """On to another page of ours, by GET."""
        return RedirectResponse(path, 303)

    def sign_in(self, token: str, path: str) -> RedirectResponse:
        """On, in a session of one's own."""
        return self.enter(self.go(path), token)

    def enter(self, response: R, token: str) -> R:
        """Answer in a session of one's own."""
        keep(response, SESSION, token, self.request, http_only=True)
        response.delete_cookie(HALF, path="/")
        return self.remember(response)

    def enter_half(self, response: R, token: str) -> R:
        """Answer whoever has given the first factor alone: no session, only what waits for the second."""
        keep(response, HALF, token, self.request, http_only=True, days=1)
        return self.remember(response)

    @property
    def half(self) -> str:
        """What waits for a second factor; "" for nothing."""
        return self.request.cookies.get(HALF, "")

    def remember(self, response: R) -> R:
        """Know this browser again."""
        keep(response, BROWSER, self.browser, self.request, http_only=True)
        return response

    def sign_out(self, path: str) -> RedirectResponse:
        """On, as a stranger."""
        response = self.go(path)
        response.delete_cookie(SESSION, path="/")
        return response

    async def read_form(self) -> None:
        """Take in the form, if one was sent. Raises Invalid for what is none, or too much."""
        kind = self.request.headers.get("content-type", "")
        if kind.startswith(MULTIPART):
            self.form = await members_in(await self.body(), self.request.headers)
            return
        if not kind.startswith("application/x-www-form-urlencoded"):
            return
        try:
            text = (await self.body()).decode()
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=PAGE_FORM_MEMBERS_MAX)
        except ValueError:
            message = f"a form is UTF-8 and has at most {PAGE_FORM_MEMBERS_MAX} members"
            raise Invalid("bad_form", message) from None
        self.form = dict(pairs)

    async def read_json(self, kind: type[T]) -> T:
        """The body, as a script sent it. Raises Invalid naming the member at fault."""
        try:
            return msgspec.json.decode(await self.body(), type=kind)
        except msgspec.ValidationError as wrong:
            raise misfit(str(wrong)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Invalid("not_json", "the body is not JSON") from None

    async def body(self, bytes_max: int = PAGE_FORM_BYTES_MAX) -> bytes:
        """All that was sent, once. Raises Invalid when it is too much, or too slow."""
        if self._body is None:
            parts, size = [], 0
            try:
                async with asyncio.timeout(REQUEST_BODY_WHOLE_S_MAX):
                    async for part in self.request.stream():
                        size += len(part)
                        if size > bytes_max:
                            most = f"{bytes_max // MIB} MiB" if bytes_max >= MIB else f"{bytes_max // 1024} KiB"
                            raise Invalid("body_too_large", f"that is larger than {most}; send less at once")
                        parts.append(part)
            except TimeoutError:
                raise Invalid("body_too_slow", "that took too long to arrive; send it again") from None
            except ClientDisconnect:
                raise Invalid("body_cut_off", "that did not arrive whole; send it again") from None
            self._body = b"".join(parts)
        return self._body

    def said(self, problem: SolventError) -> str:
        """A problem in the visitor's language, where words are written for it."""
        return self.said_of(problem.code, problem.message)

    def said_of(self, code: str, otherwise: str) -> str:
        """The same of a code; otherwise: where no words are written for it."""
        key = f"problems.{code}"
        return self.words(key) if self.texts.has(key) else otherwise

    def draw_in(self, template: str, language: Language, **about: Any) -> str:
        """What is sent to somebody in their language."""
        return self._drawing.draw_in(template, language, **about)

    def words_in(self, language: Language, key: str, **members: object) -> str:
        """Words in somebody's language."""
        return self._drawing.words(language)(key, **members)

    def problem(self, problem: SolventError, status: int) -> Response:
        """A problem as a page of its own, or as data where a script asked."""
        said = self.said(problem)
        headers = {} if problem.retry_after_s is None else {"retry-after": str(problem.retry_after_s)}
        if self.wants_data:
            told = {"error": {"code": problem.code, "message": said, "param": problem.param}}
            return JSONResponse(told, status, headers={"cache-control": "no-store", **headers})
        is_told = self.texts.has(f"problems.{problem.code}")
        response = self.page(
            "pages/problem.html", status, said=said, code=problem.code, number=status, spoken="" if is_told else "en"
        )
        response.headers.update(headers)
        return response

    @property
    def is_gone_to(self) -> bool:
        """Whether a person goes to this page, and none shows it in itself or fetches it, as far as the browser says.

        Our worker (js/worker.js) fetches pages that one goes to: they are "empty" then.
        """
        said = self.request.headers
        to, mode = said.get("sec-fetch-dest", ""), said.get("sec-fetch-mode", "")
        if "prefetch" in said.get("sec-purpose", ""):
            return False
        return mode in ("", "navigate") and (to in ("", "document") or (to == "empty" and mode == "navigate"))

    @property
    def wants_data(self) -> bool:
        """Whether a script asks."""
        return "x-csrf" in self.request.headers or "json" in self.request.headers.get("accept", "")


def keep(response: Response, name: str, value: str, request: Request, *, http_only: bool, days: int = 400) -> None:
    """A cookie of ours, for our pages alone."""
    response.set_cookie(
        name, value, max_age=days * 86_400, path="/", httponly=http_only, samesite="lax", secure=is_secure(request)
    )


def is_secure(request: Request) -> bool:
    """Whether the browser came by https, as far as it says itself."""
    said = request.headers.get("origin") or request.headers.get("referer") or ""
    return request.url.scheme == "https" or urlsplit(said).scheme == "https"
