"""A passkey: a key pair in somebody's phone or computer, which signs a challenge of ours after they unlocked it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from solvent.identity.credential import Credential
from solvent.values.errors import Refused


class Made(msgspec.Struct, frozen=True):
    """A new one. known_as: its id. key: its public key. counter: how often it has signed, as far as it tells."""

    known_as: str
    key: str
    counter: int


class Signed(msgspec.Struct, frozen=True):
    """What a browser sent of a passkey, not checked yet. known_as: its id. challenge: what it says that it signed.

    person: whose it says that it is. said: the whole of it, for whoever checks.
    """

    known_as: str
    challenge: str
    person: str
    said: bytes


# Checks a new one against the challenge, or a signature against the one that is kept; the latter's new counter.
CheckNew = Callable[[Signed], Awaitable[Made]]
CheckSigned = Callable[[Signed, Credential], Awaitable[int]]


def passkey_wrong() -> Refused:
    """The error for a passkey that is not known, or did not sign what it was asked to: nobody learns which."""
    return Refused("passkey_wrong", "this passkey opens nothing here; try again, or sign in another way")
