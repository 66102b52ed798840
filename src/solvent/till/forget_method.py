"""Tell a processor to forget what a customer removed. Until it has, it is asked again, ever more rarely."""

from __future__ import annotations

import msgspec

from solvent.billing import payment_store
from solvent.billing.order import next_look
from solvent.billing.payment_store import SavedMethod
from solvent.billing.rails import Rails
from solvent.db.port import Connection, Database
from solvent.values.limits import METHOD_FORGET_LOOKS_MAX


async def forget_method(id: str, rails: Rails, database: Database, now_us: int) -> bool:
    """Returns whether the processor has forgotten it, now or before. What is good is left alone.

    Raises NotFound for an unknown method or rail, and Unavailable when nobody can know now.
    """
    saved = await database.write(lambda connection: _postpone(connection, id, now_us))
    if not saved.removed_us or saved.forgotten_us:
        return bool(saved.forgotten_us)
    await rails.processor(saved.rail).forget(saved.method)

    def done(connection: Connection) -> bool:
        known = payment_store.method_by_id(connection, id)
        if known.removed_us == saved.removed_us:  # else it was saved anew meanwhile
            payment_store.set_method(connection, msgspec.structs.replace(known, forgotten_us=now_us, look_us=0))
        return True

    return await database.write(done)


def _postpone(connection: Connection, id: str, now_us: int) -> SavedMethod:
    """Before the network: should this process die there, it is asked again all the same."""
    saved = payment_store.method_by_id(connection, id)
    if saved.look_us:
        gives_up = saved.looks + 1 >= METHOD_FORGET_LOOKS_MAX
        look_us = 0 if gives_up else next_look(saved.looks, now_us)
        saved = msgspec.structs.replace(saved, look_us=look_us, looks=saved.looks + 1)
        payment_store.set_method(connection, saved)
    return saved
