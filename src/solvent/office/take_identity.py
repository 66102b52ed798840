"""Let somebody in whom an identity provider vouches for, link it to who is signed in, or open an account for them.

An address alone never opens an account that is there: whoever has it signs in first, and links the provider then.
"""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act, fingerprint
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, credential_store, news_store, person_store
from solvent.identity.credential import Credential, Identified
from solvent.identity.key import clean_name
from solvent.identity.news import news
from solvent.identity.person import Language, Person, clean_email, demand_open
from solvent.invoicing import store as invoicing_store
from solvent.office import entrance_store, store
from solvent.office.arrival import Arrival, Entered
from solvent.office.opening import Opening
from solvent.values.errors import Conflict, Refused
from solvent.values.ids import CustomerId, PersonId, new_id
from solvent.values.limits import NAME_CHARACTERS_MAX


class IdentityTaken(msgspec.Struct, frozen=True, kw_only=True):
    """mark: of the ticket it came back with. arrival: of the session to be.

    person: who is signed in and links it; "" for whoever wants in. opening: on which plan a newcomer begins; None where
    new accounts are the operator's to open.
    """

    identified: Identified
    mark: str
    arrival: Arrival
    language: Language
    person: PersonId = PersonId("")
    opening: Opening | None = None

    def __repr__(self) -> str:
        return f"IdentityTaken({self.identified.provider!r}, {self.person!r})"


async def take_identity(taken: IdentityTaken, database: Database, now_us: int, entropy: int) -> Entered:
    """Returns who it is; but where it was linked, their session has begun, or waits for their second factor.

    entropy: for the ids of a newcomer.

    Raises Conflict for an identity that is another person's, and for a newcomer whose address has an account; Refused
    where newcomers are not let in, where the provider tells no address, and for a closed account.
    """

    def work(connection: Connection) -> Entered:
        attempt_store.end_begun(connection, taken.arrival.place, taken.arrival.browser)
        credential = credential_store.found(connection, "provider", taken.identified.known_as)
        if taken.person:
            return Entered(_link(connection, taken, credential, now_us), is_in=True)
        if credential is None:
            person = _open(connection, taken, now_us, entropy)
        else:
            person = person_store.known(connection, credential.person)
            demand_open(person)
            credential_store.see(connection, credential, now_us)
        return entrance_store.arrive(connection, person, taken.arrival, now_us)

    return await database.write(work)


def _link(connection: Connection, taken: IdentityTaken, credential: Credential | None, now_us: int) -> Person:
    person = person_store.known(connection, taken.person)
    if credential is not None and credential.person != person.id:
        raise Conflict("identity_taken", "this is linked with another account here; take it away there first")

    def effect() -> Person:
        if credential is None:
            credential_store.forget(connection, person.id, "provider", taken.identified.provider)
            credential_store.add(connection, taken.identified.of(person.id, now_us))
            told = news(person.id, "linked", now_us, provider=taken.identified.provider)
            news_store.tell(connection, told)
        return person

    return once(connection, _act(taken, person.id, now_us), "person.link", person.id, effect, Person)[0]


def _open(connection: Connection, taken: IdentityTaken, now_us: int, entropy: int) -> Person:
    """An account of a newcomer's own. An address nobody vouches for is not confirmed, as if they had written it."""
    said = taken.identified
    if not said.email:
        raise Refused(
            "no_email_told", "your account there tells no e-mail address; allow it, or sign up with a password"
        )
    email = clean_email(said.email)
    if person_store.by_email(connection, email) is not None:
        message = "there is an account with this address; sign in to it, and link the other one on your account's page"
        raise Conflict("link_first", message, param="email")
    if taken.opening is None:
        raise Refused("sign_up_closed", "new accounts are opened by the operator alone; ask for one")
    name = clean_name(said.name[:NAME_CHARACTERS_MAX] or email.partition("@")[0], "a name")
    customer = CustomerId(new_id("cus", now_us, entropy))
    person = Person(
        PersonId(new_id("psn", now_us, entropy)), email, name, "customer", customer, taken.language, now_us,
        confirmed_us=now_us if said.is_verified else 0,
    )  # fmt: skip
    opening = msgspec.structs.replace(taken.opening, name=name)

    def effect() -> Person:
        invoicing_store.speak(connection, customer, taken.language)
        store.open_customer(connection, customer, opening, now_us)
        person_store.add(connection, person, "")
        credential_store.add(connection, said.of(person.id, now_us))
        return person

    return once(connection, _act(taken, "stranger", now_us), "person.sign_up", customer, effect, Person)[0]


def _act(taken: IdentityTaken, actor: str, now_us: int) -> Act:
    return Act(actor, f"identity/{taken.mark}", fingerprint(taken.identified.known_as), now_us)
