"""Roll-ups on real SQLite: whatever the batches and their order, they are the sums of what was added."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import get_args

import pytest
from sqlalchemy import Connection

from solvent.db.engine import open_engine
from solvent.margin import store
from solvent.margin.line import KeptBy, MarginKey, MarginSums, total
from solvent.margin.store import Folded

FIELDS = MarginSums.__struct_fields__
Added = list[tuple[MarginKey, MarginSums]]


def some_lines(random: Random, count: int) -> Added:
    def line() -> tuple[MarginKey, MarginSums]:
        key = MarginKey(random.randrange(20_000, 20_004), f"cus_{random.randrange(4)}", random.choice(["free", "pro"]),
                        random.choice(["한국어", "a'b", "m"]))  # fmt: skip
        return key, MarginSums(*(random.randrange(10**9) for _ in FIELDS))

    return [line() for _ in range(count)]


def found(connection: Connection, group: KeptBy, from_day: int = 0) -> dict[str, list[int]]:
    return {
        line.name: [getattr(line.sums, field) for field in FIELDS]
        for line in store.lines(Folded(connection), group, from_day, "KRW")
    }


def expected(added: Added, group: str, from_day: int = 0) -> dict[str, list[int]]:
    sums: dict[str, list[int]] = {}
    for key, line in added:
        if key.day >= from_day:
            row = sums.setdefault(str(getattr(key, group)), [0] * len(FIELDS))
            for n, field in enumerate(FIELDS):
                row[n] += getattr(line, field)
    return sums


@pytest.mark.parametrize("seed", range(8))
def test_roll_ups_are_the_sums_in_any_batches_and_any_order(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    added = some_lines(random, 300)
    engine = open_engine(tmp_path)
    left = random.sample(added, len(added))
    with engine.connect() as connection:
        while left:
            size = random.choice([1, 2, 17, 64, 120])
            with connection.begin():
                store.add(connection, left[:size])
            left = left[size:]
        for group in get_args(KeptBy):
            for from_day in (0, 20_002, 20_004):
                assert found(connection, group, from_day) == expected(added, group, from_day)
            lines = store.lines(Folded(connection), group, 0, "KRW")
            assert [line.name for line in lines] == sorted(line.name for line in lines)
            whole = MarginSums()
            for _, line in added:
                whole.add(line)
            assert total(lines, "KRW").sums == whole
    engine.dispose()


def test_adding_leaves_the_lines_that_were_given_as_they_were(tmp_path: Path) -> None:
    key = MarginKey(1, "c", "p", "m")
    one, two = MarginSums(answers=1, charge_grains=5), MarginSums(answers=1, charge_grains=7)
    engine = open_engine(tmp_path)
    with engine.connect() as connection, connection.begin():
        store.add(connection, [(key, one), (key, two)])
        assert found(connection, "model")["m"][FIELDS.index("charge_grains")] == 12
    assert (one.charge_grains, two.charge_grains) == (5, 7)
    engine.dispose()
