"""The dated rate from what is sold in to what VAT is owed in: every document finds its own, in the books."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from solvent.invoicing.invoice import DatedRate
from solvent.invoicing.profile import Profile
from solvent.ledger.store import mark
from solvent.pricing.exchange_store import rate_at
from solvent.values.errors import Invalid

CURRENCY = "currency"  # the mark of what the books are kept in
_UNTAXED = ("reverse_charge", "none")


def needs_rate(profile: Profile, currency: str) -> bool:
    """Whether VAT on a document in a currency is owed in another."""
    return profile.vat_currency != currency and profile.tax.treatment not in _UNTAXED and profile.tax.rate_permille > 0


def vat_rate(connection: Connection, profile: Profile, currency: str, at_us: int) -> DatedRate | None:
    """The rate of the day of supply; None where none is needed, or known."""
    if not needs_rate(profile, currency):
        return None
    found = rate_at(connection, currency, profile.vat_currency, at_us)
    if found is None:
        return None
    return msgspec.convert({name: getattr(found, name) for name in DatedRate.__struct_fields__}, DatedRate)


def demand_vat_rate(connection: Connection, profile: Profile, at_us: int) -> None:
    """Raises Invalid for a profile whose documents could not be made out: better now than when all are renewed."""
    currency = mark(connection, CURRENCY)
    if currency and needs_rate(profile, currency) and vat_rate(connection, profile, currency, at_us) is None:
        message = (
            f"vat_currency: VAT would be owed in {profile.vat_currency} on documents in {currency}, and no exchange "
            f"rate is known: add one under [[exchanges]], base = {currency!r}, quote = {profile.vat_currency!r}"
        )
        raise Invalid("exchange_needed", message, param="vat_currency")
