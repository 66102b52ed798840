"""Ask for a letter with a link that works once: to sign in, to choose another password, to confirm an address."""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.db.port import Connection, Database
from solvent.identity import attempt_store, person_store, ticket_store
from solvent.identity.attempt import network_of
from solvent.identity.person import Person, clean_email
from solvent.identity.ticket import Letter, ticket
from solvent.values.errors import Refused
from solvent.values.limits import LETTERS_ANYWHERE_MAX, LETTERS_MAX, LETTERS_PLACE_MAX, SIGN_IN_WAIT_S


class LetterAsked(msgspec.Struct, frozen=True, kw_only=True):
    """place: where it is asked from. browser: its cookie. token: of the link, known to nobody yet."""

    email: str
    purpose: Letter
    place: str
    browser: str
    token: str

    def __repr__(self) -> str:
        return f"LetterAsked({self.email!r}, {self.purpose!r})"


async def request_letter(asked: LetterAsked, database: Database, now_us: int) -> Person | None:
    """Returns whom to write to; None where nobody has the address, which the asker is not told.

    Raises Invalid for what is no address, and Refused when too many were asked for: counted alike for every address.
    """
    email = clean_email(asked.email)
    counted: Final = (
        (f"{email} letter {network_of(asked.place)}", LETTERS_MAX),
        (f"{email} letter", LETTERS_ANYWHERE_MAX),
        (f"letter {asked.place}", LETTERS_PLACE_MAX),
    )

    def work(connection: Connection) -> Person | None:
        for who, most in counted:
            count, _, _ = attempt_store.failures(connection, who, now_us - attempt_store.WAIT_US)
            if count >= most:
                message = "too many letters were asked for; look into the mailbox, or try again in a quarter of an hour"
                raise Refused("too_many_letters", message, retry_after_s=SIGN_IN_WAIT_S)
        attempt_store.fail(connection, tuple(who for who, _ in counted), now_us)
        found = person_store.by_email(connection, email)
        if found is None or found[0].closed_us:
            return None
        ticket_store.add(connection, ticket(asked.token, asked.purpose, asked.browser, now_us, person=found[0].id))
        return found[0]

    return await database.write(work)
