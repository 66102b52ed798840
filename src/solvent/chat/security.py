"""How one signs in: password, authenticator app, recovery codes, accounts elsewhere, and sessions. Operators' too."""

from __future__ import annotations

import secrets
from typing import Final

from starlette.responses import Response

from solvent.app.build import App
from solvent.chat.asking import place_of
from solvent.db.port import Connection
from solvent.identity import credential_store, person_store
from solvent.identity.caller import digest
from solvent.identity.credential import Credential
from solvent.identity.person import check_password
from solvent.identity.prove import Proof
from solvent.identity.second_factor import RECOVERY_BYTES, RECOVERY_CODES, sealed_for
from solvent.identity.session import TOKEN_BYTES, Session
from solvent.identity.totp import SECRET_BYTES, address_of, spelled
from solvent.office.begin_app import AppBegun, begin_app
from solvent.office.change_password import change_password
from solvent.office.confirm_app import AppConfirmed, confirm_app
from solvent.office.remove_second_factor import Which, remove_second_factor
from solvent.office.renew_recovery import renew_recovery
from solvent.office.second_store import begun_for
from solvent.pages.once import act_of
from solvent.pages.passkeys import party_of
from solvent.pages.passwords import digest_of, verify
from solvent.pages.place import Place
from solvent.pages.qr import qr
from solvent.pages.site import SECURITY
from solvent.pages.visit import Visit
from solvent.values.errors import SolventError

# What nothing is kept of, not even that it was the same.
SECRET: Final = (
    "password",
    "new",
    "code",
    "credential",
    "token",
)


class Security:
    """The places under /account/security, and what their forms do."""

    def __init__(self, app: App) -> None:
        self._app = app

    def places(self) -> list[Place]:
        """Where they are."""
        return [
            Place("GET", SECURITY, "person", self.show),
            Place("POST", "/account/password", "person", self.change_password),
            Place("POST", "/account/app", "person", self.begin_app),
            Place("POST", "/account/app/confirm", "person", self.confirm_app),
            Place("POST", "/account/app/remove", "person", self.remove_app),
            Place("POST", "/account/recovery", "person", self.renew_recovery),
            Place("POST", "/account/sessions/{session}/end", "person", self.end_session),
        ]

    async def show(self, visit: Visit) -> Response:
        """All of it."""
        return await self.page(visit)

    async def change_password(self, visit: Visit) -> Response:
        """Another password; other sessions end."""
        new = visit.form.get("new", "")
        try:
            check_password(new, visit.person.email)
            act = act_of(visit, self._app.desk.now_us(), secret=SECRET)
            kept = await digest_of(new)
            await change_password(visit.person, self.proof(visit), kept, act, verify, self._app.database)
        except SolventError as problem:
            return await self.page(visit, problem, "password")
        return visit.go(f"{SECURITY}?changed=password")

    async def begin_app(self, visit: Visit) -> Response:
        """Show the picture and the secret, once the password says that it is them."""
        app, secret, token = self._app, secrets.token_bytes(SECRET_BYTES), secrets.token_urlsafe(TOKEN_BYTES)
        begun = AppBegun(token, visit.browser, secret, app.mail.is_on)
        try:
            await begin_app(
                visit.person, self.proof(visit), begun, app.sealing.seal, verify, app.database, app.desk.now_us()
            )
        except SolventError as problem:
            return await self.page(visit, problem, "app")
        return visit.remember(self._app_page(visit, secret, token))

    async def confirm_app(self, visit: Visit) -> Response:
        """A code of it: from then on one is asked for."""
        app, token = self._app, visit.form.get("token", "")
        given = AppConfirmed(
            token, visit.form.get("code", ""), visit.browser, visit.visitor.token, place_of(app, visit), random()
        )
        try:
            act = act_of(visit, app.desk.now_us(), secret=SECRET)
            codes = await confirm_app(visit.person, given, act, app.sealing.unseal, app.database)
        except SolventError as problem:
            if problem.code != "wrong_code":
                return await self.page(visit, problem, "app")
            return self._app_page(visit, await self._secret_of(visit, token), token, problem)
        return self.begun_page(visit, codes, "app")

    async def remove_app(self, visit: Visit) -> Response:
        """Take it away."""
        try:
            act = act_of(visit, self._app.desk.now_us(), secret=SECRET)
            which = Which("app", visit.person.id)
            await remove_second_factor(visit.person, self.proof(visit), which, act, verify, self._app.database)
        except SolventError as problem:
            return await self.page(visit, problem, "app")
        return visit.go(f"{SECURITY}?changed=removed")

    async def renew_recovery(self, visit: Visit) -> Response:
        """Other recovery codes, shown this once."""
        try:
            act = act_of(visit, self._app.desk.now_us(), secret=SECRET)
            codes = await renew_recovery(visit.person, self.proof(visit), random(), act, verify, self._app.database)
        except SolventError as problem:
            return await self.page(visit, problem, "recovery")
        return self.begun_page(visit, codes, "recovery")

    async def end_session(self, visit: Visit) -> Response:
        """One session of theirs, or with "others" all but this."""
        person, named = visit.person.id, visit.path["session"]
        mine = digest(visit.visitor.token.encode())
        if named == "others":
            await self._app.database.write(
                lambda connection: person_store.end_sessions_of(connection, person, but=mine)
            )
        else:
            await self._app.database.write(
                lambda connection: person_store.end_session_of(connection, person, _digest(named))
            )
        return visit.go(SECURITY)

    def proof(self, visit: Visit) -> Proof:
        """By what they prove once more who they are."""
        return Proof(visit.form.get("password", ""), place_of(self._app, visit), visit.visitor.token)

    def begun_page(self, visit: Visit, codes: list[str], changed: str) -> Response:
        """Recovery codes that are new, shown this once; or back to the page."""
        if not codes:
            return visit.go(f"{SECURITY}?changed={changed}")
        return visit.page("chat/recovery.html", codes=codes, changed=changed)

    async def page(self, visit: Visit, problem: SolventError | None = None, at_fault: str = "") -> Response:
        """The page, with what is wrong beside the form at fault."""
        app, person = self._app, visit.person

        def read(connection: Connection) -> tuple[list[Session], list[Credential], bool]:
            kept = person_store.by_email(connection, person.email)
            theirs = credential_store.of_person(connection, person.id)
            return person_store.sessions_of(connection, person.id), theirs, bool(kept and kept[1])

        sessions, theirs, has_password = await app.database.read(read)
        mine = digest(visit.visitor.token.encode())
        return visit.page(
            "chat/security.html", 200 if problem is None else 422, person=person, at_fault=at_fault,
            providers=list(app.identity_providers.values()), has_password=has_password,
            linked={one.name: one for one in theirs if one.kind == "provider"},
            app=next((one for one in theirs if one.kind == "app"), None),
            passkeys=[one for one in theirs if one.kind == "passkey"],
            can_add=party_of(app.config.public_url, visit.house) is not None,
            recovery_left=sum(one.kind == "recovery" for one in theirs),
            sessions=[(one, one.digest.hex(), one.digest == mine) for one in sessions],
            problem=visit.said(problem) if problem is not None else "", changed=visit.query.get("changed", ""),
            sent_name=visit.form.get("name", ""),
        )  # fmt: skip

    async def _secret_of(self, visit: Visit, token: str) -> bytes:
        app, person = self._app, visit.person
        now_us = app.desk.now_us()
        found = await app.database.read(lambda connection: begun_for(connection, person, token, visit.browser, now_us))
        return app.sealing.unseal(found.about, sealed_for(person.id))

    def _app_page(
        self, visit: Visit, secret: bytes, token: str, problem: SolventError | None = None
    ) -> Response:  # fmt: skip
        return visit.page(
            "chat/app.html", 200 if problem is None else 422, token=token, secret=_grouped(spelled(secret)),
            picture=qr(address_of(secret, visit.house, visit.person.email)),
            problem=visit.said(problem) if problem is not None else "",
        )  # fmt: skip


def random() -> bytes:
    """What recovery codes are made of."""
    return secrets.token_bytes(RECOVERY_CODES * RECOVERY_BYTES)


def _grouped(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _digest(named: str) -> bytes:
    """A session as the page names it; none for what is no such name."""
    try:
        return bytes.fromhex(named)
    except ValueError:
        return b""
