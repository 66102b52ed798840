"""An arrival: somebody has proved who they are, at least by half, and wants in."""

from __future__ import annotations

import msgspec

from solvent.identity.attempt import Attempt
from solvent.identity.person import Person
from solvent.identity.second_factor import Way


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """token: of the session to be, or of what waits for a second factor; nobody has seen it. browser: its cookie.

    place: where it is done from. by: how. next: where they want to go.
    """

    token: str
    browser: str
    place: str
    by: Way
    next: str = ""

    def __repr__(self) -> str:
        return f"Arrival({self.by!r}, {self.place!r})"


class Entered(msgspec.Struct, frozen=True):
    """Who it is. is_in: their session has begun; else they are asked for the second factor, under the same token."""

    person: Person
    is_in: bool


class Seen(msgspec.Struct, frozen=True):
    """What the journal has of a sign-in, or of a change of how one signs in: from where, and how or what.

    place: "" for customers.
    """

    place: str
    by: str


def second_attempt(person: Person, arrival: Arrival) -> Attempt:
    """What a code is counted by: beside passwords, so that no good password forgives wrong codes."""
    return Attempt(f"{person.id} second", arrival.place, arrival.browser)
