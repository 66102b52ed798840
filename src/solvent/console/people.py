"""Operations on people with accounts: who helps to run the place, and the way back in for who lost a second factor."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.console.operation import Asked, Nothing, Operation, reading
from solvent.db.port import Connection
from solvent.identity import credential_store, person_store
from solvent.identity.credential import Credential
from solvent.identity.person import Person
from solvent.office.reset_second_factor import reset_second_factor
from solvent.values.instant import iso


class PersonBody(msgspec.Struct, kw_only=True):
    """Somebody with an account. second_factor: what they are asked for after their password; empty for nothing."""

    object: Literal["person"] = "person"
    id: str
    email: str
    name: str
    role: str
    state: Literal["active", "closed"]
    second_factor: list[Literal["app", "passkey"]]
    created_at: str


class PeopleBody(msgspec.Struct, kw_only=True):
    """Everybody who helps to run the place, the first one first."""

    object: Literal["list"] = "list"
    data: list[PersonBody]


async def operators(asked: Asked[Nothing, Nothing]) -> PeopleBody:
    """List the people who help to run the place."""

    def look(connection: Connection) -> list[PersonBody]:
        return [described(connection, person) for person in person_store.operators(connection)]

    return PeopleBody(data=await asked.business.database.read(look))


async def reset(asked: Asked[Nothing, Nothing]) -> PersonBody:
    """Take every second factor away from somebody who lost theirs, named by id or e-mail address."""
    return _body(await reset_second_factor(asked.path["person"], asked.act, asked.business.database), [])


def described(connection: Connection, person: Person) -> PersonBody:
    """Somebody, with what second factor they have."""
    return _body(person, credential_store.of_person(connection, person.id))


def _body(person: Person, credentials: list[Credential]) -> PersonBody:
    kinds = {one.kind for one in credentials}
    second: list[Literal["app", "passkey"]] = []
    second += ["app"] if "app" in kinds else []
    second += ["passkey"] if "passkey" in kinds else []
    return PersonBody(
        id=person.id, email=person.email, name=person.name, role=person.role,
        state="closed" if person.closed_us else "active", second_factor=second, created_at=iso(person.created_us),
    )  # fmt: skip


LIST: Final = reading("/v1/people", "operators.read", operators, Nothing, PeopleBody)
RESET: Final = Operation(
    "POST", "/v1/people/{person}/second-factor/reset", "operators.write", reset, Nothing, Nothing, PersonBody
)
OPERATIONS: Final = (LIST, RESET)
