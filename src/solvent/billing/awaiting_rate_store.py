"""What a customer used on account in closed months and no invoice asks for yet, since no rate is known for its VAT."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from solvent.billing.close_store import next_to_close
from solvent.billing.usage_invoice_store import waiting_of
from solvent.billing.vat_rate_store import needs_rate, vat_rate
from solvent.invoicing.store import profile_at
from solvent.ledger.account import unbilled
from solvent.ledger.store import DEFAULT_TIME_ZONE, TIME_ZONE, mark
from solvent.values.ids import CustomerId
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money
from solvent.values.period import month_number, start_of_month, zone


class Awaiting(msgspec.Struct, frozen=True):
    """until_us: the end of the last month that is closed. vat_currency: in which its VAT is owed."""

    amount: Money
    until_us: int
    vat_currency: str


def awaiting_rate(connection: Connection, customer: CustomerId) -> list[Awaiting]:
    """By currency; [] for nothing, or less than anybody is asked for."""
    turn = next_to_close(connection)
    if turn is None:
        return []
    in_zone = zone(mark(connection, TIME_ZONE) or DEFAULT_TIME_ZONE)
    end_us = start_of_month(turn, in_zone)
    profile = profile_at(connection, customer, end_us - 1)
    waiting = waiting_of(connection, month_number(end_us - 1, in_zone), [unbilled(customer)])
    return [
        Awaiting(Money(grains, currency), end_us - 1, profile.vat_currency)
        for (_, currency), grains in waiting.items()
        if grains >= GRAINS_PER_MINOR_UNIT
        and needs_rate(profile, currency)
        and vat_rate(connection, profile, currency, end_us - 1) is None
    ]
