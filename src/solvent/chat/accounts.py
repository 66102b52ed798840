"""Signing up, in and out."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping

from starlette.responses import Response

from solvent.app.build import App
from solvent.app.newcomers import newcomers_plan
from solvent.audit.act import Act, fingerprint
from solvent.chat.asking import place_of
from solvent.chat.letters import Letters
from solvent.chat.second_step import let_in
from solvent.identity.person import Person, check_password, clean_email
from solvent.identity.session import TOKEN_BYTES
from solvent.identity.sign_out import sign_out
from solvent.office.opening import Opening
from solvent.office.sign_in import SigningIn, sign_in
from solvent.office.sign_up import SigningUp, sign_up
from solvent.pages.passkeys import party_of
from solvent.pages.passwords import digest_of, verify
from solvent.pages.site import own_path
from solvent.pages.visit import Visit
from solvent.values.errors import Refused, SolventError

log = logging.getLogger("solvent.mail")

_ASKED = ("email", "name")  # what a form that was refused shows again; a password never


class Accounts:
    """The places where people become known."""

    def __init__(self, app: App, letters: Letters) -> None:
        self._app = app
        self._letters = letters

    async def show_sign_in(self, visit: Visit) -> Response:
        """The form; who is signed in goes on."""
        if visit.visitor.caller is not None:
            return visit.go(self._next(visit, visit.query))
        return self._sign_in_page(visit, visit.query)

    async def sign_in(self, visit: Visit) -> Response:
        """Begin a session, or show the form again with what is wrong."""
        token = secrets.token_hex(TOKEN_BYTES)
        form = visit.form
        goes_on = own_path(form.get("next", ""), "")
        asked = SigningIn(
            form.get("email", ""), form.get("password", ""), place_of(self._app, visit), token, visit.browser, goes_on
        )
        try:
            entered = await sign_in(asked, verify, self._app.database, self._app.desk.now_us())
        except SolventError as problem:
            return self._sign_in_page(visit, form, problem)
        return let_in(visit, entered, token, goes_on)

    async def show_sign_up(self, visit: Visit) -> Response:
        """The form; who is signed in goes on."""
        if visit.visitor.caller is not None:
            return visit.go(self._next(visit, visit.query))
        return self._sign_up_page(visit, visit.query)

    async def sign_up(self, visit: Visit) -> Response:
        """Open an account and begin its first session, or show the form again with what is wrong."""
        form, app = visit.form, self._app
        token = secrets.token_hex(TOKEN_BYTES)
        try:
            plan = newcomers_plan(app)
            if plan is None:
                raise Refused("sign_up_closed", "new accounts are opened by the operator alone; ask for one")
            email = clean_email(form.get("email", ""))
            check_password(form.get("password", ""), email)
            opening = Opening(
                name=form.get("name", "") or email.partition("@")[0], plan=plan, currency=app.desk.currency
            )
            asked = SigningUp(
                email=email, language=visit.visitor.language, password=await digest_of(form["password"]),
                token=token, place=place_of(app, visit), opening=opening, browser=visit.browser,
            )  # fmt: skip
            act = Act("stranger", f"sign_up/{token}", fingerprint(email), app.desk.now_us())
            person = await sign_up(asked, act, app.database, app.desk.entropy())
        except SolventError as problem:
            return self._sign_up_page(visit, form, problem)
        await app.reload_callers()
        if app.mail.is_on:
            await self._confirm(visit, email)
        return visit.sign_in(token, self._next(visit, form, person))

    async def _confirm(self, visit: Visit, email: str) -> None:
        try:
            await self._letters.write(visit, email, "confirm")
        except Refused:
            log.warning("a newcomer is sent no letter: too many were asked for from where they are")

    async def sign_out(self, visit: Visit) -> Response:
        """End the session."""
        await sign_out(visit.visitor.token, self._app.database)
        return visit.sign_out("/sign-in")

    def _sign_in_page(self, visit: Visit, asked: Mapping[str, str], problem: SolventError | None = None) -> Response:
        about = self._about(visit, asked, problem)
        return visit.page("chat/sign_in.html", 200 if problem is None else 422, **about)

    def _sign_up_page(self, visit: Visit, asked: Mapping[str, str], problem: SolventError | None = None) -> Response:
        about = self._about(visit, asked, problem)
        return visit.page("chat/sign_up.html", 200 if problem is None else 422, **about)

    def _about(self, visit: Visit, asked: Mapping[str, str], problem: SolventError | None) -> dict[str, object]:
        return {
            "asked": {name: asked.get(name, "") for name in _ASKED},
            "next": own_path(asked.get("next", ""), ""),
            "problem": visit.said(problem) if problem is not None else "",
            "at_fault": problem.param if problem is not None else "",
            "letters": self._app.mail.is_on,
            "providers": list(self._app.identity_providers.values()),
            "passkeys": party_of(self._app.config.public_url, visit.house) is not None,
            "is_open": newcomers_plan(self._app) is not None,
        }

    def _next(self, visit: Visit, asked: Mapping[str, str], person: Person | None = None) -> str:
        """Where to go on to: what was wanted before, or else home."""
        role = person.role if person is not None else visit.caller.role
        return own_path(asked.get("next", ""), "/" if role == "customer" else "/console")
