"""The door for customers: all its places."""

from __future__ import annotations

from starlette.responses import Response

from solvent.app.build import App
from solvent.app.problems import status_and_type
from solvent.chat.accounts import Accounts
from solvent.chat.invoices import Invoices
from solvent.chat.looks import change_looks
from solvent.chat.plan_changes import PlanChanges
from solvent.chat.plan_page import PlanPage
from solvent.pages.drawing import Drawing
from solvent.pages.place import Place
from solvent.pages.site import Site
from solvent.pages.visit import Visit
from solvent.pages.visitor import Visitors

SIGN_IN = "/sign-in"


def places(app: App) -> list[Place]:
    """Every place of the door, and who may go there."""
    accounts = Accounts(app)
    plan = PlanPage(app)
    return [
        Place("GET", SIGN_IN, "anybody", accounts.show_sign_in),
        Place("POST", SIGN_IN, "anybody", accounts.sign_in),
        Place("GET", "/sign-up", "anybody", accounts.show_sign_up),
        Place("POST", "/sign-up", "anybody", accounts.sign_up),
        Place("POST", "/sign-out", "anybody", accounts.sign_out),
        Place("POST", "/looks", "anybody", change_looks),
        Place("GET", "/", "customer", _home),
        *plan.places(),
        *PlanChanges(app, plan).places(),
        *Invoices(app).places(),
    ]


def open_chat(app: App, visitors: Visitors, drawing: Drawing) -> Site:
    """The door, on a running service."""
    return Site(places(app), visitors, drawing, SIGN_IN, lambda problem: status_and_type(problem)[0])


async def _home(visit: Visit) -> Response:
    return visit.page("chat/home.html")
