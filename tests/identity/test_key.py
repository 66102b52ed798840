"""Keys: shown once, kept as digests, found in no text we make."""

from __future__ import annotations

import hashlib
from random import Random

import pytest

from solvent.identity.caller import Role
from solvent.identity.key import PREFIX, SECRET_BYTES, KeyRecord, digest, secret
from solvent.values.ids import CustomerId, KeyId


@pytest.mark.parametrize("role", ["customer", "operator"])
def test_a_secret_tells_what_it_opens_and_nothing_else(role: Role) -> None:
    made = secret(role, bytes(range(SECRET_BYTES)))
    assert made == PREFIX[role] + bytes(range(SECRET_BYTES)).hex()
    assert made.isascii()


def test_secrets_of_other_randomness_differ() -> None:
    random = Random(1)
    assert len({secret("customer", random.randbytes(SECRET_BYTES)) for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize("length", [0, 16, SECRET_BYTES - 1, SECRET_BYTES + 1])
def test_a_secret_of_less_randomness_is_a_defect(length: int) -> None:
    with pytest.raises(AssertionError):
        secret("customer", bytes(length))


@pytest.mark.parametrize("given", [b"", b"sk-solvent-", b"\xff\x00", b"x" * 100_000])
def test_a_digest_is_sha256_of_whatever_was_sent(given: bytes) -> None:
    assert digest(given) == hashlib.sha256(given).digest()


def test_a_record_holds_neither_the_secret_nor_a_way_back_to_it() -> None:
    made = secret("customer", Random(2).randbytes(SECRET_BYTES))
    record = KeyRecord(KeyId("key_1"), digest(made.encode()), "customer", CustomerId("cus_1"), made[-4:], 0)
    assert made not in repr(record)
    assert made[len(PREFIX["customer"]) : -4] not in repr(record)
