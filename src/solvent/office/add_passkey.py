"""Add a passkey to one's account: it has signed a challenge that was made for whoever proved who they are."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.db.port import Connection, Database
from solvent.identity import credential_store, news_store, ticket_store
from solvent.identity.credential import Credential
from solvent.identity.key import clean_name
from solvent.identity.news import news
from solvent.identity.passkey import CheckNew, Signed, passkey_wrong
from solvent.identity.person import Person
from solvent.identity.ticket import Ticket
from solvent.office import second_store
from solvent.office.arrival import Seen
from solvent.office.entrance_store import seen
from solvent.values.errors import Conflict, Refused
from solvent.values.limits import PASSKEYS_MAX


class PasskeyAdded(msgspec.Struct, frozen=True):
    """name: what its owner calls it. session: the one that goes on. random: for recovery codes."""

    signed: Signed
    name: str
    browser: str
    session: str
    place: str
    random: bytes

    def __repr__(self) -> str:
        return f"PasskeyAdded({self.name!r})"


async def add_passkey(person: Person, given: PasskeyAdded, act: Act, check: CheckNew, database: Database) -> list[str]:
    """Returns their recovery codes where they had none, which nobody sees again.

    Raises Refused for a challenge that is not theirs, was used, or is too old, for what was not signed right, and for
    too many; Conflict for one that is somebody's already; Invalid for a bad name.
    """
    name = clean_name(given.name, "a passkey's name")

    def use(connection: Connection) -> Ticket:
        try:
            return ticket_store.use_for(connection, given.signed.challenge, "new_passkey", given.browser, act.at_us)
        except Refused:
            raise passkey_wrong() from None

    ticket = await database.write(use)
    if ticket.person != person.id:
        raise passkey_wrong()
    made = await check(given.signed)

    def work(connection: Connection) -> list[str]:
        codes: list[str] = []

        def effect() -> Seen:
            if credential_store.found(connection, "passkey", made.known_as) is not None:
                raise Conflict("passkey_taken", "this passkey is on an account already")
            mine = [one for one in credential_store.of_person(connection, person.id) if one.kind == "passkey"]
            if len(mine) >= PASSKEYS_MAX:
                raise Refused("too_many_passkeys", f"an account has at most {PASSKEYS_MAX} passkeys; remove one first")
            new = Credential("passkey", made.known_as, person.id, name, made.key, made.counter, act.at_us)
            credential_store.add(connection, new)
            news_store.tell(connection, news(person.id, "passkey_added", act.at_us))
            codes.extend(second_store.begun(connection, person, given.session, given.random, act.at_us))
            return seen(person, given.place, "passkey")

        once(connection, act, "person.add_second_factor", person.id, effect, Seen)
        return codes

    return await database.write(work)
