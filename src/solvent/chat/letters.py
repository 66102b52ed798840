"""Letters with links: to sign in, to choose another password, to confirm one's address.

Opening a link changes nothing, as programs that check mail open them too; a button does. The same is said whether or
not anybody has the address.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping

from starlette.responses import Response

from solvent.app.build import App
from solvent.app.mail import Letter
from solvent.chat.asking import place_of
from solvent.chat.second_step import arrival_of, home_of, let_in
from solvent.identity import credential_store
from solvent.identity.caller import digest
from solvent.identity.look_at_letter import look_at_letter
from solvent.identity.person import Language, Person, check_password, clean_email
from solvent.identity.request_letter import LetterAsked, request_letter
from solvent.identity.session import TOKEN_BYTES
from solvent.identity.ticket import Letter as Purpose
from solvent.identity.ticket import Ticket, ticket_over
from solvent.office.take_letter import LetterTaken, take_letter
from solvent.pages.passwords import digest_of
from solvent.pages.place import Place
from solvent.pages.site import SECURITY
from solvent.pages.visit import Visit
from solvent.values.errors import NotFound, SolventError, Unavailable
from solvent.values.ids import PersonId

log = logging.getLogger("solvent.mail")

PATH = "/letters/{token}"
SURE = "sure"  # said of a letter that was opened in another browser


class Letters:
    """The places where letters are asked for, and where their links lead."""

    def __init__(self, app: App) -> None:
        self._app = app

    def places(self) -> list[Place]:
        """Where they are."""
        return [
            Place("POST", "/sign-in/letter", "anybody", self.send_to_enter),
            Place("GET", "/sign-in/forgotten", "anybody", self.show_forgotten),
            Place("POST", "/sign-in/forgotten", "anybody", self.send_to_reset),
            Place("POST", "/account/confirm", "customer", self.send_to_confirm),
            Place("GET", PATH, "anybody", self.show),
            Place("POST", PATH, "anybody", self.take),
        ]

    async def send_to_enter(self, visit: Visit) -> Response:
        """A letter to sign in by."""
        return await self._send(visit, visit.form, "enter")

    async def show_forgotten(self, visit: Visit) -> Response:
        """The form to ask for a letter to choose another password by."""
        self._demand_mail()
        return visit.page("chat/forgotten.html", email=visit.query.get("email", ""), problem="")

    async def send_to_reset(self, visit: Visit) -> Response:
        """That letter."""
        return await self._send(visit, visit.form, "reset")

    async def send_to_confirm(self, visit: Visit) -> Response:
        """A letter to whoever is signed in."""
        return await self._send(visit, {"email": visit.person.email}, "confirm")

    async def write(self, visit: Visit, email: str, purpose: Purpose) -> None:
        """Send a letter, if anybody has the address. Raises Invalid, Refused or Unavailable."""
        app, token = self._app, secrets.token_urlsafe(TOKEN_BYTES)
        asked = LetterAsked(
            email=email, purpose=purpose, place=place_of(app, visit), browser=visit.browser, token=token
        )
        person = await request_letter(asked, app.database, app.desk.now_us())
        if person is not None:
            app.background.start(self._post(visit, person, purpose, token))

    async def _post(self, visit: Visit, person: Person, purpose: Purpose, token: str) -> None:
        """After the page has been answered: nothing of how long it took tells whether there is an account."""
        language: Language = "ko" if (person.language or visit.visitor.language) == "ko" else "en"
        link = self._app.config.public_url.rstrip("/") + PATH.format(token=token)
        key = f"letters.{purpose}"
        about = {"key": key, "house": visit.house, "link": link, "email": person.email}
        letter = Letter(
            to=person.email,
            subject=visit.words_in(language, f"{key}_subject", house=visit.house),
            text=visit.draw_in("letters/letter.txt", language, **about),
            html=visit.draw_in("letters/letter.html", language, **about),
        )
        try:
            self._app.mail.post(letter)
        except Unavailable as problem:
            log.error("%s: %s", problem.code, problem.message)

    async def _send(self, visit: Visit, asked: Mapping[str, str], purpose: Purpose) -> Response:
        self._demand_mail()
        try:
            email = clean_email(asked.get("email", ""))
            await self.write(visit, email, purpose)
        except SolventError as problem:
            said = visit.said(problem)
            return visit.page("chat/forgotten.html", 422, email=asked.get("email", ""), problem=said, purpose=purpose)
        return visit.remember(visit.page("chat/letter_sent.html", email=email, purpose=purpose))

    async def show(self, visit: Visit) -> Response:
        """What the link does; nothing is done yet."""
        ticket, person = await self._found(visit)
        if ticket.purpose == "confirm" and not self._is_theirs(visit, person):
            return visit.go(f"/sign-in?next={visit.here}")
        return self._page(visit, ticket, person)

    async def take(self, visit: Visit) -> Response:
        """Do it."""
        app, password, session = self._app, visit.form.get("password", ""), secrets.token_hex(TOKEN_BYTES)
        ticket, person = await self._found(visit)
        goes_on = await self._ways_in(person) if ticket.purpose == "reset" else ""
        try:
            if ticket.purpose == "reset":
                check_password(password, person.email)
            taken = LetterTaken(
                token=visit.path["token"], arrival=arrival_of(app, visit, session, "letter", goes_on),
                password=await digest_of(password) if ticket.purpose == "reset" else "",
                is_sure=visit.form.get(SURE) == "yes", signed_in=self._signed_in(visit),
            )  # fmt: skip
            entered = await take_letter(taken, app.database, app.desk.now_us())
            await app.look_at_callers()  # keys of whoever opened the account may be over
        except SolventError as problem:
            return self._page(visit, ticket, person, problem)
        if ticket.purpose == "confirm":
            return visit.go("/account?changed=confirmed" if person.role == "customer" else home_of(person))
        return let_in(visit, entered, session, goes_on)

    async def _ways_in(self, person: Person) -> str:
        """Where whoever chose another password goes on to: what else opens their account is shown; "" for nothing."""
        has_others = await self._app.database.read(
            lambda connection: credential_store.has_kind(connection, person.id, "provider", "passkey")
        )
        return f"{SECURITY}?changed=reset" if has_others else ""

    async def _found(self, visit: Visit) -> tuple[Ticket, Person]:
        try:
            return await look_at_letter(visit.path["token"], self._app.database, self._app.desk.now_us())
        except NotFound:
            raise ticket_over() from None

    def _page(self, visit: Visit, ticket: Ticket, person: Person, problem: SolventError | None = None) -> Response:
        is_elsewhere = ticket.browser != digest(visit.browser.encode())
        at_fault = problem.code if problem is not None else ""
        return visit.page(
            "chat/letter.html", 422 if at_fault else 200, purpose=ticket.purpose, email=person.email,
            asks_again=is_elsewhere and (at_fault == "another_browser" or visit.form.get(SURE) == "yes"),
            problem=visit.said(problem) if problem is not None and at_fault != "another_browser" else "",
        )  # fmt: skip

    def _signed_in(self, visit: Visit) -> PersonId:
        return visit.visitor.person.id if visit.visitor.person is not None else PersonId("")

    def _is_theirs(self, visit: Visit, person: Person) -> bool:
        return self._signed_in(visit) == person.id

    def _demand_mail(self) -> None:
        if not self._app.mail.is_on:
            raise NotFound("no_such_page", "there is no such page here")
