"""Everybody's profile follows the configuration, dated, and does not undo what an operator has set since."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from sqlalchemy import Connection
from tests.billing.months import Teller
from tests.db.opened import Place

from solvent.app.config import InvoiceSettings
from solvent.app.default_profile import keep_default_profile
from solvent.identity.caller import Customer
from solvent.identity.store import add_customer
from solvent.invoicing import store
from solvent.invoicing.profile import EVERYBODY, Profile
from solvent.invoicing.tax import Tax
from solvent.ledger.account import wallet
from solvent.values.errors import Conflict
from solvent.values.ids import CustomerId

KIM = CustomerId("cus_kim")
INSIDE, ADDED = InvoiceSettings(), InvoiceSettings(tax="exclusive", tax_permille=190, tax_currency="EUR")


def test_settings_are_in_force_from_the_start_and_changes_from_when_they_are_read(place: Place) -> None:
    def story(connection: Connection) -> None:
        keep_default_profile(connection, ADDED, "KRW", 100)
        assert store.profile_at(connection, KIM, 0).tax == Tax("exclusive", 190)
        keep_default_profile(connection, INSIDE, "KRW", 200)
        keep_default_profile(connection, INSIDE, "KRW", 300)
        assert store.profile_at(connection, KIM, 199).vat_currency == "EUR"
        assert store.profile_at(connection, KIM, 200).tax == Tax("inclusive", 100)
        by_hand = Profile(customer=EVERYBODY, since_us=400, tax=Tax("none", 0))
        store.set_profile(connection, by_hand)
        keep_default_profile(connection, INSIDE, "KRW", 500)
        assert store.profile_at(connection, KIM, 500) == msgspec.structs.replace(by_hand, customer=KIM)

    async def live() -> None:
        async with place.opened() as database:
            await database.write(story)

    asyncio.run(live())


def test_settings_that_would_tax_a_wallet_otherwise_are_refused_at_the_start(place: Place) -> None:
    def story(connection: Connection) -> None:
        keep_default_profile(connection, INSIDE, "KRW", 100)
        add_customer(connection, Customer(KIM, "Kim", "", 0))
        Teller(connection).book("cash:bank", wallet(KIM), 10**7, 150)
        with pytest.raises(Conflict, match="has 1 KRW") as refused:
            keep_default_profile(connection, InvoiceSettings(tax="exclusive"), "KRW", 200)
        assert refused.value.code == "tax_in_use"
        keep_default_profile(connection, INSIDE, "KRW", 300)  # put back, it starts

    async def live() -> None:
        async with place.opened() as database:
            await database.write(story)

    asyncio.run(live())
