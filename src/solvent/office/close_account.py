"""Close one's account: nothing of it opens anything any more, and what need not be kept of the person is removed.

What was booked stays, with the documents and whom they were made out to, as tax law asks. The last person of a customer
closes the customer too: keys are revoked and the plan ends.
"""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, credential_store, news_store, person_store, ticket_store
from solvent.identity.person import Person
from solvent.office.change_customer import CustomerChange, change_customer

CLOSED_NAME = "closed account"


async def close_account(person: Person, act: Act, database: Database) -> bool:
    """Returns whether the customer was closed with it. Whoever asks has proved who they are."""
    assert person.customer is not None, "operators are no customers"
    customer = person.customer
    others = await database.read(lambda connection: person_store.of_customer(connection, customer))
    is_last = not any(one.id != person.id and not one.closed_us for one in others)
    if is_last:
        await change_customer(customer, CustomerChange(name=CLOSED_NAME, state="closed"), act, database)
    second = Act(act.actor, f"{act.key}/person", act.fingerprint, act.at_us)

    def work(connection: Connection) -> bool:
        def effect() -> bool:
            attempt_store.forget_person(connection, person.id, person.email)
            ticket_store.forget_of(connection, person.id)
            credential_store.forget_of(connection, person.id)
            news_store.forget_of(connection, person.id)
            person_store.change(
                connection, person.id, email=f"closed:{person.id}", name=CLOSED_NAME, language="", password="",
                closed_us=act.at_us,
            )  # fmt: skip
            person_store.end_sessions_of(connection, person.id)
            return is_last

        closed, _ = once(connection, second, "person.close", person.id, effect, bool)
        return closed

    return await database.write(work)
