"""Adding passkeys to one's account and taking them away."""

from __future__ import annotations

import secrets
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from solvent.app.build import App
from solvent.chat.asking import place_of
from solvent.chat.second_step import CHALLENGE_BYTES, demand_party
from solvent.chat.security import SECRET, Security, random
from solvent.db.port import Connection
from solvent.identity import credential_store, ticket_store
from solvent.identity.credential import Credential
from solvent.identity.prove import Proof, prove
from solvent.identity.ticket import CHALLENGE_US, ticket
from solvent.office.add_passkey import PasskeyAdded, add_passkey
from solvent.office.remove_second_factor import Which, remove_second_factor
from solvent.office.rename_passkey import rename_passkey
from solvent.office.second_store import demand_confirmed
from solvent.pages.once import act_of
from solvent.pages.passkeys import signed_of
from solvent.pages.passwords import verify
from solvent.pages.place import Place
from solvent.pages.site import SECURITY
from solvent.pages.visit import Visit
from solvent.values.errors import Invalid, SolventError
from solvent.values.limits import PASSWORD_CHARACTERS_MAX


class Proving(msgspec.Struct):
    """What a script sends before it has one made."""

    password: Annotated[str, Meta(max_length=PASSWORD_CHARACTERS_MAX)] = ""


class Passkeys:
    """The places under /account/passkeys. security: the page they stand on."""

    def __init__(self, app: App, security: Security) -> None:
        self._app = app
        self._security = security

    def places(self) -> list[Place]:
        """Where they are."""
        return [
            Place("POST", "/account/passkeys/challenge", "person", self.challenge),
            Place("POST", "/account/passkeys", "person", self.add),
            Place("POST", "/account/passkeys/{passkey}/name", "person", self.rename),
            Place("POST", "/account/passkeys/{passkey}/remove", "person", self.remove),
        ]

    async def challenge(self, visit: Visit) -> Response:
        """What a browser makes a new one with, once the password says that it is them."""
        app, party, person = self._app, demand_party(self._app), visit.person
        asked = await visit.read_json(Proving)
        proof = Proof(asked.password, place_of(app, visit), visit.visitor.token)
        demand_confirmed(person, has_letters=app.mail.is_on)
        await prove(person, proof, verify, app.database, app.desk.now_us())
        challenge = secrets.token_urlsafe(CHALLENGE_BYTES)
        kept = ticket(
            challenge, "new_passkey", visit.browser, app.desk.now_us(), person=person.id, good_us=CHALLENGE_US
        )

        def work(connection: Connection) -> list[Credential]:
            ticket_store.add(connection, kept)
            return [one for one in credential_store.of_person(connection, person.id) if one.kind == "passkey"]

        known = await app.database.write(work)
        return visit.remember(visit.json(msgspec.Raw(party.to_make(person, challenge, known))))

    async def add(self, visit: Visit) -> Response:
        """What the browser made."""
        app, party, form = self._app, demand_party(self._app), visit.form
        try:
            given = PasskeyAdded(
                signed_of(form.get("credential", "").encode()), form.get("name", ""), visit.browser,
                visit.visitor.token, place_of(app, visit), random(),
            )  # fmt: skip
            act = act_of(visit, app.desk.now_us(), secret=SECRET)
            codes = await add_passkey(visit.person, given, act, party.check_new, app.database)
        except SolventError as problem:
            return await self._security.page(visit, problem, "passkeys")
        return self._security.begun_page(visit, codes, "passkey")

    async def rename(self, visit: Visit) -> Response:
        """Call one otherwise."""
        app = self._app
        try:
            act = act_of(visit, app.desk.now_us())
            await rename_passkey(visit.person, visit.path["passkey"], visit.form.get("name", ""), act, app.database)
        except Invalid as problem:
            return await self._security.page(visit, problem, f"renamed-{visit.path['passkey']}")
        return visit.go(f"{SECURITY}?changed=renamed#passkeys")

    async def remove(self, visit: Visit) -> Response:
        """Take one away."""
        app = self._app
        try:
            act = act_of(visit, app.desk.now_us(), secret=SECRET)
            which = Which("passkey", visit.path["passkey"])
            await remove_second_factor(visit.person, self._security.proof(visit), which, act, verify, app.database)
        except SolventError as problem:
            if problem.code == "no_such_second_factor":
                raise
            return await self._security.page(visit, problem, "passkeys")
        return visit.go(f"{SECURITY}?changed=removed")
