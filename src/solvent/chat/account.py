"""My account: name and language, all that is kept of somebody, and its end. How one signs in is in `security.py`."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.responses import Response, StreamingResponse

from solvent.answering.forget_logged import forget_logged
from solvent.app.build import App
from solvent.chat.asking import place_of
from solvent.chat.export import parts_of
from solvent.chat.holdings import holdings_of
from solvent.identity import person_store
from solvent.identity.person import Language
from solvent.identity.prove import Proof, prove
from solvent.office.change_person import change_person
from solvent.office.close_account import close_account
from solvent.pages.once import act_of
from solvent.pages.passwords import verify
from solvent.pages.place import Place
from solvent.pages.visit import Visit, keep
from solvent.pages.visitor import LANGUAGE
from solvent.talking.conversation import Owner
from solvent.talking.forget_conversations import forget_conversations
from solvent.values.errors import Invalid, SolventError
from solvent.values.money import Money

_SECRET = ("password", "new")  # what nothing is kept of, not even that it was the same


class Account:
    """The places under /account."""

    def __init__(self, app: App) -> None:
        self._app = app

    def places(self) -> list[Place]:
        """Where they are."""
        return [
            Place("GET", "/account", "customer", self.show),
            Place("POST", "/account", "customer", self.change),
            Place("GET", "/account/export", "customer", self.export),
            Place("GET", "/account/close", "customer", self.ask_to_close),
            Place("POST", "/account/close", "customer", self.close),
        ]

    async def show(self, visit: Visit) -> Response:
        """All of it."""
        return await self._page(visit)

    async def change(self, visit: Visit) -> Response:
        """Another name or language."""
        form, language = visit.form, visit.form.get("language", "")
        try:
            if language not in ("ko", "en"):
                raise Invalid("bad_request", "language: choose ko or en", param="language")
            chosen: Language = "ko" if language == "ko" else "en"
            act = act_of(visit, self._app.desk.now_us())
            await change_person(visit.person, form.get("name", ""), chosen, act, self._app.database)
        except SolventError as problem:
            return await self._page(visit, problem)
        response = visit.go("/account")
        keep(response, LANGUAGE, language, visit.request, http_only=True)
        return response

    async def export(self, visit: Visit) -> Response:
        """All that is kept of them, as one JSON document."""
        headers = {"content-disposition": 'attachment; filename="my-data.json"', "cache-control": "no-store"}
        parts = parts_of(self._app, visit.person, visit.customer)
        return StreamingResponse(parts, media_type="application/json", headers=headers)

    async def ask_to_close(self, visit: Visit) -> Response:
        """What closing means, before it is done."""
        return await self._close_page(visit)

    async def close(self, visit: Visit) -> Response:
        """For good, once the password says that it is them."""
        app, person, customer = self._app, visit.person, visit.customer
        try:
            act = act_of(visit, app.desk.now_us(), secret=_SECRET)
            await prove(person, self._proof(visit), verify, app.database, app.desk.now_us())
            await forget_conversations(Owner(customer.id, person.id), app.database)
            if await close_account(person, act, app.database):
                await forget_logged(customer.id, msgspec.structs.replace(act, key=f"{act.key}/log"), app.database)
        except SolventError as problem:
            return await self._close_page(visit, problem)
        await app.reload_callers()
        return visit.sign_out("/sign-in")

    async def _page(self, visit: Visit, problem: SolventError | None = None) -> Response:
        asked: Mapping[str, str] = visit.form if problem is not None else {}
        return visit.page(
            "chat/account.html", 200 if problem is None else 422, person=visit.person,
            name=asked.get("name", visit.person.name), letters=self._app.mail.is_on,
            problem=visit.said(problem) if problem is not None else "", changed=visit.query.get("changed", ""),
        )  # fmt: skip

    async def _close_page(self, visit: Visit, problem: SolventError | None = None) -> Response:
        app, id = self._app, visit.customer.id
        now_us, currency = app.desk.now_us(), app.desk.currency
        held = await app.database.read(lambda connection: holdings_of(connection, id, currency, now_us))
        kept = await app.database.read(lambda connection: person_store.by_email(connection, visit.person.email))
        left = sum(one.left for one in held if one.source == "wallet")
        return visit.page(
            "chat/close.html", 200 if problem is None else 422, left=Money(left, currency),
            has_password=bool(kept and kept[1]),
            problem=visit.said(problem) if problem is not None else "",
        )  # fmt: skip

    def _proof(self, visit: Visit) -> Proof:
        return Proof(visit.form.get("password", ""), place_of(self._app, visit), visit.visitor.token)
