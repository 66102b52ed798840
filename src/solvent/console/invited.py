"""The page an invitation leads to: whoever was invited chooses a password there, once."""

from __future__ import annotations

import secrets

from starlette.responses import Response

from solvent.app.build import App
from solvent.app.calling import place_of
from solvent.identity.person import check_password
from solvent.identity.session import TOKEN_BYTES
from solvent.office.accept_invitation import Accepting, accept_invitation
from solvent.office.arrival import Arrival
from solvent.pages.passwords import digest_of
from solvent.pages.place import Place
from solvent.pages.visit import Visit
from solvent.values.errors import SolventError
from solvent.values.ids import PersonId

PATH = "/console/invited/{person}/{token}"


def places(app: App) -> list[Place]:
    """The form, and where it is sent."""
    page = _Invited(app)
    return [Place("GET", PATH, "anybody", page.show), Place("POST", PATH, "anybody", page.accept)]


class _Invited:
    def __init__(self, app: App) -> None:
        self._app = app

    async def show(self, visit: Visit) -> Response:
        """The form; a link that is over says so."""
        person = await accept_invitation(self._asked(visit, "", ""), self._app.database, self._app.desk.now_us())
        return visit.page("console/invited.html", name=person.name, problem="")

    async def accept(self, visit: Visit) -> Response:
        """Keep the password, and sign in."""
        app, password, session = self._app, visit.form.get("password", ""), secrets.token_hex(TOKEN_BYTES)
        person = await accept_invitation(self._asked(visit, "", ""), app.database, app.desk.now_us())
        try:
            check_password(password, person.email)
        except SolventError as problem:
            return visit.page("console/invited.html", 422, name=person.name, problem=visit.said(problem))
        await accept_invitation(self._asked(visit, await digest_of(password), session), app.database, app.desk.now_us())
        return visit.sign_in(session, "/console")

    def _asked(self, visit: Visit, password: str, session: str) -> Accepting:
        arrival = Arrival(
            token=session, browser=visit.browser, place=place_of(visit.request.scope, self._app.config), by="invitation"
        )
        person, token = PersonId(visit.path["person"]), visit.path["token"]
        return Accepting(person=person, token=token, password=password, arrival=arrival)
