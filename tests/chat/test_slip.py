"""The receipt under an answer: its lines sum to what it is worth, and who pays it, VAT and what is left are said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace
from tests.answering.test_store import TEXTS
from tests.billing.subscribers import PLUS, at
from tests.pricing.cards import ONLY, cards, usages

from solvent.answering.receipt import Receipt
from solvent.billing.subscription import SubscriptionId, begun, waiting
from solvent.chat.holdings import Holding
from solvent.chat.slip import Shown, dots, slip
from solvent.invoicing.tax import Tax
from solvent.pages.words import words_of
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money
from solvent.values.usage import Usage

WORDS = words_of("en")
TEN = Tax()
NONE = Receipt(**{name: "" if name in TEXTS else 0 for name in Receipt.__struct_fields__})  # type: ignore[arg-type]
CARD = RateCard("house", "KRW", 0, "made up", input_picos=10**9, output_picos=4 * 10**9)


def a_receipt(used: Usage, card: RateCard, included: int = 0, overrun: int = 0, **more: Any) -> Receipt:
    """What came of it: of what is due so much is included, so much beyond the hold, and the rest is charged."""
    due = rate(used, card).grains
    overrun = min(overrun, due)
    included = min(included, due - overrun)
    return replace(
        NONE, **asdict(used), currency="KRW", price_card=card.version, charge_grains=due - overrun - included,
        included_grains=included, overrun_grains=overrun, **more,
    )  # fmt: skip


def drawn(
    receipt: Receipt, card: RateCard = CARD, tax: Tax = TEN, cheaper: tuple[str, str] | None = None
) -> dict[str, Any]:  # fmt: skip
    return slip(receipt, Shown("Careful", (card,), tax, cheaper), WORDS)


@given(usages(10**7), cards(currency=ONLY["KRW"]), st.integers(0, 10**20), st.integers(0, 10**20))
def test_its_lines_sum_to_what_it_is_worth_whatever_was_used(
    used: Usage, card: RateCard, included: int, overrun: int
) -> None:
    receipt = a_receipt(used, card, included, overrun)
    found = drawn(receipt, card)
    lines = [Decimal(line["amount"]) for line in found["lines"]]
    worth = Decimal(found["charge"])
    assert Money(receipt.charge_grains + receipt.included_grains, "KRW") == Money(int(worth * 10**7), "KRW")
    assert sum(lines) == worth if worth else not lines
    if "tax" in found:
        assert Decimal(found["net"]) + Decimal(found["tax"]) == Decimal(found["due"])


def test_what_an_overrun_took_over_is_a_line_below_zero() -> None:
    found = drawn(a_receipt(Usage(input_tokens=2_000, output_tokens=1_000), CARD, overrun=15 * 10**6))
    assert [(line["name"], line["amount"]) for line in found["lines"]] == [
        ("Read", "2"), ("Written", "4"), ("Beyond what was set aside, not charged", "-1.5"),
    ]  # fmt: skip
    assert (found["charge"], found["due"]) == ("4.5", "4.5")


@pytest.mark.parametrize(
    ("tax", "said"),
    [
        (Tax(), {"net": "4", "tax": "0.4", "tax_percent": "10"}), (Tax(rate_permille=75), {"tax_percent": "7.5"}),
        (Tax("exclusive"), {}), (Tax("reverse_charge"), {}), (Tax("none"), {}), (Tax(rate_permille=0), {}),
    ],
)  # fmt: skip
def test_vat_is_told_where_what_is_paid_contains_it(tax: Tax, said: dict[str, str]) -> None:
    receipt = a_receipt(Usage(input_tokens=4_400), CARD, source="wallet")
    found = drawn(receipt, tax=tax)
    assert {name: found.get(name) for name in said} == said
    assert ("tax" in found) == bool(said)
    covered = a_receipt(Usage(input_tokens=4_400), CARD, included=10**12, source="allowance")
    assert "tax" not in drawn(covered, tax=tax), "nothing is paid for it now"
    assert drawn(covered)["paid_by"] == ["allowance"]


def test_a_free_answer_has_no_lines_and_is_nobodys_to_pay() -> None:
    free = replace(CARD, input_picos=0, output_picos=0)
    found = drawn(a_receipt(Usage(input_tokens=100, output_tokens=9), free), free)
    assert (found["lines"], found["charge"], found["due"], found["paid_by"]) == ([], "0", "0", [])


def test_why_this_model_names_what_another_would_have_cost() -> None:
    asked = a_receipt(Usage(input_tokens=4_400), CARD, reason="asked", model="m")
    assert drawn(asked)["why"] == "You chose this way"
    said = drawn(asked, cheaper=("Quick", "₩1.2"))
    assert (said["why"], said["model"], said["reason"]) == (
        "You chose this way. Quick would have cost about ₩1.2", "m", None
    )  # fmt: skip
    assert drawn(replace(asked, reason="break_even"))["reason"] == "a lighter way"


def test_the_dots_of_a_plan_mark_this_answer() -> None:
    now_us = at("2026-03-01T00:00:00")
    asked = waiting(SubscriptionId("sub_1"), CustomerId("cus_1"), PLUS, 1, None, "card", "Asia/Seoul", now_us)
    current = begun(asked, PLUS, now_us, with_trial=False)
    held = Holding(source="plan", unit="ANSWERS", left=288, given=300, classes="quick", ends_us=NEVER_US)
    found = dots([held], "quick", current, PLUS, "Plus")
    assert found == {
        "name": "Plus", "price": "9900", "included": 300, "nth": 12, "resets_at": "2026-03-31T15:00:00.000Z",
        "zone": "Asia/Seoul", "period": "month",
    }  # fmt: skip
    for other in (
        replace(held, left=300), replace(held, source="pack"), replace(held, unit="TOKENS"),
        replace(held, classes="expert"),
    ):  # fmt: skip
        assert dots([other], "quick", current, PLUS, "Plus") is None
