"""The door for customers: all its places."""

from __future__ import annotations

from solvent.app.build import App
from solvent.app.problems import status_and_type
from solvent.chat.account import Account
from solvent.chat.accounts import Accounts
from solvent.chat.attaching import Attaching
from solvent.chat.cards import Cards
from solvent.chat.coupons import Coupons
from solvent.chat.identities import Identities
from solvent.chat.invoices import Invoices
from solvent.chat.keys import Keys
from solvent.chat.letters import Letters
from solvent.chat.looks import change_looks
from solvent.chat.manifest import show_manifest, show_offline, show_worker
from solvent.chat.modes import Modes
from solvent.chat.passkeys import Passkeys
from solvent.chat.plan_changes import PlanChanges
from solvent.chat.plan_page import PlanPage
from solvent.chat.returns import Returns
from solvent.chat.second_step import SecondStep
from solvent.chat.security import Security
from solvent.chat.talks import Talks
from solvent.chat.telling import Surface
from solvent.chat.usage import Usage
from solvent.pages.drawing import Drawing
from solvent.pages.place import Place
from solvent.pages.site import Site
from solvent.pages.visitor import Visitors
from solvent.values.limits import QUESTION_BYTES_MAX

SIGN_IN = "/sign-in"


def places(app: App, surface: Surface) -> list[Place]:
    """Every place of the door, and who may go there. surface: of the gateway, which answers what is asked here."""
    letters, security = Letters(app), Security(app)
    modes = Modes(app.desk)
    accounts, talks, plan = Accounts(app, letters), Talks(app, surface, modes), PlanPage(app)
    return [
        Place("GET", SIGN_IN, "anybody", accounts.show_sign_in),
        Place("POST", SIGN_IN, "anybody", accounts.sign_in),
        Place("GET", "/sign-up", "anybody", accounts.show_sign_up),
        Place("POST", "/sign-up", "anybody", accounts.sign_up),
        Place("POST", "/sign-out", "anybody", accounts.sign_out),
        Place("POST", "/looks", "anybody", change_looks),
        *letters.places(),
        *SecondStep(app).places(),
        *security.places(),
        *Passkeys(app, security).places(),
        *Identities(app, security).places(),
        *plan.places(),
        *PlanChanges(app, plan).places(),
        *Cards(app, plan).places(),
        *Coupons(app, plan).places(),
        *Returns(app).places(),
        *Invoices(app).places(),
        Place("GET", "/", "customer", talks.page),
        Place("GET", "/talks/{id}", "customer", talks.page),
        Place("GET", "/app.webmanifest", "anybody", show_manifest),
        Place("GET", "/worker.js", "anybody", show_worker),
        Place("GET", "/offline", "anybody", show_offline),
        Place("GET", "/shared/{link}", "anybody", talks.shared),
        Place("GET", "/shared/{link}/pictures/{place}/{number}", "anybody", talks.shared_picture),
        Place("POST", "/chat/ask", "customer", talks.ask, QUESTION_BYTES_MAX),
        Place("GET", "/chat/talks", "customer", talks.listed),
        Place("GET", "/chat/talks/{id}", "customer", talks.talk),
        Place("POST", "/chat/talks/{id}", "customer", talks.change),
        Place("GET", "/chat/talks/{id}/export", "customer", talks.export),
        Place("GET", "/chat/turns/{id}", "customer", talks.turn),
        Place("GET", "/chat/turns/{id}/pictures/{number}", "customer", talks.picture),
        *Attaching(app, modes).places(),
        *Usage(app).places(),
        *Keys(app).places(),
        *Account(app).places(),
    ]


def open_chat(app: App, visitors: Visitors, drawing: Drawing, surface: Surface) -> Site:
    """The door, on a running service."""
    return Site(
        places(app, surface), visitors, drawing, SIGN_IN,
        lambda problem: status_and_type(problem)[0], app.config.public_url,
    )  # fmt: skip
