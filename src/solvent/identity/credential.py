"""A credential: by what else than a password a person proves who they are, such as their account at Google."""

from __future__ import annotations

from typing import Literal

import msgspec

from solvent.values.ids import PersonId

# provider: an account elsewhere. app: an authenticator app, known as the person; its secret is sealed, its counter the
# last step whose code was taken. passkey: its secret is the public key, its counter how often it signed. recovery: a
# code that works once, known as its digest.
Kind = Literal["provider", "app", "passkey", "recovery"]


class Credential(msgspec.Struct, frozen=True):
    """Its fields are the columns of `credentials`. known_as: unique in its kind, such as issuer and subject.

    name: for people. secret, counter: as its kind needs them; "" and 0 for none. used_us: 0 for never.
    """

    kind: Kind
    known_as: str
    person: PersonId
    name: str
    secret: str
    counter: int
    created_us: int
    used_us: int = 0

    def __repr__(self) -> str:
        return f"Credential({self.kind!r}, {self.person!r}, {self.name!r})"


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an identity provider says somebody is. subject: who they are there, for ever; an address may change hands.

    provider: its name here. email: "" for none. is_verified: the provider says that the address is theirs.
    """

    provider: str
    issuer: str
    subject: str
    email: str = ""
    is_verified: bool = False
    name: str = ""

    @property
    def known_as(self) -> str:
        """By what it is found again."""
        return f"{self.issuer} {self.subject}"

    def of(self, person: PersonId, now_us: int) -> Credential:
        """The same as a credential of somebody."""
        return Credential("provider", self.known_as, person, self.provider, "", 0, now_us, now_us)
