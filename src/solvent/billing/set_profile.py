"""Set whom a customer's documents are made out to and how they are taxed, from now on."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.invoicing import store
from solvent.invoicing.profile import Profile, check_profile


async def set_profile(profile: Profile, database: Database, act: Act) -> Profile:
    """profile: its `since_us` is ignored. Documents that are issued already stay as they are.

    Raises Invalid naming the field. One that is in force already changes nothing.
    """
    checked = msgspec.structs.replace(check_profile(profile), since_us=act.at_us)

    def work(connection: Connection) -> Profile:
        def effect() -> Profile:
            now = store.profile_at(connection, checked.customer, act.at_us)
            if msgspec.structs.replace(now, since_us=act.at_us) == checked and now.since_us:
                return now
            store.set_profile(connection, checked)
            return checked

        return once(connection, act, "profile.set", checked.customer, effect, Profile)[0]

    return await database.write(work)
