"""Set a budget of one key, user, customer or plan, in place of what the plan says; or take it away again."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import budget_store
from solvent.billing.limits import Override, demand_override, scope_as_kept
from solvent.db.port import Connection, Database
from solvent.identity.store import known_key
from solvent.ledger.call_in_leases import call_in_leases
from solvent.ledger.pot_store import touch_customers
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId, KeyId


async def set_budget(
    override: Override, customer: CustomerId, act: Act, database: Database, *, is_removed: bool = False
) -> tuple[Override, bool]:
    """customer: whose it is; "" for a whole plan's. What is used already stays used: only what is left changes.

    is_removed: from its next day, month or period on, the plan's own budget holds again.
    Returns the budget, and whether this is new. Raises Invalid naming the field, and NotFound for a key that is not
    theirs.
    """
    override = msgspec.structs.replace(override, scope=scope_as_kept(override.scope))
    demand_override(override, customer)

    def work(connection: Connection) -> tuple[Override, bool]:
        def effect() -> Override:
            _demand_own_key(connection, override, customer)
            if is_removed:
                budget_store.remove(connection, override.scope, override.every, override.unit)
            else:
                budget_store.put(connection, override)
                budget_store.refill(connection, override, act.at_us)
            touch_customers(connection, [customer])
            return override

        return once(connection, act, "budget.set", override.scope, effect, Override)

    if not is_removed:  # or what processes lease could be used beside a budget that is lowered
        for pot in await database.read(lambda connection: budget_store.pots_in_use(connection, override, act.at_us)):
            await call_in_leases(pot.account, pot.unit, database)
    return await database.write(work)


def _demand_own_key(connection: Connection, override: Override, customer: CustomerId) -> None:
    kind, _, id = override.scope.partition(":")
    if kind == "key" and known_key(connection, KeyId(id), of_operators=False).customer != customer:
        raise NotFound("no_such_key", f"there is no key {id[:60]!r} of this customer", param="scope")
