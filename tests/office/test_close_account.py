"""Closing an account, and proving who one is: on both databases."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from tests.db.opened import Place
from tests.office.acts import NOW_US, on_sale

from solvent.audit.act import Act
from solvent.db.group_commit import GroupCommit
from solvent.identity import person_store
from solvent.identity import store as identity_store
from solvent.identity.caller import Customer, digest
from solvent.identity.person import Person
from solvent.identity.prove import Proof, prove
from solvent.identity.session import begin
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.profile import EVERYBODY, Profile
from solvent.invoicing.tax import Tax
from solvent.office.change_password import change_password
from solvent.office.change_person import change_person
from solvent.office.close_account import close_account
from solvent.office.opening import Opening
from solvent.office.sign_up import SigningUp, sign_up
from solvent.values.errors import Invalid, Refused, Unauthenticated
from solvent.values.ids import CustomerId, PersonId
from solvent.values.limits import SIGN_IN_FAILURES_MAX


async def verify(password: str, kept: str) -> bool:
    return bool(kept) and password == kept


async def kim(database: GroupCommit) -> Person:
    await on_sale(database)
    opening = Opening(name="Kim", plan="plain", currency="KRW")
    asked = SigningUp(
        email="kim@example.com", language="ko", password="right", token="one", place="10.0.0.1", opening=opening
    )
    return await sign_up(asked, Act("s", "1", "", NOW_US), database, 7)


async def customer_of(database: GroupCommit, person: Person) -> Customer:
    id = person.customer
    assert id is not None
    return await database.read(lambda connection: identity_store.known_customer(connection, id))


def test_a_closed_account_keeps_what_is_booked_and_forgets_who_it_was(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            person = await kim(database)
            act = Act(person.id, "close", "", NOW_US + 1)
            assert await close_account(person, act, database)
            assert await close_account(person, act, database)  # the same act again
            known = await database.read(lambda c: person_store.known(c, person.id))
            assert (known.name, known.closed_us) == ("closed account", NOW_US + 1)
            assert "kim" not in repr(known).lower()
            assert await database.read(lambda c: person_store.by_email(c, "kim@example.com")) is None
            assert await database.read(lambda c: person_store.signed_in(c, digest(b"one"))) is None
            customer = await customer_of(database, person)
            assert (customer.state, customer.name) == ("closed", "closed account")

    asyncio.run(live())


def test_a_customer_stays_open_while_somebody_else_is_there(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            person = await kim(database)
            lee = Person(PersonId("psn_lee"), "lee@example.com", "Lee", "customer", person.customer, "ko", NOW_US)
            await database.write(lambda c: person_store.add(c, lee, ""))
            assert not await close_account(person, Act(person.id, "close", "", NOW_US), database)
            customer = await customer_of(database, lee)
            assert customer.state == "active"
            assert await close_account(lee, Act(lee.id, "close", "", NOW_US), database)

    asyncio.run(live())


def test_a_password_changes_for_whoever_knows_it_and_other_sessions_end(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            person = await kim(database)
            await database.write(lambda c: person_store.add_session(c, begin("two", NOW_US, person=person.id)))
            right, wrong = Proof("right", "10.0.0.1", "one"), Proof("nonsense", "10.0.0.1", "one")
            act = Act(person.id, "password", "", NOW_US)
            assert "right" not in repr(right)
            with pytest.raises(Unauthenticated):
                await change_password(person, wrong, "newer", act, verify, database)
            assert len(await database.read(lambda c: person_store.sessions_of(c, person.id))) == 2
            await change_password(person, right, "newer", act, verify, database)
            (left,) = await database.read(lambda c: person_store.sessions_of(c, person.id))
            assert left.digest == digest(b"one")
            for n in range(SIGN_IN_FAILURES_MAX):
                with pytest.raises(Unauthenticated):
                    await prove(person, right, verify, database, NOW_US + n)
            with pytest.raises(Refused):
                await prove(person, Proof("newer", "10.0.0.1", ""), verify, database, NOW_US + 99)

    asyncio.run(live())


def test_a_session_is_ended_by_its_own_person_alone(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            person = await kim(database)
            for whose, left in ((PersonId("psn_lee"), 1), (person.id, 0)):
                await database.write(partial(person_store.end_session_of, person=whose, digest=digest(b"one")))
                assert len(await database.read(lambda c: person_store.sessions_of(c, person.id))) == left

    asyncio.run(live())


def test_a_person_is_called_otherwise(place: Place) -> None:
    async def live() -> None:
        async with place.opened() as database:
            person = await kim(database)
            act = Act(person.id, "name", "", NOW_US)
            changed = await change_person(person, " Seo-yeon ", "en", act, database)
            assert (changed.name, changed.language) == ("Seo-yeon", "en")
            assert await database.read(lambda c: person_store.known(c, person.id)) == changed
            with pytest.raises(Invalid):
                await change_person(person, "", "en", Act(person.id, "none", "", NOW_US), database)

    asyncio.run(live())


def test_documents_of_a_customer_without_a_profile_are_in_the_language_of_their_account(place: Place) -> None:
    async def live() -> tuple[list[Profile], CustomerId]:
        async with place.opened() as database:
            person = await kim(database)
            customer = (await customer_of(database, person)).id
            seen = []

            async def look() -> None:
                seen.append(await database.read(lambda c: invoicing_store.profile_at(c, customer, NOW_US + 10)))

            await look()
            await change_person(person, "Kim", "en", Act(person.id, "en", "", NOW_US + 1), database)
            await look()
            await database.write(
                lambda c: invoicing_store.set_profile(
                    c, Profile(customer=EVERYBODY, since_us=NOW_US + 2, country="US", tax=Tax("none", 0))
                )
            )
            await look()  # everybody's changes are theirs still
            own = Profile(customer=customer, since_us=NOW_US + 3, legal_name="Kim Ltd", language="ko")
            await database.write(lambda c: invoicing_store.set_profile(c, own))
            await look()
            return seen, customer

    seen, customer = asyncio.run(live())
    assert [one.language for one in seen] == ["ko", "en", "en", "ko"]
    assert [one.country for one in seen] == ["KR", "KR", "US", "KR"]
    assert {one.customer for one in seen} == {customer}
