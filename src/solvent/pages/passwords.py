"""Passwords' digests by Argon2id, in threads: each takes tens of milliseconds of a core, on purpose."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

# OWASP's password storage cheat sheet (2026): Argon2id with 19 MiB, 2 passes, 1 lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE = asyncio.Semaphore(4)  # so that many who sign in do not take all threads and memory


async def digest_of(password: str) -> str:
    """What is kept of a password."""
    async with _AT_ONCE:
        return await asyncio.to_thread(_HASHER.hash, password)


async def verify(password: str, kept: str) -> bool:
    """Whether a password is the one that is kept; kept "" takes as long and is never right."""
    async with _AT_ONCE:
        return await asyncio.to_thread(_verify, password, kept)


def _verify(password: str, kept: str) -> bool:
    try:
        is_right = _HASHER.verify(kept or _nobodys(), password)
    except (Argon2Error, InvalidHashError):
        return False
    return is_right and bool(kept)


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this password")
