"""Second factors on both databases: set up, asked for, used once, taken away; and what one who means harm would try."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
from tests.db.opened import Place
from tests.office.acts import NOW_US
from tests.soft_passkey import PRESENT, SoftPasskey

from solvent.app.sealing import Sealing
from solvent.audit.act import Act
from solvent.audit.store import changes_between
from solvent.db.group_commit import GroupCommit
from solvent.identity import credential_store, person_store, ticket_store
from solvent.identity.caller import digest
from solvent.identity.person import Person
from solvent.identity.prove import Proof
from solvent.identity.second_factor import RECOVERY_BYTES, RECOVERY_CODES
from solvent.identity.session import begin
from solvent.identity.ticket import CHALLENGE_US, TICKET_US, ticket
from solvent.identity.totp import SECRET_BYTES, code_at, step_of
from solvent.office.add_passkey import PasskeyAdded, add_passkey
from solvent.office.arrival import Arrival, Entered
from solvent.office.begin_app import AppBegun, begin_app
from solvent.office.confirm_app import AppConfirmed, confirm_app
from solvent.office.enter_by_passkey import enter_by_passkey
from solvent.office.give_code import CodeGiven, give_code
from solvent.office.remove_second_factor import Which, remove_second_factor
from solvent.office.reset_second_factor import reset_second_factor
from solvent.office.sign_in import SigningIn, sign_in
from solvent.pages.passkeys import Party, party_of, signed_of
from solvent.values.errors import Conflict, NotFound, Refused, SolventError, Unauthenticated, Unavailable
from solvent.values.ids import PersonId
from solvent.values.instant import NEVER_US
from solvent.values.limits import PASSKEYS_MAX, SIGN_IN_FAILURES_MAX

SEALING = Sealing(lambda: "a key of the test's own, long enough")
SECRETS = {name: bytes([n]) * SECRET_BYTES for n, name in enumerate(("kim", "lee"), 1)}
RANDOM = bytes(range(RECOVERY_CODES * RECOVERY_BYTES))
STEP_US = 30_000_000
NUMBERS = count()
HERE = Party("ai.example", "https://ai.example", "Gaon AI")


async def verify(password: str, kept: str) -> bool:
    return bool(kept) and password == kept


def person(name: str, role: str = "owner") -> Person:
    return Person(PersonId(f"psn_{name}"), f"{name}@example.com", name.title(), role, None, "ko", NOW_US)  # type: ignore[arg-type]


KIM, LEE = person("kim"), person("lee")


@asynccontextmanager
async def people(place: Place) -> AsyncIterator[GroupCommit]:
    """Kim and Lee help to run the place; each has a password, and is signed in twice."""
    async with place.opened() as database:
        for one in (KIM, LEE):
            await database.write(lambda c, one=one: person_store.add(c, one, "right"))  # type: ignore[misc]
            for session in ("one", "two"):
                kept = begin(f"{one.name} {session}", NOW_US, person=one.id)
                await database.write(lambda c, kept=kept: person_store.add_session(c, kept))  # type: ignore[misc]
        yield database


def by(who: Person, key: str, at_us: int = NOW_US) -> Act:
    return Act(who.id, key, key, at_us)


async def set_up(database: GroupCommit, who: Person = KIM, at_us: int = NOW_US) -> list[str]:
    """Set an app up; the recovery codes."""
    name = who.name.lower()
    secret, proof = SECRETS[name], Proof("right", "10.0.0.1", f"{who.name} one")
    begun = AppBegun(f"ticket {name}", "laptop", secret, has_letters=False)
    await begin_app(who, proof, begun, SEALING.seal, verify, database, at_us)
    code = code_at(secret, step_of(at_us))
    given = AppConfirmed(f"ticket {name}", code, "laptop", f"{who.name} one", "10.0.0.1", RANDOM)
    return await confirm_app(who, given, by(who, f"confirm {at_us}", at_us), SEALING.unseal, database)


async def half(database: GroupCommit, at_us: int, token: str = "half", browser: str = "laptop") -> Entered:
    asked = SigningIn(KIM.email, "right", "10.0.0.1", token, browser, "/console/margins")
    return await sign_in(asked, verify, database, at_us)


async def code(
    database: GroupCommit, given: str, at_us: int, token: str = "half", browser: str = "laptop", session: str = "new"
) -> tuple[Person, str]:  # fmt: skip
    arrival = Arrival(token=f"new {next(NUMBERS)}", browser=browser, place="10.0.0.1", by="app")
    return await give_code(CodeGiven(token, given, arrival), SEALING.unseal, database, at_us)


async def signed_in(database: GroupCommit, who: Person = KIM) -> int:
    return len(await database.read(lambda c: person_store.sessions_of(c, who.id)))


async def journal(database: GroupCommit) -> list[tuple[str, dict[str, Any]]]:
    found = await database.read(lambda c: changes_between(c, 0, NEVER_US))
    return [(one.action, json.loads(one.result)) for one in reversed(found)]


def code_of(problem: pytest.ExceptionInfo[SolventError]) -> str:
    return problem.value.code


def test_an_app_is_asked_for_after_the_password_and_each_code_is_good_once(place: Place) -> None:
    async def story() -> None:
        async with people(place) as database:
            assert len(await set_up(database)) == RECOVERY_CODES
            assert (await signed_in(database), await signed_in(database, LEE)) == (1, 2)  # those without it ended
            later = NOW_US + 2 * STEP_US
            entered = await half(database, later)
            assert (entered.person, entered.is_in, await signed_in(database)) == (KIM, False, 1)
            assert await database.read(lambda c: person_store.signed_in(c, digest(b"half"))) is None
            right = code_at(SECRETS["kim"], step_of(later))
            for wrong in ("", "000000", right[::-1] if right != right[::-1] else "1", right + "0", "한글"):
                with pytest.raises(Unauthenticated) as refused:
                    await code(database, wrong, later)
                assert code_of(refused) == "wrong_code"
            assert await code(database, f"{right[:3]} {right[3:]}", later) == (KIM, "/console/margins")
            assert await signed_in(database) == 2
            with pytest.raises(Refused) as over:
                await code(database, right, later)  # the first factor was used up with it
            assert code_of(over) == "second_step_over"
            await half(database, later)
            with pytest.raises(Unauthenticated):
                await code(database, right, later)  # the code itself
            with pytest.raises(Unauthenticated):
                await code(database, code_at(SECRETS["kim"], step_of(later) - 1), later)  # nor one before it
            drift = code_at(SECRETS["kim"], step_of(later) + 1)
            assert (await code(database, drift, later))[0] == KIM

    asyncio.run(story())


def test_the_code_that_confirmed_an_app_and_one_of_somebody_else_open_nothing(place: Place) -> None:
    async def story() -> None:
        async with people(place) as database:
            await set_up(database)
            await set_up(database, LEE)
            await half(database, NOW_US)
            for given in (code_at(SECRETS["kim"], step_of(NOW_US)), code_at(SECRETS["lee"], step_of(NOW_US) + 1)):
                with pytest.raises(Unauthenticated):
                    await code(database, given, NOW_US)
            sealed = await database.read(lambda c: credential_store.found(c, "app", LEE.id))
            assert sealed is not None
            with pytest.raises(Unavailable):
                SEALING.unseal(sealed.secret, f"app/{KIM.id}")  # what is sealed for one opens for nobody else
            with pytest.raises(Unavailable):
                Sealing(lambda: "another key").unseal(sealed.secret, f"app/{LEE.id}")
            assert SECRETS["lee"].hex() not in sealed.secret

    asyncio.run(story())


def test_what_a_first_factor_gives_hangs_on_its_browser_and_is_soon_over(place: Place) -> None:
    async def story() -> None:
        async with people(place) as database:
            await set_up(database)
            later = NOW_US + 2 * STEP_US
            await half(database, later)
            right = code_at(SECRETS["kim"], step_of(later))
            for token, browser, at_us in (
                ("half", "phone", later), ("other", "laptop", later), ("", "", later),
                ("half", "laptop", later + TICKET_US),
            ):  # fmt: skip
                with pytest.raises(Refused) as over:
                    await code(database, right, at_us, token, browser)
                assert code_of(over) == "second_step_over"
            for purpose in ("app", "passkey", "new_passkey", "identify", "enter"):
                made = ticket(purpose, purpose, "laptop", later, person=KIM.id, about="{}")
                await database.write(lambda c, made=made: ticket_store.add(c, made))  # type: ignore[misc]
                with pytest.raises(Refused):
                    await code(database, right, later, purpose)
            assert await signed_in(database) == 1

    asyncio.run(story())


def test_wrong_codes_are_few_and_a_password_forgives_none_of_them(place: Place) -> None:
    async def story() -> None:
        async with people(place) as database:
            await set_up(database)
            later = NOW_US + 2 * STEP_US
            for n in range(SIGN_IN_FAILURES_MAX):
                await half(database, later + n)
                with pytest.raises(Unauthenticated):
                    await code(database, "123456", later + n)
                await database.write(lambda c: ticket_store.forget_of(c, KIM.id))
            await half(database, later + 99)
            with pytest.raises(Refused) as tried:
                await code(database, code_at(SECRETS["kim"], step_of(later)), later + 99)
            assert code_of(tried) == "too_many_sign_ins"
            told = [action for action, _ in await journal(database)]
            assert told.count("person.sign_in_failed") == SIGN_IN_FAILURES_MAX

    asyncio.run(story())


def test_a_recovery_code_stands_in_once_and_goes_with_the_last_factor(place: Place) -> None:
    async def story() -> None:
        async with people(place) as database:
            codes = await set_up(database)
            assert await set_up_again(database) == "app_there"
            await half(database, NOW_US)
            assert (await code(database, codes[0].lower().replace("-", " "), NOW_US))[0] == KIM
            await half(database, NOW_US)
            with pytest.raises(Unauthenticated):
                await code(database, codes[0], NOW_US)
            proof, which = Proof("right", "10.0.0.1", "Kim one"), Which("app", KIM.id)
            wrong = Proof("wrong", "10.0.0.1", "Kim one")
            with pytest.raises(Unauthenticated):
                await remove_second_factor(KIM, wrong, which, by(KIM, "r"), verify, database)
            with pytest.raises(NotFound):
                await remove_second_factor(LEE, Proof("right", "10.0.0.1", ""), which, by(LEE, "r"), verify, database)
            await remove_second_factor(KIM, proof, which, by(KIM, "r"), verify, database)
            assert not await database.read(lambda c: credential_store.of_person(c, KIM.id))
            with pytest.raises(Refused):
                await code(database, codes[1], NOW_US)
            assert (await half(database, NOW_US, "whole")).is_in

    async def set_up_again(database: GroupCommit) -> str:
        with pytest.raises(Conflict) as there:
            await set_up(database, at_us=NOW_US + STEP_US)
        return code_of(there)

    asyncio.run(story())


def test_another_owner_resets_what_somebody_lost_and_all_of_it_stands_in_the_journal(place: Place) -> None:
    async def story() -> None:
        async with people(place) as database:
            codes = await set_up(database)
            await half(database, NOW_US)
            with pytest.raises(Conflict) as own:
                await reset_second_factor(KIM.id, by(KIM, "reset"), database)
            assert code_of(own) == "own_account"
            for nobody in ("psn_none", "none@example.com", LEE.id):
                with pytest.raises(NotFound):
                    await reset_second_factor(nobody, Act("cli:root", "reset", "", NOW_US), database)
            assert await reset_second_factor("Kim@Example.com", by(LEE, "reset", NOW_US + 1), database) == KIM
            assert await signed_in(database) == 0
            with pytest.raises(Refused):
                await code(database, codes[0], NOW_US)
            assert (await half(database, NOW_US + 2, "whole")).is_in
            told = await journal(database)
            assert [action for action, _ in told] == [
                "person.add_second_factor", "person.reset_second_factor", "person.sign_in",
            ]  # fmt: skip
            assert told[0][1] == {"place": "10.0.0.1", "by": "app"}
            assert told[2][1] == {"place": "10.0.0.1", "by": "password"}
            for secret in (*codes, "right", SECRETS["kim"].hex(), "half", "Kim one"):
                assert secret not in json.dumps(told)

    asyncio.run(story())


async def challenged(database: GroupCommit, at_us: int = NOW_US, who: Person | None = None) -> dict[str, Any]:
    """A challenge for the laptop, as its page gets it."""
    challenge = f"Y2hhbGxlbmdl{at_us}{'bmV3' if who else ''}"
    purpose, id = ("new_passkey", who.id) if who else ("passkey", PersonId(""))
    made = ticket(challenge, purpose, "laptop", at_us, person=id, good_us=CHALLENGE_US)  # type: ignore[arg-type]
    await database.write(lambda c: ticket_store.add(c, made))
    options = HERE.to_make(who, challenge, []) if who else HERE.to_sign(challenge)
    told: dict[str, Any] = json.loads(options)
    return told


async def added(database: GroupCommit, passkey: SoftPasskey, who: Person = KIM, at_us: int = NOW_US) -> list[str]:
    sent = passkey.make(await challenged(database, at_us, who))
    given = PasskeyAdded(signed_of(sent.encode()), "Laptop", "laptop", f"{who.name} one", "10.0.0.1", RANDOM)
    return await add_passkey(who, given, by(who, f"add {at_us}", at_us), HERE.check_new, database)


async def entered(database: GroupCommit, sent: str, at_us: int, browser: str = "laptop") -> Person:
    arrival = Arrival(token=f"by passkey {at_us}", browser=browser, place="10.0.0.1", by="passkey")
    return await enter_by_passkey(signed_of(sent.encode()), arrival, HERE.check_signed, database, at_us)


def test_a_passkey_signs_in_by_itself_and_is_asked_for_after_a_password(place: Place) -> None:
    async def story() -> None:
        async with people(place) as database:
            passkey = SoftPasskey("https://ai.example", "ai.example")
            assert len(await added(database, passkey)) == RECOVERY_CODES
            assert await signed_in(database) == 1
            assert await added(database, SoftPasskey("https://ai.example", "ai.example"), at_us=NOW_US + 1) == []
            assert not (await half(database, NOW_US)).is_in
            options = await challenged(database)
            assert options["userVerification"] == "required"
            assert not options.get("allowCredentials")
            sent = passkey.sign(options)
            assert await entered(database, sent, NOW_US) == KIM
            with pytest.raises(Refused):
                await entered(database, sent, NOW_US + 1)  # the challenge was used
            kept = await database.read(lambda c: credential_store.found(c, "passkey", passkey.known_as))
            assert kept is not None
            assert (kept.counter, kept.used_us, kept.name) == (1, NOW_US, "Laptop")
            with pytest.raises(Conflict):
                await added(database, passkey, LEE, NOW_US + 2)
            for n in range(PASSKEYS_MAX - 2):
                await added(database, SoftPasskey("https://ai.example", "ai.example"), at_us=NOW_US + 10 + n)
            with pytest.raises(Refused) as many:
                await added(database, SoftPasskey("https://ai.example", "ai.example"), at_us=NOW_US + 99)
            assert code_of(many) == "too_many_passkeys"

    asyncio.run(story())


def test_a_passkey_with_anything_wrong_opens_nothing(place: Place) -> None:
    async def story() -> None:
        async with people(place) as database:
            good = SoftPasskey("https://ai.example", "ai.example")
            for origin, host in (
                ("https://evil.example", "ai.example"), ("https://ai.example", "evil.example"),
                ("http://ai.example", "ai.example"), ("https://ai.example.evil.example", "ai.example"),
            ):  # fmt: skip
                with pytest.raises(Refused):
                    await added(database, SoftPasskey(origin, host))
            unlocked = SoftPasskey("https://ai.example", "ai.example")
            unlocked.flags = PRESENT  # nobody showed a face, a finger or a PIN
            with pytest.raises(Refused):
                await added(database, unlocked)
            await added(database, good)
            stranger = SoftPasskey("https://ai.example", "ai.example")
            stranger.person = good.person
            forged = SoftPasskey("https://ai.example", "ai.example")
            forged.person, forged.id = good.person, good.id  # another key under the same id
            at_us = NOW_US + 10
            for n, wrong in enumerate((stranger, forged)):
                with pytest.raises(Refused):
                    await entered(database, wrong.sign(await challenged(database, at_us + n)), at_us + n)
            changes: list[tuple[str, object]] = [
                ("origin", "https://evil.example"), ("host", "evil.example"), ("flags", PRESENT), ("counter", -1),
                ("person", "cHNuX2xlZQ"),
            ]  # fmt: skip
            good.counter = 5
            assert await entered(database, good.sign(await challenged(database, at_us + 5)), at_us + 5) == KIM
            for n, (name, value) in enumerate(changes, 10):
                right = getattr(good, name)
                setattr(good, name, value)
                sent = good.sign(await challenged(database, at_us + n))
                setattr(good, name, right)
                with pytest.raises(Refused) as wrong_one:
                    await entered(database, sent, at_us + n)
                assert code_of(wrong_one) == "passkey_wrong", name
                with pytest.raises(Refused):
                    await entered(database, good.sign({"challenge": f"Y2hhbGxlbmdl{at_us + n}"}), at_us + n)  # used up
            good.counter = 9
            for browser, when in (("phone", at_us + 50), ("laptop", at_us + 50 + CHALLENGE_US)):
                sent = good.sign(await challenged(database, at_us + 50)) if browser == "phone" else sent
                with pytest.raises(Refused):
                    await entered(database, sent, when, browser)
            sent = good.sign(await challenged(database, at_us + 60, KIM))  # a challenge to make one, not to come in
            with pytest.raises(Refused):
                await entered(database, sent, at_us + 60)
            assert await signed_in(database) == 2
            failed = [action for action, _ in await journal(database)].count("person.sign_in_failed")
            assert failed == len(changes) + 1  # of Kim's passkey; a stranger's is nobody's

    asyncio.run(story())


@pytest.mark.parametrize(
    "sent", ["", "{}", "[]", "null", '{"id": "x", "response": {"clientDataJSON": "e30"}}', "\ud83d"]
)
def test_what_is_no_passkey(sent: str) -> None:
    with pytest.raises(Refused):
        signed_of(sent.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("", None), ("https://203.0.113.7", None), ("http://[::1]:8000", None), ("ai.example.com", None),
        ("http://localhost:8000", "http://localhost:8000"), ("https://ai.example.com:8443/", "https://ai.example.com:8443"),
        ("https://AI.Example.com:443/", "https://ai.example.com"), ("http://localhost:80", "http://localhost"),
    ],
)  # fmt: skip
def test_passkeys_hang_on_a_name_as_browsers_say_it(public_url: str, origin: str | None) -> None:
    party = party_of(public_url, "Gaon AI")
    assert (party.origin if party else None) == origin
    assert party is None or party.id in {"localhost", "ai.example.com"}
