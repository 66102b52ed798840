"""Three minutes of steady load in front of an upstream in trouble; an hour of it is `bench/soak.py`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from bench.load.faulty import FATES
from bench.soak import is_sound, soak

SECONDS, RATE = 180, 40
GROWTH_MIB_MAX = 30  # what SQLite keeps of its pages, which is bounded, still grows for some minutes


@pytest.mark.slow
def test_three_minutes_of_trouble_leaves_no_hold_and_books_that_are_right(tmp_path: Path) -> None:
    found = asyncio.run(soak(tmp_path, SECONDS, RATE, seed=20261127))
    print(found)
    assert is_sound(found)
    assert found["told"]["acknowledged"] > 0.5 * SECONDS * RATE
    assert {"status 429", "status 502", "status 504", "broken", "left"} <= set(found["told"])
    assert found["resident_mib_end"] - found["resident_mib_warm"] < GROWTH_MIB_MAX


def test_most_questions_are_answered() -> None:
    assert sum(share for _, share in FATES) < 20
