"""Forget a kept run, papers and all; plans that were adopted from it stay."""

from __future__ import annotations

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.simulation import kept_run_store as store


async def forget_run(name: str, act: Act, database: Database) -> tuple[str, bool]:
    """The name, and whether this is new. Raises NotFound for none."""

    def work(connection: Connection) -> tuple[str, bool]:
        def effect() -> str:
            store.run_by_name(connection, name)
            store.remove_run(connection, name)
            return name

        return once(connection, act, "simulation.remove", name, effect, str)

    return await database.write(work)
