"""Sign up: a person opens an account and becomes a customer, on the plan that newcomers get."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, person_store
from solvent.identity.key import clean_name
from solvent.identity.person import Language, Person, clean_email
from solvent.identity.session import begin
from solvent.invoicing import store as invoicing_store
from solvent.office import store
from solvent.office.opening import Opening
from solvent.values.errors import Refused
from solvent.values.ids import CustomerId, PersonId, new_id
from solvent.values.instant import US_PER_S
from solvent.values.limits import SIGN_IN_WAIT_S, SIGN_UPS_MAX


class SigningUp(msgspec.Struct, frozen=True, kw_only=True):
    """place: where it is done from. opening: on which plan, and what they are given. password: as it is kept. token: of
    their first session. browser: its cookie.
    """

    email: str
    language: Language
    password: str
    token: str
    place: str
    opening: Opening
    browser: str = ""

    def __repr__(self) -> str:
        return f"SigningUp({self.email!r})"


async def sign_up(asked: SigningUp, act: Act, database: Database, entropy: int) -> Person:
    """Returns the person, who is signed in. entropy: for the ids.

    Raises Invalid for a bad address or name, Conflict where the address has an account, Refused when too many sign up
    from one place.
    """
    email, name = clean_email(asked.email), clean_name(asked.opening.name, "a name")
    customer = CustomerId(new_id("cus", act.at_us, entropy))
    person = Person(
        PersonId(new_id("psn", act.at_us, entropy)), email, name, "customer", customer, asked.language, act.at_us
    )

    def work(connection: Connection) -> Person:
        def effect() -> Person:
            _demand_few(connection, f"new:{asked.place}", act.at_us)
            invoicing_store.speak(connection, customer, asked.language)
            store.open_customer(connection, customer, asked.opening, act.at_us)
            person_store.add(connection, person, asked.password)
            return person

        known, _ = once(connection, act, "person.sign_up", customer, effect, Person)
        person_store.add_session(connection, begin(asked.token, act.at_us, person=known.id))
        if asked.browser:
            attempt_store.remember_browser(connection, known.id, asked.browser, act.at_us)
        return known

    return await database.write(work)


def _demand_few(connection: Connection, place: str, now_us: int) -> None:
    count, _, _ = attempt_store.failures(connection, place, now_us - SIGN_IN_WAIT_S * US_PER_S)
    if count >= SIGN_UPS_MAX:
        message = f"more than {SIGN_UPS_MAX} accounts were opened from here in a quarter of an hour; try again later"
        raise Refused("too_many_sign_ups", message, retry_after_s=SIGN_IN_WAIT_S)
    attempt_store.fail(connection, (place,), now_us)
