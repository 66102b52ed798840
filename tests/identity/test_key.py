"""Keys: shown once, kept as digests, found in no text we make."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.identity.caller import Role, digest
from solvent.identity.key import SECRET_BYTES, NewKey, clean_models, clean_name, issue, secret
from solvent.values.errors import Invalid
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US
from solvent.values.limits import KEY_MODELS_MAX, NAME_CHARACTERS_MAX

SECRET = secret("customer", Random(2).randbytes(SECRET_BYTES))
LONGEST = "x" * NAME_CHARACTERS_MAX


@pytest.mark.parametrize(
    ("role", "begins"), [("customer", "sk-solvent-"), ("owner", "op-solvent-"), ("read_only", "op-solvent-")]
)
def test_a_secret_tells_what_it_opens_and_nothing_else(role: Role, begins: str) -> None:
    made = secret(role, bytes(range(SECRET_BYTES)))
    assert made == begins + bytes(range(SECRET_BYTES)).hex()
    assert made.isascii()


def test_secrets_of_other_randomness_differ() -> None:
    random = Random(1)
    assert len({secret("customer", random.randbytes(SECRET_BYTES)) for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize("length", [0, 16, SECRET_BYTES - 1, SECRET_BYTES + 1])
def test_a_secret_of_less_randomness_is_a_defect(length: int) -> None:
    with pytest.raises(AssertionError):
        secret("customer", bytes(length))


def test_what_is_kept_and_shown_of_a_key_holds_no_way_back_to_it() -> None:
    new = NewKey("customer", CustomerId("cus_1"), SECRET, 7)
    key, kept = issue(new, 5)
    assert kept == digest(SECRET.encode())
    assert (key.hint, key.created_us, key.expires_us, key.revoked_us) == (SECRET[-4:], 5, NEVER_US, 0)
    for text in (repr(new), repr(key), str(new)):
        assert SECRET not in text
        assert SECRET[len("sk-solvent-") : -4] not in text


@pytest.mark.parametrize("expires_us", [0, 4, 5])
def test_a_key_that_is_over_before_it_begins_is_refused(expires_us: int) -> None:
    with pytest.raises(Invalid) as caught:
        issue(NewKey("owner", None, SECRET, 7, "", expires_us), 5)
    assert (caught.value.code, caught.value.param) == ("bad_expiry", "expires")


@pytest.mark.parametrize(
    ("name", "kept"),
    [("  Kim \t Lee \n", "Kim Lee"), ("한", "한"), (LONGEST, LONGEST), ("👩‍🔧 가게", "👩‍🔧 가게")],
)
def test_a_name_is_kept_without_needless_space(name: str, kept: str) -> None:
    assert clean_name(name, "a name") == kept


@pytest.mark.parametrize("name", ["", " ", "\t\n\u3000", LONGEST + "x", "a\x00b", "a\x1b[31mb", "a\u202eb", "a\ud800b"])
def test_a_name_that_is_none_or_cannot_be_printed_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        clean_name(name, "a customer's name")
    assert (caught.value.code, caught.value.param) == ("bad_name", "name")


@given(st.text(max_size=200))
def test_a_clean_name_is_clean_already(name: str) -> None:
    try:
        clean = clean_name(name, "a name")
    except Invalid:
        return
    assert clean_name(clean, "a name") == clean
    assert 1 <= len(clean) <= NAME_CHARACTERS_MAX


def test_a_key_has_each_of_its_models_once_in_the_order_they_were_given() -> None:
    assert clean_models(["b", "a", "b"]) == ("b", "a")
    new = NewKey("customer", CustomerId("cus_1"), SECRET, 7, models=("b", "a", "b"))
    assert issue(new, 5)[0].models == ("b", "a")
    assert len(clean_models([str(n) for n in range(KEY_MODELS_MAX)])) == KEY_MODELS_MAX


@pytest.mark.parametrize(
    "models", [[""], [" "], ["a "], ["\ta"], ["a\x00"], [LONGEST + "x"], [str(n) for n in range(KEY_MODELS_MAX + 1)]]
)
def test_what_is_no_name_of_a_model_and_too_many_are_refused(models: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        clean_models(models)
    assert (caught.value.code, caught.value.param) == ("bad_request", "models")
