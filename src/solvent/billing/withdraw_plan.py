"""Take a plan off sale: nobody new is taken on it, and who is on it stays."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import plan_store
from solvent.db.port import Connection, Database


async def withdraw_plan(name: str, act: Act, database: Database) -> tuple[str, bool]:
    """Returns the plan's name, and whether this is new. Raises Invalid when it is not on sale.

    Publishing it again puts it back.
    """

    def work(connection: Connection) -> tuple[str, bool]:
        def effect() -> str:
            plan_store.demand_on_sale(connection, name)
            plan_store.set_withdrawn(connection, name, act.at_us)
            return name

        return once(connection, act, "plan.withdraw", name, effect, str)

    return await database.write(work)
