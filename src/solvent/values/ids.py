"""Ids are a prefix that says what the thing is, and a string that sorts by time of birth."""

from __future__ import annotations

from typing import NewType

AnswerId = NewType("AnswerId", str)
ConversationId = NewType("ConversationId", str)
CustomerId = NewType("CustomerId", str)
KeyId = NewType("KeyId", str)
PersonId = NewType("PersonId", str)
TransferId = NewType("TransferId", str)
TurnId = NewType("TurnId", str)

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_PAIRS = [a + b for a in _DIGITS for b in _DIGITS]
ENTROPY_BITS = 50


def new_id(prefix: str, at_us: int, entropy: int) -> str:
    """`prefix_`, then 10 characters of microseconds (they wrap in 2041), then 10 of entropy.

    entropy: ENTROPY_BITS random bits, given by the caller so that simulations repeat.
    """
    n = (at_us & 0x3FFFFFFFFFFFF) << ENTROPY_BITS | (entropy & 0x3FFFFFFFFFFFF)
    pairs = _PAIRS
    return (
        f"{prefix}_{pairs[n >> 90]}{pairs[n >> 80 & 1023]}{pairs[n >> 70 & 1023]}{pairs[n >> 60 & 1023]}"
        f"{pairs[n >> 50 & 1023]}{pairs[n >> 40 & 1023]}{pairs[n >> 30 & 1023]}{pairs[n >> 20 & 1023]}"
        f"{pairs[n >> 10 & 1023]}{pairs[n & 1023]}"
    )
