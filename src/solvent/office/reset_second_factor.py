"""Take every second factor away from somebody who has lost theirs: they sign in without, and set up another."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, credential_store, news_store, person_store, ticket_store
from solvent.identity.news import news
from solvent.identity.person import Person
from solvent.office.behind_store import KEY, behind
from solvent.values.errors import Conflict, NotFound, Refused
from solvent.values.ids import PersonId


async def reset_second_factor(who: str, act: Act, database: Database) -> Person:
    """Returns whose it was; every session of theirs has ended, and no browser of theirs is known. who: id or address.

    Raises NotFound for nobody and for who has none; Conflict for oneself, by one's own key too: another owner looks who
    asks. Refused for an owner's with a key of which nobody knows whose it is: it may be theirs.
    """

    def work(connection: Connection) -> Person:
        found = person_store.by_email(connection, who.strip().lower()) if "@" in who else None
        person = found[0] if found is not None else person_store.known(connection, PersonId(who))

        def effect() -> Person:
            _demand_another(connection, person, act.actor)
            if not credential_store.forget_of(connection, person.id, "app", "passkey", "recovery"):
                raise NotFound("no_such_second_factor", "they have no second factor to take away", param="person")
            person_store.end_sessions_of(connection, person.id)
            attempt_store.forget_browsers(connection, person.id)
            ticket_store.forget_of(connection, person.id)
            news_store.tell(connection, news(person.id, "second_reset", act.at_us))
            return person

        return once(connection, act, "person.reset_second_factor", person.id, effect, Person)[0]

    return await database.write(work)


def _demand_another(connection: Connection, person: Person, actor: str) -> None:
    who = behind(connection, actor)
    if person.id in who.people:
        raise Conflict("own_account", "this is your own account; let another owner do it", param="person")
    if actor.startswith(KEY) and person.role == "owner" and not who.is_sure:
        message = "nobody knows whose this key is: sign in as another owner, or use the command on the machine itself"
        raise Refused("nobodys_key", message, param="person")
