"""Coupons: what they take off is whole and never more than the price; who may take them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvent.billing.coupon import FOR_EVER, Coupon, Redemption, check, code_of, demand_good, discount, fits, used
from solvent.values.errors import Invalid, Refused
from solvent.values.ids import CustomerId
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money, money

WHOLE = GRAINS_PER_MINOR_UNIT


def coupon(**changes: Any) -> Coupon:
    whole: dict[str, Any] = {
        "code": "SPRING", "what": "percent", "permille": 200, "grains": 0, "currency": "", "periods": 3,
        "valid_days": 0, "from_us": 100, "until_us": 200, "redemptions_most": 0, "plans": "",
    }  # fmt: skip
    return Coupon(**(whole | changes))


@pytest.mark.parametrize(
    ("made", "price", "off"),
    [
        (coupon(permille=200), "9900", "1980"),
        (coupon(permille=333), "9900", "3297"),  # 3,296.7
        (coupon(permille=1000), "9900", "9900"),
        (coupon(what="amount", grains=3_000 * WHOLE, currency="KRW"), "9900", "3000"),
        (coupon(what="amount", grains=30_000 * WHOLE, currency="KRW"), "9900", "9900"),
        (coupon(what="gift", grains=3_000 * WHOLE, currency="KRW"), "9900", "0"),
    ],
)
def test_worked_examples(made: Coupon, price: str, off: str) -> None:
    assert discount(made, money(price, "KRW")) == money(off, "KRW")


@given(st.integers(1, 1000), st.integers(0, 10**9))
@settings(deadline=None)
def test_a_part_off_is_whole_and_within_the_price(permille: int, units: int) -> None:
    price = Money(units * WHOLE, "KRW")
    off = discount(coupon(permille=permille), price)
    assert off.grains % WHOLE == 0
    assert 0 <= off.grains <= price.grains
    assert abs(off.grains * 1000 - price.grains * permille) <= 500 * WHOLE


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_an_amount_off_never_makes_a_price_negative(off: int, units: int) -> None:
    price = Money(units * WHOLE, "USD")
    left = price - discount(coupon(what="amount", grains=off * WHOLE, currency="USD"), price)
    assert left.grains == max(0, (units - off) * WHOLE)


@pytest.mark.parametrize(
    ("made", "redeemed", "at_us", "code"),
    [
        (coupon(), 0, 99, "coupon_expired"),
        (coupon(), 0, 200, "coupon_expired"),
        (coupon(redemptions_most=5), 5, 150, "coupon_used_up"),
        (coupon(plans="pro team"), 0, 150, "coupon_does_not_fit"),
        (coupon(what="amount", currency="USD", grains=1), 0, 150, "coupon_does_not_fit"),
    ],
)
def test_who_cannot_take_it_is_told_why(made: Coupon, redeemed: int, at_us: int, code: str) -> None:
    with pytest.raises(Refused) as caught:
        demand_good(made, "plus", "KRW", redeemed, at_us)
    assert (caught.value.code, caught.value.param) == (code, "code")
    assert made.code in caught.value.message


@pytest.mark.parametrize("at_us", [100, 150, 199])
def test_it_is_good_from_its_first_instant_until_just_before_its_end(at_us: int) -> None:
    demand_good(coupon(redemptions_most=5, plans="plus pro"), "plus", "KRW", 4, at_us)


def test_it_fits_the_plans_it_names_or_all() -> None:
    assert fits(coupon(), "anything")
    assert fits(coupon(plans="plus pro"), "pro")
    assert not fits(coupon(plans="plus pro"), "pr")


def test_a_period_is_used_up_and_for_ever_is_not() -> None:
    held = Redemption("SPRING", CustomerId("cus_1"), 0, 2)
    assert used(held).periods_left == 1
    assert used(used(held)).periods_left == 0
    with pytest.raises(AssertionError):
        used(used(used(held)))
    lasting = msgspec.structs.replace(held, periods_left=FOR_EVER)
    assert used(lasting) == lasting


def test_a_code_is_what_is_typed_without_spaces_in_capitals() -> None:
    assert code_of(" spring 20 ") == "SPRING20"
    assert check(coupon(code="봄 할인 20", plans="  plus   pro ")) == coupon(code="봄할인20", plans="plus pro")


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (coupon(code="ab"), "code"),
        (coupon(code="-abc"), "code"),
        (coupon(code="a b/c"), "code"),
        (coupon(permille=0), "permille"),
        (coupon(permille=1001), "permille"),
        (coupon(what="amount", grains=0, currency="KRW"), "amount"),
        (coupon(what="amount", grains=5, currency="KRW"), "amount"),
        (coupon(what="gift", grains=-5, currency="KRW"), "amount"),
        (coupon(periods=0), "periods"),
        (coupon(periods=-2), "periods"),
        (coupon(valid_days=-1), "valid_days"),
        (coupon(until_us=100), "until"),
        (coupon(redemptions_most=-1), "redemptions_most"),
    ],
)
def test_a_coupon_that_cannot_be_names_its_field(made: Coupon, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(made)
    assert (caught.value.code, caught.value.param) == ("bad_coupon", field)


def test_a_gift_in_an_unknown_currency_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        check(coupon(what="gift", grains=5, currency="XXX"))
    assert caught.value.code == "unknown_currency"
