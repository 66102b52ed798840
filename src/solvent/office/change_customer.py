"""Change a customer: another name, suspended or not, or closed for good, with every key, the plan and saved cards."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import begin_store, pack_store, payment_store, proposal_store, subscription_store
from solvent.db.port import Connection, Database
from solvent.identity import store as identity_store
from solvent.identity.caller import Customer, LogWish, State
from solvent.identity.key import clean_name
from solvent.office.store import touch_callers
from solvent.values.errors import Conflict
from solvent.values.ids import CustomerId


class CustomerChange(msgspec.Struct, frozen=True):
    """What is to be different; None for what stays."""

    name: str | None = None
    state: State | None = None
    request_log: LogWish | None = None


async def change_customer(
    id: CustomerId, change: CustomerChange, act: Act, database: Database
) -> tuple[Customer, bool]:
    """Returns the customer as they are then, and whether this act changed them.

    Raises NotFound, Invalid for a bad name, and Conflict for one that is closed: that is for good.
    """

    def work(connection: Connection) -> tuple[Customer, bool]:
        def effect() -> Customer:
            customer = identity_store.known_customer(connection, id)
            if customer.state == "closed" and change.state != "closed":
                raise Conflict("customer_closed", f"{id} is closed for good; open a new customer", param="customer")
            columns: dict[str, str] = {}
            if change.name is not None:
                columns["name"] = clean_name(change.name, "a customer's name")
            if change.state is not None:
                columns["state"] = change.state
            if change.request_log is not None:
                columns["request_log"] = change.request_log
            if columns:
                identity_store.change_customer(connection, id, **columns)
            if change.state == "closed":
                _end(connection, id, act.at_us)
            touch_callers(connection)
            return identity_store.known_customer(connection, id)

        action = f"customer.{change.state or ('request_log' if change.request_log else 'rename')}"
        return once(connection, act, action, id, effect, Customer)

    return await database.write(work)


def _end(connection: Connection, id: CustomerId, now_us: int) -> None:
    """No key opens anything any more, no plan or pack begins, goes on or is paid for, and nothing saved is charged."""
    identity_store.revoke_keys_of(connection, id, now_us)
    payment_store.remove_methods(connection, id, now_us)
    for asked in subscription_store.history(connection, id):
        proposal_store.give_up_waiting(connection, asked.id, now_us)
    for pack in pack_store.of_customer(connection, id):
        pack_store.give_up_waiting(connection, pack.id)
    current = subscription_store.current(connection, id)
    if current is not None:
        begin_store.close(connection, current, now_us, now_us)
        begin_store.note_plans(connection, {id: ""})
