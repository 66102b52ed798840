"""Change whom a customer's documents are made out to, and how they are taxed: from now on."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing.tax_change_store import demand_tax_can_change
from solvent.billing.vat_rate_store import demand_vat_rate
from solvent.db.port import Connection, Database
from solvent.identity.store import known_customer
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.profile import EVERYBODY, Profile, check_profile


async def change_profile(profile: Profile, act: Act, database: Database) -> tuple[Profile, bool]:
    """The customer EVERYBODY stands for all that have none of their own. It is in force from the act on.

    Documents that were issued keep the profile of their day. Returns it in its plain form, and whether it is new.
    Raises NotFound for an unknown customer, Invalid naming the field, and Conflict for another VAT treatment while the
    wallet has money, or after something was used this month: that would be taxed twice, or not at all.
    """
    clean = msgspec.structs.replace(check_profile(profile), since_us=act.at_us)

    def work(connection: Connection) -> tuple[Profile, bool]:
        def effect() -> Profile:
            if clean.customer != EVERYBODY:
                known_customer(connection, clean.customer)
            demand_vat_rate(connection, clean, act.at_us)
            demand_tax_can_change(connection, clean, act.at_us)
            invoicing_store.set_profile(connection, clean)
            return clean

        return once(connection, act, "profile.change", clean.customer or "everybody", effect, Profile)

    return await database.write(work)
