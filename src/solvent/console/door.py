"""The door for operators: all its pages."""

from __future__ import annotations

import secrets
from typing import Final

from starlette.responses import Response

from solvent.app.build import App
from solvent.app.calling import place_of
from solvent.console import asked_pages, bill_pages, invited, list_files, plan_pages, printing, scenario_pages
from solvent.console.answers import Answers
from solvent.console.margin_answers import MarginAnswers
from solvent.console.margins import Margins
from solvent.console.office import SHEETS
from solvent.console.sheet import places_of
from solvent.console.today import Today
from solvent.identity.caller import caller_of
from solvent.identity.session import TOKEN_BYTES
from solvent.identity.sign_out import sign_out
from solvent.office.sign_in_by_key import sign_in_by_key
from solvent.pages.place import Place
from solvent.pages.site import own_path
from solvent.pages.visit import Visit
from solvent.values.errors import SolventError

SIGN_IN: Final = "/console/sign-in"


def places(app: App) -> list[Place]:
    """Every page of the door, and who may go there."""
    entrance, today, answers, margins = _Entrance(app), Today(app), Answers(app), Margins(app)
    return [
        Place("GET", SIGN_IN, "anybody", entrance.show),
        Place("POST", SIGN_IN, "anybody", entrance.sign_in),
        Place("POST", "/console/sign-out", "anybody", entrance.sign_out),
        Place("GET", "/console", "operator", today.show),
        Place("GET", "/console/answers/{id}", "margin.read", answers.show),
        Place("GET", "/console/margins", "margin.read", margins.show),
        Place("GET", "/console/margins.csv", "margin.read", margins.file),
        Place("GET", "/console/margins/answers", "margin.read", MarginAnswers(app).show),
        Place("GET", "/console/margins/answers.csv", "margin.read", MarginAnswers(app).file),
        Place("GET", "/console/live-events", "margin.read", today.live_events),
        *places_of(SHEETS, app),
        *plan_pages.places(app),
        *printing.places(app),
        *bill_pages.places(app),
        *list_files.places(app),
        *asked_pages.places(app),
        *scenario_pages.places(app),
        *invited.places(app),
    ]


class _Entrance:
    def __init__(self, app: App) -> None:
        self._app = app

    async def show(self, visit: Visit) -> Response:
        """The form for an operator's key; people sign in where customers do."""
        if visit.visitor.caller is not None and visit.visitor.caller.role != "customer":
            return visit.go(own_path(visit.query.get("next", ""), "/console"))
        return visit.page("console/sign_in.html", problem="", next=own_path(visit.query.get("next", ""), ""))

    async def sign_in(self, visit: Visit) -> Response:
        """Begin a session of whoever holds the key."""
        app, token = self._app, secrets.token_hex(TOKEN_BYTES)
        goes_on = own_path(visit.form.get("next", ""), "")
        try:
            key = visit.form.get("key", "").rpartition("#")[2].strip()  # the whole address may be pasted
            caller = caller_of(key.encode(), app.desk.callers, app.desk.now_us())
            await sign_in_by_key(
                caller, token, place_of(visit.request.scope, app.config), app.database, app.desk.now_us()
            )
        except SolventError as problem:
            return visit.page("console/sign_in.html", 422, problem=visit.said(problem), next=goes_on)
        return visit.sign_in(token, goes_on or "/console")

    async def sign_out(self, visit: Visit) -> Response:
        """End the session."""
        await sign_out(visit.visitor.token, self._app.database)
        return visit.sign_out(SIGN_IN)
