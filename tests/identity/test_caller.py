"""Who calls is told by their key; who pays, by the caller."""

from __future__ import annotations

import hashlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.identity.caller import (
    OPERATOR_ROLES,
    Caller,
    Callers,
    Customer,
    caller_of,
    demand_customer,
    demand_model,
    demand_wallet,
    digest,
    may_ask,
)
from solvent.values.errors import Refused, Unauthenticated
from solvent.values.ids import CustomerId, KeyId

CUSTOMER = Customer(CustomerId("cus_1"), "Kim", "plus", 0)
PAYS = Caller(KeyId("key_1"), "customer", CUSTOMER)
ORPHAN = Caller(KeyId("key_3"), "customer")  # its customer is gone from the books
SECRET = b"sk-solvent-0123"
CALLERS = Callers({digest(SECRET): PAYS})


def test_a_customers_key_pays() -> None:
    assert demand_customer(PAYS) is demand_wallet(PAYS) is CUSTOMER


@pytest.mark.parametrize("role", OPERATOR_ROLES)
def test_an_operators_key_has_no_wallet(role: str) -> None:
    for demand in (demand_customer, demand_wallet):
        with pytest.raises(Refused) as caught:
            demand(Caller(KeyId("key_2"), role))  # type: ignore[arg-type]
        assert caught.value.code == "customer_key_needed"


def test_a_key_without_its_customer_may_do_nothing() -> None:
    for demand in (demand_customer, demand_wallet):
        with pytest.raises(Refused):
            demand(ORPHAN)


def test_a_suspended_customer_sees_the_wallet_and_asks_nothing() -> None:
    suspended = Caller(KeyId("key_1"), "customer", Customer(CustomerId("cus_1"), "Kim", "plus", 0, "suspended"))
    assert demand_wallet(suspended).name == "Kim"
    with pytest.raises(Refused) as caught:
        demand_customer(suspended)
    assert caught.value.code == "customer_suspended"


def test_a_key_without_a_limit_may_ask_every_model() -> None:
    assert may_ask(PAYS, "house")
    demand_model(PAYS, "")


@pytest.mark.parametrize("asked", ["big", "House", "house ", " house", "hous", "", "house\x00", "house,small"])
def test_a_limited_key_may_ask_its_models_by_their_very_names_alone(asked: str) -> None:
    limited = Caller(KeyId("key_1"), "customer", CUSTOMER, models=frozenset({"house", "small"}))
    demand_model(limited, "house")
    with pytest.raises(Refused) as caught:
        demand_model(limited, asked)
    assert (caught.value.code, caught.value.param) == ("model_not_allowed", "model")


def test_a_refusal_repeats_only_so_much_of_a_models_name() -> None:
    limited = Caller(KeyId("key_1"), "customer", CUSTOMER, models=frozenset({"house"}))
    with pytest.raises(Refused) as caught:
        demand_model(limited, "x" * 10_000)
    assert len(caught.value.message) < 250


def test_a_key_is_found_by_its_digest() -> None:
    assert caller_of(SECRET, CALLERS, 5) is PAYS


@pytest.mark.parametrize(
    ("sent", "code"),
    [(b"", "no_api_key"), (b"sk-solvent-0124", "invalid_api_key"), (digest(SECRET), "invalid_api_key"),
     (SECRET + b" ", "invalid_api_key"), (SECRET.upper(), "invalid_api_key")],
)  # fmt: skip
def test_what_is_no_key_opens_nothing_and_is_not_repeated(sent: bytes, code: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        caller_of(sent, CALLERS, 5)
    assert caught.value.code == code
    assert sent == b"" or sent.decode("latin-1") not in caught.value.message


@pytest.mark.parametrize(("now_us", "is_good"), [(99, True), (100, False), (101, False)])
def test_a_key_is_good_until_just_before_it_expires(now_us: int, is_good: bool) -> None:
    callers = Callers({digest(SECRET): Caller(KeyId("key_1"), "customer", CUSTOMER, 100)})
    assert caller_of(SECRET, callers, 5).key == "key_1"  # and known as it is from now on
    if is_good:
        assert caller_of(SECRET, callers, now_us) is caller_of(SECRET, callers, 5)
    else:
        with pytest.raises(Unauthenticated) as caught:
            caller_of(SECRET, callers, now_us)
        assert caught.value.code == "key_expired"


@pytest.mark.parametrize("given", [b"", b"sk-solvent-", b"\xff\x00", b"x" * 100_000])
def test_a_digest_is_sha256_of_whatever_was_sent(given: bytes) -> None:
    assert digest(given) == hashlib.sha256(given).digest()


@given(st.binary(max_size=200))
def test_nothing_but_the_key_itself_is_let_in(sent: bytes) -> None:
    if sent != SECRET:
        with pytest.raises(Unauthenticated):
            caller_of(sent, CALLERS, Random(1).randrange(10))
