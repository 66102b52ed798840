"""A session: from signing in to signing out. The browser holds a secret token, the books only its digest."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec

from solvent.identity.caller import digest
from solvent.values.ids import KeyId, PersonId
from solvent.values.instant import DAY_US

TOKEN_BYTES: Final = 24
SESSION_US: Final = 30 * DAY_US  # since it was last used
SEEN_US: Final = DAY_US  # a session's use is written down this seldom


class Session(msgspec.Struct, frozen=True):
    """Who is signed in: a person, or whoever holds an operator's key. Its fields are the columns of `sessions`.

    digest: of the token. person, key: one of them, and "" for the other. seen_us: when it was used, to a day.
    """

    digest: bytes
    person: PersonId
    key: KeyId
    created_us: int
    seen_us: int

    def is_good(self, now_us: int) -> bool:
        """Whether it has not run out."""
        return now_us < self.seen_us + SESSION_US


def begin(token: str, now_us: int, *, person: PersonId = PersonId(""), key: KeyId = KeyId("")) -> Session:  # noqa: B008
    """A session under a new token, which nobody else has seen."""
    assert bool(person) != bool(key), "a session is somebody's"
    return Session(digest(token.encode()), person, key, now_us, now_us)


def form_token(token: str) -> str:
    """What every form of a session carries, so that no other site's form passes for one of ours (CSRF).

    Whoever knows it does not know the token.
    """
    return sha256(b"form:" + token.encode()).hexdigest()[:40]
