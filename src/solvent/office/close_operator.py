"""Close the account of somebody who helped to run the place: every session of theirs ends."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, credential_store, news_store, person_store, ticket_store
from solvent.identity.caller import OPERATOR_ROLES
from solvent.identity.person import Person
from solvent.office.behind_store import behind
from solvent.values.errors import Conflict, NotFound
from solvent.values.ids import PersonId


async def close_operator(id: PersonId, act: Act, database: Database) -> Person:
    """Returns who it was. Raises NotFound for nobody, or a customer's person; Conflict for oneself, by one's own key
    too.
    """

    def work(connection: Connection) -> Person:
        def effect() -> Person:
            person = person_store.known(connection, id)
            if person.role not in OPERATOR_ROLES:
                raise NotFound("no_such_person", f"there is no operator {id[:60]!r}", param="person")
            if person.id in behind(connection, act.actor).people:
                message = "this is your own account; let another owner close it"
                raise Conflict("own_account", message, param="person")
            person_store.change(connection, id, closed_us=act.at_us, password="")
            person_store.end_sessions_of(connection, id)
            attempt_store.forget_person(connection, id, person.email)
            ticket_store.forget_of(connection, id)
            credential_store.forget_of(connection, id)
            news_store.forget_of(connection, id)
            return person

        return once(connection, act, "person.close", id, effect, Person)[0]

    return await database.write(work)
