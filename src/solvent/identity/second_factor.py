"""A second factor: what a person is asked for after their password, such as a code of their authenticator app.

Recovery codes stand in for it where a phone is lost, each once. Nothing of it is shown after it was set up.
"""

from __future__ import annotations

from base64 import b32encode
from hashlib import sha256
from typing import Final, Literal

import msgspec

from solvent.identity.credential import Credential
from solvent.values.errors import Refused, Unauthenticated
from solvent.values.ids import PersonId

# By what somebody came in. What is no passkey is a first factor alone.
Way = Literal["password", "letter", "provider", "invitation", "passkey", "app", "recovery"]
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10  # of each: 80 bits, so that a plain digest can be kept
_GROUP: Final = 4


class Halfway(msgspec.Struct, frozen=True):
    """What is remembered of whoever has given the first factor alone. next: where they wanted to go."""

    by: Way
    next: str


def recovery_codes(random: bytes) -> list[str]:
    """Codes to write down, out of RECOVERY_CODES x RECOVERY_BYTES random bytes."""
    assert len(random) == RECOVERY_CODES * RECOVERY_BYTES
    return [_grouped(random[at : at + RECOVERY_BYTES]) for at in range(0, len(random), RECOVERY_BYTES)]


def recovery(person: PersonId, code: str, now_us: int) -> Credential:
    """A code as it is kept: its digest alone."""
    return Credential("recovery", recovery_known_as(person, code), person, "", "", 0, now_us)


def recovery_known_as(person: PersonId, code: str) -> str:
    """The digest a person's code is found by, however it was typed."""
    clean = clean_code(code).upper().replace("0", "O").replace("1", "I")
    return sha256(f"{person} {clean}".encode()).hexdigest()


def clean_code(text: str) -> str:
    """A code as it is compared: without what people put between its parts."""
    return "".join(character for character in text if character.isalnum())


def sealed_for(person: PersonId) -> str:
    """What the secret of somebody's app is sealed with: it is nobody else's."""
    return f"app/{person}"


def wrong_code() -> Unauthenticated:
    """The error for a code that is wrong, was used, or is too old: nobody learns which."""
    return Unauthenticated("wrong_code", "this code is wrong, was used, or is too old; take the one that is shown now")


def second_over() -> Refused:
    """The error for whoever has not given a first factor, or too long ago."""
    return Refused("second_step_over", "sign in again from the start: this step was done, or took too long")


def _grouped(raw: bytes) -> str:
    letters = b32encode(raw).decode()
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))
