"""A ticket: something that may be done once and soon, by whoever holds its token. The books have only its digest.

A letter's link is one, and so is what remembers a sign-in that has not come to its end.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.identity.caller import digest
from solvent.values.errors import Refused
from solvent.values.ids import PersonId
from solvent.values.instant import MINUTE_US

# enter: sign in by a letter. reset: choose another password. confirm: the address is theirs.
Letter = Literal["enter", "reset", "confirm"]
# identify: somebody is at an identity provider, and comes back. second: they have given the first factor, and are asked
# for the second. app: they set up an authenticator app. passkey, new_passkey: what one is to sign.
Purpose = Letter | Literal["identify", "second", "app", "passkey", "new_passkey"]
TICKET_US: Final = 15 * MINUTE_US
CHALLENGE_US: Final = 5 * MINUTE_US


class Ticket(msgspec.Struct, frozen=True):
    """Its fields are the columns of `tickets`. digest: of the token. person: whose; "" where that is not known yet.

    browser: digest of the cookie of the browser that asked. about: what else must be remembered, as its purpose says.
    """

    digest: bytes
    purpose: Purpose
    person: PersonId
    browser: bytes
    about: str
    until_us: int


def ticket(
    token: str, purpose: Purpose, browser: str, now_us: int, *, person: PersonId = PersonId(""), about: str = "",  # noqa: B008
    good_us: int = TICKET_US,
) -> Ticket:  # fmt: skip
    """A new one. token: which nobody has seen. browser: the asking browser's cookie. good_us: for how long."""
    return Ticket(digest(token.encode()), purpose, person, digest(browser.encode()), about, now_us + good_us)


def ticket_over() -> Refused:
    """The error for a ticket that was used, ran out, or never was: nobody learns which."""
    return Refused("link_over", "this link was used, or is too old; ask for a new one")
