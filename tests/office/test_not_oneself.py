"""What another must do: reset one's second factor, close one's account. No key makes another person of its holder."""

from __future__ import annotations

import asyncio

import pytest
from tests.db.opened import Place
from tests.office.acts import NOW_US

from solvent.audit.act import Act
from solvent.db.group_commit import GroupCommit
from solvent.identity import credential_store, person_store
from solvent.identity.caller import Role
from solvent.identity.credential import Credential
from solvent.identity.key import NewKey
from solvent.identity.person import Person
from solvent.office.close_operator import close_operator
from solvent.office.issue_key import issue_key
from solvent.office.reset_second_factor import reset_second_factor
from solvent.office.rotate_key import Rotation, rotate_key
from solvent.values.errors import Conflict, SolventError
from solvent.values.ids import KeyId, PersonId


async def added(database: GroupCommit, name: str, role: Role) -> Person:
    """Somebody who helps to run the place, with an authenticator app."""
    person = Person(PersonId(f"psn_{name}"), f"{name}@example.com", name, role, None, "ko", NOW_US)
    app = Credential("app", person.id, person.id, "", "sealed", 0, NOW_US)
    await database.write(lambda c: person_store.add(c, person, "kept"))
    await database.write(lambda c: credential_store.add(c, app))
    return person


async def key_of(database: GroupCommit, actor: str, number: int) -> str:
    """An owner's key that somebody issued."""
    new = NewKey("owner", None, f"sk-operator-{number:048x}", number)
    return (await issue_key(new, Act(actor, f"issue {number}", "", NOW_US), database))[0].id


def test_no_key_makes_another_person_of_whoever_holds_it(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            kim, lee = await added(database, "kim", "owner"), await added(database, "lee", "owner")
            moon = await added(database, "moon", "support")
            first = await key_of(database, "system", 1)  # nobody knows whose it is
            own = await key_of(database, kim.id, 2)
            of_own = await key_of(database, own, 3)
            lees = await key_of(database, lee.id, 4)
            shared = await key_of(database, lee.id, 5)
            rotation = Rotation(KeyId(shared), "sk-operator-" + "a" * 48, 0)
            await rotate_key(rotation, Act(kim.id, "rotate", "", NOW_US), database, of_operators=True)
            told = []
            for actor in (kim.id, own, of_own, shared, first, "key_unknown"):
                with pytest.raises(SolventError) as refused:
                    await reset_second_factor(kim.email, Act(actor, "reset", "", NOW_US), database)
                told.append(refused.value.code)
            assert told == ["own_account"] * 4 + ["nobodys_key"] * 2
            for actor in (kim.id, own, of_own, shared):
                with pytest.raises(Conflict) as own_end:
                    await close_operator(kim.id, Act(actor, "close", "", NOW_US), database)
                assert own_end.value.code == "own_account"
            assert await database.read(lambda c: credential_store.has_kind(c, kim.id, "app"))
            assert await reset_second_factor(kim.id, Act(lees, "reset", "", NOW_US), database) == kim
            # Whoever holds the first key helps those who cannot have been given one.
            assert await reset_second_factor(moon.id, Act(first, "reset", "", NOW_US), database) == moon
            assert await reset_second_factor(lee.id, Act("cli:root", "reset", "", NOW_US), database) == lee
            assert (await close_operator(kim.id, Act(lees, "close", "", NOW_US), database)).id == kim.id

    asyncio.run(story())
