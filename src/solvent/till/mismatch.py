"""A mismatch: what a processor says that does not agree with its order. A person must look at the processor's page."""

from __future__ import annotations

from solvent.audit.alarm import Alarm, alarm


def mismatch(rail: str, order: str, why: str, at_us: int) -> Alarm:
    """Raised once for what does not agree, however often it is told. order: "" where it names none."""
    return alarm("payment_mismatch", order or rail, why, at_us, rail=rail, order=order, why=why)
