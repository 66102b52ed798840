"""Answers of a provider on the books, as the tests of bills need them."""

from __future__ import annotations

from itertools import count

import msgspec
from tests.answering.test_store import receipt

from solvent.answering import store as receipt_store
from solvent.db.port import Connection
from solvent.ledger import store as ledger_store
from solvent.ledger.account import api_cost, api_payable
from solvent.ledger.transfer import posting
from solvent.values.ids import AnswerId, TransferId, new_id
from solvent.values.money import Money, money
from solvent.values.period import start_of_day, zone

UTC = zone("UTC")
_numbers = count()


def answered(
    connection: Connection, day: int, upstream: str, cost: str, second: int = 0, currency: str = "USD"
) -> AnswerId:
    """One answer of openai's that was asked on a day of UTC; what it cost, in whole units."""
    asked_us = start_of_day(day, UTC) + second * 10**6
    id = AnswerId(new_id("ans", asked_us, next(_numbers)))
    one = msgspec.structs.replace(
        receipt(1), id=id, at_us=asked_us + 5, provider="openai", upstream=upstream, model=f"our-{upstream}",
        currency="KRW", provider_currency=currency, cost_parts="", outcome="answered", fault="", finish="stop",
        exchange="", source="", tries="", guards="", alarms="", usage_report="", attribution="", service="",
    )  # fmt: skip
    receipt_store.append(connection, [one])
    row = TransferId(f"{id}.cost")
    moved = posting(row, asked_us + 5, api_cost("openai"), api_payable("openai"), money(cost, currency), id)
    ledger_store.append(connection, [moved])
    return id


def usd(amount: str) -> Money:
    return money(amount, "USD")
