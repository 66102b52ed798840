"""Ids are a prefix that says what the thing is, and a string that sorts by time of birth."""

from __future__ import annotations

from functools import lru_cache
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
    late, high, low = at_us & 0xFFFFF, entropy >> 30 & 0xFFFFF, entropy & 0x3FFFFFFF
    pairs = _PAIRS
    return (
        f"{_beginning(prefix, at_us >> 20 & 0x3FFFFFFF)}{pairs[late >> 10]}{pairs[late & 1023]}"
        f"{pairs[high >> 10]}{pairs[high & 1023]}{pairs[low >> 20]}{pairs[low >> 10 & 1023]}{pairs[low & 1023]}"
    )


@lru_cache(maxsize=64)
def _beginning(prefix: str, about_s: int) -> str:
    """What the ids of about a second share."""
    return f"{prefix}_{_PAIRS[about_s >> 20]}{_PAIRS[about_s >> 10 & 1023]}{_PAIRS[about_s & 1023]}"
