"""The steps of closing a month, each alone, when another who closes it too comes between them."""

from __future__ import annotations

import asyncio

from tests.billing.months import (
    DEC_1,
    JAN_1,
    KIM,
    LEE,
    NOV_1,
    NOVEMBER,
    Teller,
    nothing_used,
    one_of_everything,
    system,
)
from tests.db.opened import Place
from tests.invoicing.drafts import DAY_US

from solvent.billing import close_store


def test_what_another_books_between_proof_and_end_is_in_what_is_kept(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            await database.write(lambda c: one_of_everything(c, KIM))
            await database.write(lambda c: close_store.begin(c, NOVEMBER, DEC_1 + DAY_US))
            made, _ = await database.read(lambda c: close_store.statements_after(c, NOVEMBER, "", "KRW", nothing_used))
            await database.write(lambda c: close_store.keep_statements(c, NOVEMBER, made))
            proof = await database.read(lambda c: close_store.prove(c, NOVEMBER))
            await database.write(lambda c: Teller(c).subscribe(LEE, 29_000, NOV_1, JAN_1, DEC_1 + DAY_US))
            await database.write(lambda c: close_store.recognise_some(c, NOVEMBER, " "))
            act = system(NOVEMBER, DEC_1 + DAY_US)
            closing = await database.write(lambda c: close_store.finish(c, NOVEMBER, proof, act))
            now = await database.read(lambda c: close_store.prove(c, NOVEMBER))
            assert now.accounts != proof.accounts
            assert (closing.accounts, closing.hash) == (now.accounts, now.hash)

    asyncio.run(live())
