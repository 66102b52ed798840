"""Whom a document is made out to: numbers that check themselves, and nothing half filled in."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.invoicing.profile import Profile, check_profile, is_korean_business, registration_text
from solvent.invoicing.tax import Tax
from solvent.values.errors import Invalid

VALID = "1248100998"  # a public company's, as printed on its own site


def test_a_korean_business_number_checks_itself() -> None:
    assert is_korean_business(VALID)
    assert not is_korean_business("1248100997")
    assert not is_korean_business("124810099")
    assert not is_korean_business("١٢٤٨١٠٠٩٩٨")


@given(st.text("0123456789", min_size=9, max_size=9))
def test_each_nine_digits_have_exactly_one_that_checks_them(digits: str) -> None:
    assert sum(is_korean_business(digits + last) for last in "0123456789") == 1


@given(st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_noticed_but_where_the_scheme_is_blind(place: int, more: int) -> None:
    digits = list(VALID)
    digits[place] = str((int(digits[place]) + more) % 10)
    if place != 8:  # the ninth counts twice, by fives and by its tens, so some of its errors cancel out
        assert not is_korean_business("".join(digits))


def test_a_checked_profile_is_in_its_plain_form() -> None:
    given_ = Profile(legal_name="  주식회사   다리 ", registration_number="124-81-00998", address="서울\n중구")
    profile = check_profile(given_)
    assert (profile.legal_name, profile.registration_number) == ("주식회사 다리", VALID)
    assert profile.address == "서울 중구"
    assert registration_text(profile) == "124-81-00998"
    assert check_profile(profile) == profile


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"registration_number": "124-81-00997"}, "registration_number"),
        ({"country": "kr"}, "country"),
        ({"country": "KOR"}, "country"),
        ({"tax": Tax("reverse_charge", 0), "country": "DE"}, "registration_number"),
        ({"tax": Tax("inclusive", 999)}, "rate_permille"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, object], param: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_profile(msgspec.structs.replace(Profile(), **changes))
    assert caught.value.param == param


def test_numbers_of_other_countries_are_left_alone() -> None:
    profile = check_profile(Profile(country="DE", registration_number="DE 123 456 788", tax=Tax("reverse_charge")))
    assert registration_text(profile) == "DE123456788"
