"""How customers are taxed who have no profile of their own: as the configuration says, from when it says so."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection

from solvent.app.config import InvoiceSettings
from solvent.audit.act import fingerprint
from solvent.billing.tax_change_store import demand_tax_can_change
from solvent.billing.vat_rate_store import demand_vat_rate
from solvent.invoicing import store
from solvent.invoicing.profile import EVERYBODY, Profile, check_profile
from solvent.invoicing.tax import Tax
from solvent.ledger.store import mark, set_mark

KEPT: Final = "default_profile"  # the mark of the settings that were taken over last


def default_profile(settings: InvoiceSettings, currency: str) -> Profile:
    """The profile of everybody. currency: what is sold in. Raises Invalid for what cannot be."""
    return check_profile(
        Profile(
            customer=EVERYBODY,
            country=settings.country,
            language=settings.language,
            tax=Tax(settings.tax, settings.tax_permille),
            vat_currency=settings.tax_currency or currency,
        )
    )


def keep_default_profile(connection: Connection, settings: InvoiceSettings, currency: str, now_us: int) -> None:
    """Take the settings over when they have changed: at first for all time, later from now on.

    What an operator has set since through the API stays, until the configuration says something new.
    Raises Invalid when VAT is owed in a currency that no rate is known to, and Conflict when what customers have in
    their wallets, or used this month, would be taxed twice or not at all.
    """
    profile = default_profile(settings, currency)
    said = fingerprint(msgspec.json.encode(profile).decode())
    kept = mark(connection, KEPT)
    if said == kept:
        return
    demand_vat_rate(connection, profile, now_us)
    demand_tax_can_change(connection, profile, now_us)
    store.set_profile(connection, msgspec.structs.replace(profile, since_us=now_us if kept else 0))
    set_mark(connection, KEPT, said)
