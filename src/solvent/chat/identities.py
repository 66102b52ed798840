"""Signing in with an account elsewhere, such as at Google or Kakao, and linking it with one's account here."""

from __future__ import annotations

import secrets

import msgspec
from starlette.responses import Response

from solvent.app.build import App
from solvent.app.identity_providers import Errand, IdentityProvider, new_errand
from solvent.app.newcomers import newcomers_plan
from solvent.chat.asking import place_of
from solvent.chat.second_step import arrival_of, let_in
from solvent.chat.security import SECRET, Security
from solvent.db.port import Connection
from solvent.identity import ticket_store
from solvent.identity.begin_ticket import begin_ticket
from solvent.identity.caller import digest
from solvent.identity.prove import prove
from solvent.identity.session import TOKEN_BYTES
from solvent.identity.ticket import Ticket, ticket, ticket_over
from solvent.office.opening import Opening
from solvent.office.take_identity import IdentityTaken, take_identity
from solvent.office.unlink_identity import unlink_identity
from solvent.pages.once import act_of
from solvent.pages.passwords import verify
from solvent.pages.place import Place
from solvent.pages.site import SECURITY, own_path
from solvent.pages.visit import Visit
from solvent.values.errors import NotFound, SolventError
from solvent.values.ids import PersonId


class Identities:
    """The places on the way to a provider and back. security: the page that links stand on."""

    def __init__(self, app: App, security: Security) -> None:
        self._app = app
        self._security = security

    def places(self) -> list[Place]:
        """Where they are."""
        return [
            Place("GET", "/sign-in/with/{provider}", "anybody", self.go_there),
            Place("GET", "/sign-in/with/{provider}/back", "anybody", self.come_back),
            Place("POST", "/account/link/{provider}", "person", self.go_to_link),
            Place("POST", "/account/unlink/{provider}", "person", self.unlink),
        ]

    async def go_there(self, visit: Visit) -> Response:
        """To the provider's page. What other pages show as a picture or a frame begins nothing, nor is it counted."""
        if not visit.is_gone_to:
            raise NotFound("no_such_page", "there is no such page here")
        way = await self._begin(visit, own_path(visit.query.get("next", ""), ""), PersonId(""))
        return visit.remember(visit.go(way))

    async def go_to_link(self, visit: Visit) -> Response:
        """A page with a link there, once they proved who they are: a form of ours leads to no other site."""
        app, title = self._app, self._provider(visit).title
        try:
            await prove(visit.person, self._security.proof(visit), verify, app.database, app.desk.now_us())
            way = await self._begin(visit, f"{SECURITY}?changed=linked", visit.person.id)
        except SolventError as problem:
            return await self._security.page(visit, problem, f"linked-{visit.path['provider']}")
        return visit.remember(visit.page("chat/link.html", way=way, title=title))

    async def come_back(self, visit: Visit) -> Response:
        """With a code, or with what is wrong."""
        app, token, state = self._app, secrets.token_hex(TOKEN_BYTES), visit.query.get("state", "")
        provider = self._provider(visit)
        found = await self._used(visit, state)
        errand = msgspec.json.decode(found.about, type=Errand)
        if errand.provider != provider.name:
            raise ticket_over()
        if found.person and (visit.visitor.person is None or visit.visitor.person.id != found.person):
            raise ticket_over()  # they signed out meanwhile, or in as somebody else
        if not visit.query.get("code"):
            return visit.go(SECURITY if found.person else "/sign-in")  # they said no there
        plan = newcomers_plan(app)
        taken = IdentityTaken(
            identified=await provider.identify(visit.query["code"], state, errand), mark=found.digest.hex(),
            arrival=arrival_of(app, visit, token, "provider", errand.next), language=visit.visitor.language,
            person=found.person,
            opening=Opening(name="", plan=plan, currency=app.desk.currency) if plan is not None else None,
        )  # fmt: skip
        entered = await take_identity(taken, app.database, app.desk.now_us(), app.desk.entropy())
        await app.reload_callers()
        if found.person:
            return visit.go(errand.next)
        return let_in(visit, entered, token, errand.next)

    async def unlink(self, visit: Visit) -> Response:
        """Take it away."""
        act = act_of(visit, self._app.desk.now_us(), secret=SECRET)
        proof, provider = self._security.proof(visit), visit.path["provider"]
        try:
            await unlink_identity(visit.person, proof, provider, act, verify, self._app.database)
        except SolventError as problem:
            if problem.code == "not_linked":
                raise
            return await self._security.page(visit, problem, f"linked-{visit.path['provider']}")
        return visit.go(f"{SECURITY}?changed=unlinked")

    async def _begin(self, visit: Visit, next_path: str, person: PersonId) -> str:
        app, provider, state = self._app, self._provider(visit), secrets.token_urlsafe(TOKEN_BYTES)
        errand, now_us = new_errand(provider.name, next_path), app.desk.now_us()
        about = msgspec.json.encode(errand).decode()
        kept = ticket(state, "identify", visit.browser, now_us, person=person, about=about)
        await begin_ticket(kept, place_of(app, visit), app.database, now_us)
        return await provider.way_there(errand, state)

    async def _used(self, visit: Visit, state: str) -> Ticket:
        """The ticket behind a state, used up. Raises Refused, too for one that another browser was given."""
        now_us = self._app.desk.now_us()

        def use(connection: Connection) -> Ticket | None:
            found = ticket_store.known(connection, digest(state.encode()), now_us)
            is_theirs = found.purpose == "identify" and found.browser == digest(visit.browser.encode())
            return ticket_store.use(connection, found.digest, now_us) if is_theirs else None

        found = await self._app.database.write(use)
        if found is None:
            raise ticket_over()
        return found

    def _provider(self, visit: Visit) -> IdentityProvider:
        found = self._app.identity_providers.get(visit.path["provider"])
        if found is None:
            raise NotFound("no_such_page", "there is no such page here")
        return found
