"""Open a customer: with their first key, on a plan, with what they are given, all at once or not at all."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing.proposal_store import Outcome
from solvent.db.port import Connection, Database
from solvent.identity.caller import Customer
from solvent.identity.key import Key, NewKey
from solvent.identity.store import known_customer
from solvent.office import store
from solvent.office.opening import Opening
from solvent.values.ids import CustomerId, new_id


class Opened(msgspec.Struct, frozen=True):
    """A customer, what may be told of their first key, and what became of their plan."""

    customer: Customer
    key: Key
    outcome: Outcome


async def open_customer(opening: Opening, act: Act, database: Database, entropy: int) -> tuple[Opened, bool]:
    """Returns the customer, and whether they are new. entropy: for the ids.

    Who pays by card and owes something for the plan has no plan until that is paid; see `billing.subscribe`.
    Raises Invalid for a bad name, plan, gift or number of seats, and what a coupon raises.
    """
    id = CustomerId(new_id("cus", act.at_us, entropy))

    def work(connection: Connection) -> tuple[Opened, bool]:
        def effect() -> Opened:
            outcome = store.open_customer(connection, id, opening, act.at_us)
            key = store.add_key(connection, NewKey("customer", id, opening.secret, entropy), act.at_us)
            return Opened(known_customer(connection, id), key, outcome)

        return once(connection, act, "customer.open", id, effect, Opened)

    return await database.write(work)
