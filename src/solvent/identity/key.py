"""Secret keys: we keep only their SHA-256, so a stolen database opens nothing."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from solvent.identity.caller import Role
from solvent.values.ids import CustomerId, KeyId

PREFIX = {"customer": "sk-solvent-", "operator": "op-solvent-"}
SECRET_BYTES = 24


class KeyRecord(msgspec.Struct, frozen=True):
    """One key as it is stored. `hint` is its last four characters, to tell keys apart in lists."""

    id: KeyId
    digest: bytes
    role: Role
    customer: CustomerId | None
    hint: str
    created_us: int


def secret(role: Role, entropy: bytes) -> str:
    """The key a person is given, once."""
    assert len(entropy) == SECRET_BYTES, "a secret is made of SECRET_BYTES random bytes"
    return PREFIX[role] + entropy.hex()


def digest(given: bytes) -> bytes:
    """What we store and look up. 192 random bits need no slow hash: there is nothing to guess."""
    return sha256(given).digest()
