"""The second step of signing in, a code after the password; and the way in by a passkey, which needs no first.

Whoever is between the steps has no session: to every other place they are a stranger.
"""

from __future__ import annotations

import secrets

import msgspec
from starlette.responses import Response

from solvent.app.build import App
from solvent.app.problems import status_and_type
from solvent.chat.asking import place_of
from solvent.db.port import Connection
from solvent.identity import credential_store, ticket_store
from solvent.identity.begin_ticket import begin_ticket
from solvent.identity.person import Person
from solvent.identity.second_factor import Halfway, Way, second_over
from solvent.identity.session import TOKEN_BYTES
from solvent.identity.ticket import CHALLENGE_US, ticket
from solvent.office.arrival import Arrival, Entered
from solvent.office.enter_by_passkey import enter_by_passkey
from solvent.office.give_code import CodeGiven, give_code
from solvent.pages.passkeys import Party, party_of, signed_of
from solvent.pages.place import Place
from solvent.pages.site import own_path
from solvent.pages.visit import Visit
from solvent.values.errors import NotFound, Refused, SolventError

PATH = "/sign-in/second"
CHALLENGE_BYTES = 32


class SecondStep:
    """The places between a first factor and a session."""

    def __init__(self, app: App) -> None:
        self._app = app

    def places(self) -> list[Place]:
        """Where they are."""
        return [
            Place("GET", PATH, "anybody", self.show),
            Place("POST", PATH, "anybody", self.give),
            Place("POST", "/sign-in/passkey/challenge", "anybody", self.challenge),
            Place("POST", "/sign-in/passkey", "anybody", self.enter),
        ]

    async def show(self, visit: Visit) -> Response:
        """The form; whoever gave no first factor begins there."""
        return await self._page(visit)

    async def give(self, visit: Visit) -> Response:
        """A code: it begins the session, or the form is shown again."""
        app, session = self._app, secrets.token_hex(TOKEN_BYTES)
        given = CodeGiven(visit.half, visit.form.get("code", ""), arrival_of(app, visit, session, "app"))
        try:
            person, goes_on = await give_code(given, app.sealing.unseal, app.database, app.desk.now_us())
        except SolventError as problem:
            return await self._page(visit, problem)
        return visit.sign_in(session, goes_on or home_of(person))

    async def challenge(self, visit: Visit) -> Response:
        """What a browser is to have signed by a passkey, once and soon."""
        party, app, challenge = demand_party(self._app), self._app, secrets.token_urlsafe(CHALLENGE_BYTES)
        now_us = app.desk.now_us()
        kept = ticket(challenge, "passkey", visit.browser, now_us, good_us=CHALLENGE_US)
        await begin_ticket(kept, place_of(app, visit), app.database, now_us)
        return visit.remember(visit.json(msgspec.Raw(party.to_sign(challenge))))

    async def enter(self, visit: Visit) -> Response:
        """What it signed: it begins the session."""
        app, session, party = self._app, secrets.token_hex(TOKEN_BYTES), demand_party(self._app)
        goes_on = own_path(visit.form.get("next", ""), "")
        try:
            signed = signed_of(visit.form.get("credential", "").encode())
            arrival = arrival_of(app, visit, session, "passkey")
            person = await enter_by_passkey(signed, arrival, party.check_signed, app.database, app.desk.now_us())
        except SolventError as problem:
            return visit.page(
                "chat/passkey_wrong.html", status_and_type(problem)[0], problem=visit.said(problem), next=goes_on
            )
        return visit.sign_in(session, goes_on or home_of(person))

    async def _page(self, visit: Visit, problem: SolventError | None = None) -> Response:
        now_us = self._app.desk.now_us()

        def look(connection: Connection) -> tuple[Halfway, bool, bool]:
            found = ticket_store.known_for(connection, visit.half, "second", visit.browser, now_us)
            has_app = credential_store.has_kind(connection, found.person, "app")
            has_passkey = credential_store.has_kind(connection, found.person, "passkey")
            return msgspec.json.decode(found.about, type=Halfway), has_app, has_passkey

        try:
            halfway, has_app, has_passkey = await self._app.database.read(look)
        except Refused:
            if problem is None:
                return visit.go("/sign-in")
            raise second_over() from None
        return visit.page(
            "chat/second.html", 422 if problem is not None else 200, has_app=has_app,
            has_passkey=has_passkey and party_of(self._app.config.public_url, visit.house) is not None,
            next=halfway.next, problem=visit.said(problem) if problem is not None else "",
        )  # fmt: skip


def arrival_of(app: App, visit: Visit, token: str, by: Way, goes_on: str = "") -> Arrival:
    """Whoever visits, as somebody who wants in. goes_on: a path of ours."""
    return Arrival(token=token, browser=visit.browser, place=place_of(app, visit), by=by, next=goes_on)


def let_in(visit: Visit, entered: Entered, token: str, goes_on: str) -> Response:
    """On in their session; or, where it waits for a second factor, to the form for that. goes_on: "" for home."""
    if entered.is_in:
        return visit.sign_in(token, goes_on or home_of(entered.person))
    return visit.enter_half(visit.go(PATH), token)


def home_of(person: Person) -> str:
    """Where somebody begins."""
    return "/" if person.role == "customer" else "/console"


def demand_party(app: App) -> Party:
    """Whom passkeys are for. Raises NotFound where there are none."""
    party = party_of(app.config.public_url, app.config.people.name)
    if party is None:
        raise NotFound("no_such_page", "there is no such page here")
    return party
