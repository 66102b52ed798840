"""A question that carries an `Idempotency-Key`: whoever of several processes claims it first answers it."""

from __future__ import annotations

import msgspec

from solvent.values.ids import AnswerId, KeyId


class Claim(msgspec.Struct, frozen=True):
    """One process's claim to answer. Its fields are the first columns of `repeats`, in their order.

    key: of whoever asks. given: what they sent as Idempotency-Key. fingerprint: of path and body.
    holder: the process. answer: the id that the answer will have.
    """

    key: KeyId
    given: str
    fingerprint: bytes
    holder: str
    answer: AnswerId
    asked_us: int


class Known(msgspec.Struct, frozen=True):
    """What is on the books of such a question. told: the whole response; None where it is too long to be kept."""

    claim: Claim
    is_told: bool
    told: bytes | None
