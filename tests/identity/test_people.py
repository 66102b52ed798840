"""People, their passwords and sessions, on both databases."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.db.opened import Place
from tests.office.acts import NOW_US as AT_US
from tests.office.acts import on_sale

from solvent.audit.act import Act
from solvent.db.group_commit import GroupCommit
from solvent.identity import attempt_store, person_store, ticket_store
from solvent.identity.attempt_store import WAIT_US
from solvent.identity.begin_ticket import begin_ticket
from solvent.identity.caller import Caller, digest
from solvent.identity.forget_old_sessions import forget_old_sessions
from solvent.identity.person import check_password, clean_email
from solvent.identity.prove import Proof, prove
from solvent.identity.session import SESSION_US, begin, form_token
from solvent.identity.sign_out import sign_out
from solvent.identity.ticket import TICKET_US, ticket
from solvent.office.opening import Opening
from solvent.office.sign_in import SigningIn, sign_in
from solvent.office.sign_in_by_key import sign_in_by_key
from solvent.office.sign_up import SigningUp, sign_up
from solvent.values.errors import Conflict, Invalid, Refused, SolventError, Unauthenticated
from solvent.values.ids import KeyId, PersonId
from solvent.values.limits import SIGN_IN_FAILURES_MAX, SIGN_INS_BEGUN_MAX, SIGN_UPS_MAX

RIGHT = "correct horse battery"


async def verify(password: str, kept: str) -> bool:
    return bool(kept) and password == kept


def new(email: str, token: str, name: str = "Kim") -> SigningUp:
    opening = Opening(name=name, plan="plain", currency="KRW")
    return SigningUp(email=email, language="ko", password=RIGHT, token=token, place="10.0.0.1", opening=opening)


def code_of(problem: pytest.ExceptionInfo[SolventError]) -> str:
    return problem.value.code


def test_who_signs_up_is_a_customer_and_signs_in_with_their_password(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await on_sale(database)
            kim = await sign_up(new("Kim@Example.com", "one"), Act("s", "1", "", AT_US), database, 7)
            again = await sign_up(new("Kim@Example.com", "two"), Act("s", "1", "", AT_US), database, 8)
            assert (kim.email, kim.role, again) == ("kim@example.com", "customer", kim)
            with pytest.raises(Conflict) as taken:
                await sign_up(new("kim@example.com", "three"), Act("s", "2", "", AT_US), database, 9)
            assert code_of(taken) == "email_taken"
            asked = SigningIn("KIM@example.com", RIGHT, "10.0.0.1", "token")
            assert (await sign_in(asked, verify, database, AT_US)).person == kim
            found = await database.read(lambda c: person_store.signed_in(c, digest(b"token")))
            assert found is not None
            assert (found[1], found[2] and found[2].name) == (kim, "Kim")
            await sign_out("token", database)
            assert await database.read(lambda c: person_store.signed_in(c, digest(b"token"))) is None
            assert await database.read(lambda c: person_store.signed_in(c, digest(b"one"))) is not None

    asyncio.run(story())


def test_sign_ins_that_fail_are_few_and_forgotten_with_time(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await on_sale(database)
            await sign_up(new("kim@example.com", "one"), Act("s", "1", "", AT_US), database, 7)
            wrong = SigningIn("kim@example.com", "wrong", "10.0.0.2", "t")
            for n in range(SIGN_IN_FAILURES_MAX):
                with pytest.raises(Unauthenticated):
                    await sign_in(wrong, verify, database, AT_US + n)
            right = SigningIn("kim@example.com", RIGHT, "10.0.0.3", "t")
            with pytest.raises(Refused) as tried:
                await sign_in(right, verify, database, AT_US + 100)
            assert (code_of(tried), tried.value.retry_after_s) == ("too_many_sign_ins", WAIT_US // 1_000_000)
            assert (await sign_in(right, verify, database, AT_US + WAIT_US + 100)).person.email == "kim@example.com"
            await forget_old_sessions(database, AT_US + WAIT_US + 100 + SESSION_US)
            assert await database.read(lambda c: person_store.signed_in(c, digest(b"t"))) is None
            assert await database.read(lambda c: attempt_store.failures(c, "10.0.0.2", 0)) == (0, 0, 0)

    asyncio.run(story())


def test_a_try_counts_before_it_is_known_to_fail_and_not_once_it_was_right(place: Place) -> None:
    async def crash(_password: str, _kept: str) -> bool:
        raise RuntimeError("the process ended here")

    async def story() -> None:
        async with place.opened() as database:
            await on_sale(database)
            kim = await sign_up(new("kim@example.com", "one"), Act("s", "1", "", AT_US), database, 7)
            wrong = SigningIn("kim@example.com", "wrong", "10.0.0.2", "t")
            for how in (crash, verify):
                with pytest.raises((RuntimeError, Unauthenticated)):
                    await sign_in(wrong, how, database, AT_US)
            proof = Proof("wrong", "10.0.0.9", "one")
            for how in (crash, verify):
                with pytest.raises((RuntimeError, Unauthenticated)):
                    await prove(kim, proof, how, database, AT_US)
            at_once = [sign_in(wrong, verify, database, AT_US) for _ in range(2 * SIGN_IN_FAILURES_MAX)]
            told = await asyncio.gather(*at_once, return_exceptions=True)
            assert sum(isinstance(one, Unauthenticated) for one in told) == SIGN_IN_FAILURES_MAX - 2
            right = SigningIn("kim@example.com", RIGHT, "10.9.0.2", "right")
            before = await database.read(lambda c: attempt_store.failures(c, "kim@example.com", 0))
            assert (await sign_in(right, verify, database, AT_US + 1)).is_in
            assert await database.read(lambda c: attempt_store.failures(c, "kim@example.com", 0)) == before
            for who in ("10.9.0.2", "kim@example.com from 10.9.0.0/24"):
                assert (await database.read(lambda c, who=who: attempt_store.failures(c, who, 0)))[0] == 0  # type: ignore[misc]
            await prove(kim, Proof(RIGHT, "10.9.0.2", "one"), verify, database, AT_US + 2)
            for who in ("10.9.0.2", f"{kim.id} once more"):
                assert (await database.read(lambda c, who=who: attempt_store.failures(c, who, 0)))[0] == 0  # type: ignore[misc]

    asyncio.run(story())


def test_a_password_that_changed_meanwhile_lets_nobody_in(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await on_sale(database)
            kim = await sign_up(new("kim@example.com", "one"), Act("s", "1", "", AT_US), database, 7)

            async def meanwhile(_password: str, _kept: str) -> bool:
                await database.write(lambda c: person_store.change(c, kim.id, password="another"))
                return True

            with pytest.raises(Unauthenticated):
                await sign_in(SigningIn("kim@example.com", RIGHT, "10.0.0.2", "t"), meanwhile, database, AT_US)
            assert await database.read(lambda c: person_store.signed_in(c, digest(b"t"))) is None

    asyncio.run(story())


def test_only_so_many_sign_ins_are_begun_from_one_place_and_come_to_no_end(place: Place) -> None:
    async def begin(database: GroupCommit, where: str, n: int, browser: str = "laptop") -> None:
        await begin_ticket(ticket(f"{where} {n}", "passkey", browser, AT_US), where, database, AT_US)

    async def story() -> None:
        async with place.opened() as database:
            for n in range(SIGN_INS_BEGUN_MAX):
                await begin(database, f"2001:db8::{n:x}", n)  # one household, whatever address it takes
            for where in ("2001:db8::ffff", "2001:db8:0:ff::1"):
                with pytest.raises(Refused) as many:
                    await begin(database, where, 999)
                assert code_of(many) == "too_many_sign_ins"
                assert many.value.retry_after_s == WAIT_US // 1_000_000
            for where in ("2001:db8:0:100::1", "10.0.0.1"):
                await begin(database, where, 0)
            await database.write(lambda c: attempt_store.end_begun(c, "2001:db8::1", "laptop"))
            await begin(database, "2001:db8::1", 1_000)
            await database.write(lambda c: attempt_store.remember_browser(c, PersonId("psn_kim"), "home", AT_US))
            for n in range(SIGN_INS_BEGUN_MAX):  # what others did there is nothing to a browser that is known
                await begin(database, "2001:db8::1", 2_000 + n, "home")
            with pytest.raises(Refused):
                await begin(database, "10.0.0.9", 0, "home")  # it is counted wherever it is
            await database.write(lambda c: attempt_store.end_begun(c, "10.0.0.9", "home"))
            await begin(database, "10.0.0.9", 0, "home")
            await forget_old_sessions(database, AT_US + TICKET_US)
            with pytest.raises(Refused):
                await database.read(lambda c: ticket_store.known_for(c, "10.0.0.1 0", "passkey", "laptop", AT_US))

    asyncio.run(story())


def test_one_place_opens_only_so_many_accounts(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await on_sale(database)
            for n in range(SIGN_UPS_MAX):
                act = Act("s", str(n), "", AT_US + n)
                await sign_up(new(f"{n}@example.com", f"t{n}"), act, database, n)
            with pytest.raises(Refused) as many:
                await sign_up(new("more@example.com", "more"), Act("s", "more", "", AT_US + 99), database, 99)
            assert code_of(many) == "too_many_sign_ups"

    asyncio.run(story())


def test_an_operators_key_begins_a_session_and_a_customers_none(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            await sign_in_by_key(Caller(KeyId("key_1"), "owner"), "token", "10.0.0.1", database, AT_US)
            found = await database.read(lambda c: person_store.signed_in(c, digest(b"token")))
            assert found is not None
            assert (found[0].key, found[1]) == ("key_1", None)
            with pytest.raises(Refused):
                await sign_in_by_key(Caller(KeyId("key_2"), "customer"), "other", "10.0.0.1", database, AT_US)

    asyncio.run(story())


NO_ADDRESSES = (
    "", "kim", "kim@", "@example.com", "kim@example", "a b@example.com", "a@b@c.com", "a@" + "x" * 260 + ".com",
    "a\x00@example.com",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(Invalid):
        clean_email(text)


@given(st.emails())
def test_addresses_are_taken_as_people_write_them(email: str) -> None:
    assert clean_email(f" {email.upper()} ") == email.upper().lower()


@pytest.mark.parametrize("password", ["short", "x" * 201, "aaaaaaaaaaaa", "kim@example.com"])
def test_passwords_that_are_none(password: str) -> None:
    with pytest.raises(Invalid):
        check_password(password, "kim@example.com")


def test_a_form_token_tells_nothing_of_its_session() -> None:
    session = begin("secret", AT_US, person=PersonId("psn_1"))
    assert "secret" not in form_token("secret")
    assert form_token("secret").encode() not in session.digest
    assert form_token("secret") != form_token("other")
    assert not session.is_good(AT_US + SESSION_US)
