"""Ids sort by birth, tell what they name, and never repeat."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.values.ids import ENTROPY_BITS, new_id
from solvent.values.instant import instant

# 50 bits of microseconds last from 2005 to 2041.
MOMENTS = st.integers(instant("2005-09-06", "from"), instant("2041-05-09", "until"))
ENTROPY = st.integers(0, 2**ENTROPY_BITS - 1)


@given(MOMENTS, MOMENTS, ENTROPY, ENTROPY)
@settings(deadline=None)
def test_ids_sort_as_they_were_born(a_us: int, b_us: int, a: int, b: int) -> None:
    assert (new_id("ans", a_us, a) < new_id("ans", b_us, b)) == ((a_us, a) < (b_us, b))


@given(MOMENTS, ENTROPY)
@settings(deadline=None)
def test_an_id_is_its_kind_and_twenty_safe_characters(at_us: int, entropy: int) -> None:
    kind, _, rest = new_id("cus", at_us, entropy).partition("_")
    assert kind == "cus"
    assert len(rest) == 20
    assert set(rest) <= set("0123456789abcdefghjkmnpqrstvwxyz")


def test_ids_of_one_microsecond_differ() -> None:
    random = Random(1)
    at_us = instant("2026-11-24", "at")
    ids = {new_id("ans", at_us, random.getrandbits(ENTROPY_BITS)) for _ in range(200_000)}
    assert len(ids) == 200_000


def test_too_much_entropy_never_spills_into_the_time() -> None:
    at_us = instant("2026-11-24", "at")
    assert new_id("ans", at_us, 2**80 - 1) == new_id("ans", at_us, 2**ENTROPY_BITS - 1)
