"""Adding customers and operators: whoever is added can call from then on, and after a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.db.opened import opened

from solvent.identity import store
from solvent.identity.add_customer import add_customer
from solvent.identity.add_operator import add_operator
from solvent.identity.caller import Caller
from solvent.identity.key import SECRET_BYTES, digest, secret
from solvent.values.errors import Invalid
from solvent.values.limits import NAME_CHARACTERS_MAX

NOW_US = 1_795_521_600_000_000
SECRETS = [secret("customer", bytes([n]) * SECRET_BYTES) for n in range(9)]


def test_a_customer_is_found_by_the_digest_of_their_key(tmp_path: Path) -> None:
    async def add() -> None:
        async with opened(tmp_path) as database:
            kim = await add_customer("Kim", "plus", SECRETS[0], database, NOW_US, 1)
            lee = await add_customer("이 순신", "free", SECRETS[1], database, NOW_US + 1, 2)
            await add_operator(SECRETS[2], database, NOW_US + 2, 3)
            assert (kim.name, kim.plan, kim.created_us) == ("Kim", "plus", NOW_US)
            assert kim.id.startswith("cus_") and kim.id < lee.id  # noqa: PT018
            assert await database.read(store.all_customers) == [kim, lee]

    async def after_a_restart() -> dict[bytes, Caller]:
        async with opened(tmp_path) as database:
            return await database.read(store.callers)

    asyncio.run(add())
    callers = asyncio.run(after_a_restart())
    assert set(callers) == {digest(key.encode()) for key in SECRETS[:3]}
    kim, lee, operator = (callers[digest(key.encode())] for key in SECRETS[:3])
    assert (kim.role, kim.customer and kim.customer.name) == ("customer", "Kim")
    assert (lee.role, lee.customer and lee.customer.name) == ("customer", "이 순신")
    assert (operator.role, operator.customer) == ("operator", None)


def test_no_secret_is_written_to_the_disk(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as database:
            await add_customer("Kim", "plus", SECRETS[0], database, NOW_US, 1)
            await add_operator(SECRETS[1], database, NOW_US, 2)

    asyncio.run(story())
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for key in SECRETS[:2]:
        assert key.encode() not in written
        assert key.encode()[-48:-4] not in written
        assert digest(key.encode()) in written


LONGEST = "x" * NAME_CHARACTERS_MAX


@pytest.mark.parametrize(("name", "kept"), [("  Kim \t Lee \n", "Kim Lee"), ("한", "한"), (LONGEST, LONGEST)])
def test_a_name_is_kept_without_needless_space(tmp_path: Path, name: str, kept: str) -> None:
    async def story() -> str:
        async with opened(tmp_path) as database:
            return (await add_customer(name, "plus", SECRETS[0], database, NOW_US, 1)).name

    assert asyncio.run(story()) == kept


@pytest.mark.parametrize("name", ["", " ", "\t\n\u3000", "x" * (NAME_CHARACTERS_MAX + 1)])
def test_a_name_that_is_none_or_too_long_adds_nobody(tmp_path: Path, name: str) -> None:
    async def story() -> None:
        async with opened(tmp_path) as database:
            with pytest.raises(Invalid) as caught:
                await add_customer(name, "plus", SECRETS[0], database, NOW_US, 1)
            assert (caught.value.code, caught.value.param) == ("bad_name", "name")
            assert await database.read(store.callers) == {}

    asyncio.run(story())


def test_a_key_that_is_taken_adds_neither_key_nor_customer(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as database:
            await add_customer("Kim", "plus", SECRETS[0], database, NOW_US, 1)
            with pytest.raises(Exception, match="UNIQUE"):
                await add_customer("Lee", "plus", SECRETS[0], database, NOW_US, 2)
            assert [customer.name for customer in await database.read(store.all_customers)] == ["Kim"]

    asyncio.run(story())
