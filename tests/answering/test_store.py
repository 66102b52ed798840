"""Receipts come back from the database as they were written, column by column."""

from __future__ import annotations

import asyncio
from functools import partial

from tests.answering.settling import sums_of
from tests.db.opened import Place

from solvent.answering import store
from solvent.answering.receipt import Receipt
from solvent.values.ids import AnswerId

TEXTS = {name for name, kind in Receipt.__annotations__.items() if kind not in ("int", int)}


def receipt(number: int) -> Receipt:
    """A receipt with a value of its own in every field."""
    values = {
        name: f"{name} {number} 한" if name in TEXTS else number * 1_000 + n
        for n, name in enumerate(Receipt.__struct_fields__)
    }
    return Receipt(**values | {"id": AnswerId(f"ans_{number:05d}")})  # type: ignore[arg-type]


def test_a_receipt_comes_back_whole(place: Place) -> None:
    async def run() -> None:
        rows = [receipt(n) for n in range(700)]
        async with place.opened() as database:
            await database.append([(store.append, row) for row in rows])
            assert await database.read(partial(store.receipt, id=AnswerId("ans_00031"))) == rows[31]
            assert await database.read(partial(store.receipt, id=AnswerId("ans_none"))) is None
            assert await database.read(partial(store.newest, count=5)) == rows[:-6:-1]

    asyncio.run(run())


def test_the_fields_are_the_columns_in_their_order() -> None:
    assert [column.name for column in store.receipts.columns] == list(Receipt.__struct_fields__)


def test_what_was_used_beside_words_is_summed_up() -> None:
    one = receipt(7)
    sums = sums_of(one)
    assert (sums.pictures, sums.characters) == (one.pictures, one.characters)
    assert sums.audio_input_ms == one.audio_input_ms > one.characters > one.pictures > 0
