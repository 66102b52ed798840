"""An act: somebody asks for a change, under a key that makes a repetition harmless."""

from __future__ import annotations

from hashlib import sha256

import msgspec

SYSTEM = "system"


class Act(msgspec.Struct, frozen=True):
    """One request for a change.

    actor: the key id of whoever asks, or SYSTEM for a job.
    key: the request's Idempotency-Key, or the step of a job; unique with the actor.
    fingerprint: of what is asked; the same key with another fingerprint is refused.
    at_us: when it is asked.
    """

    actor: str
    key: str
    fingerprint: str
    at_us: int


class Change(msgspec.Struct, frozen=True):
    """An act that had its effect. Its fields are the columns of `changes`, in their order.

    action: what was done, such as "customer.add". subject: to whom. result: what came of it, as JSON.
    """

    id: str
    at_us: int
    actor: str
    key: str
    action: str
    subject: str
    fingerprint: str
    result: bytes


def by_system(step: str, at_us: int) -> Act:
    """An act of a job: `step` names what must happen once, such as "renew/sub_1/1767225600000000"."""
    return Act(SYSTEM, step, "", at_us)


def fingerprint(*parts: object) -> str:
    """Tells two requests apart: the SHA-256 of their parts' texts."""
    return sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
