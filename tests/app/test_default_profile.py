"""Everybody's profile follows the configuration, dated, and does not undo what an operator has set since."""

from __future__ import annotations

import asyncio

import msgspec
from sqlalchemy import Connection
from tests.db.opened import Place

from solvent.app.config import InvoiceSettings
from solvent.app.default_profile import keep_default_profile
from solvent.invoicing import store
from solvent.invoicing.profile import EVERYBODY, Profile
from solvent.invoicing.tax import Tax
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
