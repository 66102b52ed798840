"""Remove what a customer saved to pay with: nothing more is charged to it from then on, and its processor is told.

A charge that is under way ends as it ends; only then is the processor told.
"""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import payment_store
from solvent.billing.rails import Rails
from solvent.db.port import Connection, Database
from solvent.till.forget_method import forget_method
from solvent.values.errors import SolventError
from solvent.values.ids import CustomerId


async def remove_method(customer: CustomerId, id: str, rails: Rails, act: Act, database: Database) -> bool:
    """Returns whether the processor has forgotten it too; what it does not know yet, it is told by `resume_payments`.

    Raises NotFound where the customer has none of that id.
    """

    def work(connection: Connection) -> bool:
        def effect() -> str:
            saved = payment_store.method_to_charge(connection, customer, id or "-")
            removed = msgspec.structs.replace(saved, removed_us=act.at_us, look_us=act.at_us, looks=0)
            payment_store.set_method(connection, removed)
            return saved.id

        once(connection, act, "payment.remove_method", customer, effect, str)
        waiting = payment_store.methods_to_forget(connection, act.at_us, 1, id)
        return bool(waiting)

    if not await database.write(work):
        return False
    try:
        return await forget_method(id, rails, database, act.at_us)
    except SolventError:  # it is removed here; the sweep says what is wrong there, and asks again
        return False
