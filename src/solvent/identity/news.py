"""News: what a person is told by letter though they did not ask, such as that their password was changed.

Nothing secret is in it, nor anything that somebody else wrote.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

import msgspec

from solvent.identity.person import Person
from solvent.values.ids import PersonId
from solvent.values.instant import US_PER_S
from solvent.values.limits import NEWS_STALE_S
from solvent.values.period import month_number

# Of how one signs in. reset: another password by a letter. second_reset: an owner took every second factor away.
# new_browser: somebody signed in with one that was not known.
AboutAccess = Literal[
    "app_added", "app_removed", "passkey_added", "passkey_removed", "recovery_renewed", "password_changed", "reset",
    "second_reset", "linked", "unlinked", "new_browser",
]  # fmt: skip
# Of a limit that was set on what a customer spends.
AboutSpending = Literal["spending_near", "spending_reached"]
Kind = AboutAccess | AboutSpending
DONE_US: Final = 2**62  # when what was sent, or given up, is tried again


class News(msgspec.Struct, frozen=True):
    """Its fields are the columns of `news`. id: of what it is told once for. about: members of its words, as JSON.

    next_us: when it is to be sent, or sent again. tries: how often it was begun.
    """

    id: str
    person: PersonId
    kind: Kind
    about: str
    at_us: int
    next_us: int
    tries: int = 0


def news(person: PersonId, kind: Kind, at_us: int, once_for: str = "", **about: str | int) -> News:
    """once_for: what it is told once for, such as a month; "" for this instant alone."""
    id = "nws_" + sha256(f"{person}\x1f{kind}\x1f{once_for or at_us}".encode()).hexdigest()[:32]
    return News(id, person, kind, msgspec.json.encode(about, order="sorted").decode(), at_us, at_us)


def is_over(told: News, person: Person, now_us: int, in_zone: ZoneInfo) -> bool:
    """Whether it is none any more: nobody tried to send it for a day, as where there was no mail server yet; or it is
    of the limit of another month, or of a person whose address is not confirmed."""
    if not told.tries and told.at_us <= now_us - NEWS_STALE_S * US_PER_S:
        return True
    is_past = month_number(told.at_us, in_zone) != month_number(now_us, in_zone)
    return told.kind in get_args(AboutSpending) and (is_past or not person.confirmed_us)
