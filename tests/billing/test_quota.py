"""Quotas: the pots of a period, and transfers that are never made twice."""

from __future__ import annotations

import msgspec
import pytest

from solvent.billing.included import Included, unlimited
from solvent.billing.plan import Plan, Seats, Trial
from solvent.billing.quota import (
    Quota,
    closed,
    given,
    grant_quota,
    pack_quota,
    period_quotas,
    pot_of,
    rolled_over,
    taken_back,
)
from solvent.billing.subscription import SubscriptionId, begun, waiting
from solvent.ledger.account import CUSTOMER_GRANTS, MEMO_EXPIRED, MEMO_ISSUED
from solvent.values.ids import CustomerId
from solvent.values.money import money

KIM = CustomerId("cus_1")
PLAN = Plan(
    name="team", price=money("30000", "KRW"), seats=Seats(2, money("5000", "KRW"), 9), beyond="overage",
    overage_most=money("10000", "KRW"), trial=Trial(7, (Included("answers", 5),)),
    included=(
        Included("answers", 100, ("small", "house"), 10, each_seat=True), Included("tokens", 5_000),
        Included("answers", unlimited("answers"), ("free",)),
    ),
)  # fmt: skip


def quotas(*, with_trial: bool = False) -> list[Quota]:
    asked = waiting(SubscriptionId("sub_1"), KIM, PLAN, 4, None, "card", "Asia/Seoul", 1_000)
    return period_quotas(begun(asked, PLAN, 1_000, with_trial=with_trial), PLAN)


def test_a_period_opens_one_pot_for_each_quota_and_one_on_account() -> None:
    found = quotas()
    assert [(quota.account, quota.unit, quota.issued, quota.roll_most) for quota in found] == [
        ("allowance:cus_1:sub_1.1000.answers-house+small", "ANSWERS", 400, 40),
        ("allowance:cus_1:sub_1.1000.tokens", "TOKENS", 5_000, 0),
        ("allowance:cus_1:sub_1.1000.unlimited.answers-free", "ANSWERS", unlimited("answers"), 0),
        ("overage:cus_1:sub_1.1000", "KRW.ON-ACCOUNT", money("10000", "KRW").grains, 0),
    ]
    assert [quota.kind for quota in found] == ["allowance"] * 3 + ["overage"]
    assert found[0].classes == "small house"
    assert all(quota.opens_us == 1_000 < quota.expires_us for quota in found)


def test_a_trial_has_its_own_quotas_and_nothing_on_account() -> None:
    assert [(quota.place, quota.issued) for quota in quotas(with_trial=True)] == [("answers", 5)]


def test_a_pot_is_good_until_its_quota_ends_or_is_stopped() -> None:
    quota = quotas()[0]
    assert pot_of(quota, quota.expires_us + 5).expires_us == quota.expires_us
    assert pot_of(quota, 1_500).expires_us == 1_500
    assert (pot_of(quota, 1_500).opens_us, pot_of(quota, 1_500).classes) == (1_000, "small house")


def test_customers_are_told_at_four_fifths_of_what_can_run_out() -> None:
    assert [pot_of(quota, quota.expires_us).alert_grains for quota in quotas()] == [
        320, 4_000, 0, money("8000", "KRW").grains,
    ]  # fmt: skip
    assert pot_of(grant_quota(KIM, "g", money("5", "KRW"), 0, 9), 9).alert_grains == 0


def test_each_move_has_an_id_of_its_own() -> None:
    quota = quotas()[0]
    issued, first = given(quota, quota.issued, 1_000)
    back, second = taken_back(issued, 30, 2_000)
    following = msgspec.structs.replace(quota, account="allowance:cus_1:sub_1.9.answers-house+small")
    rolled, third = rolled_over(back, following, 40, 3_000)
    assert len({first.id, second.id, third.id}) == 3
    assert (first.debit, first.credit, first.grains) == (MEMO_ISSUED, quota.account, 400)
    assert (second.debit, second.credit) == (quota.account, MEMO_EXPIRED)
    assert (third.debit, third.credit) == (quota.account, following.account)
    assert (rolled.moves, rolled.rolled, closed(rolled).state) == (3, 40, "closed")
    assert given(quota, quota.issued, 1_000) == (issued, first), "the same step is the same transfer"


def test_no_more_rolls_over_than_may_and_only_into_its_like() -> None:
    answers, tokens = quotas()[:2]
    with pytest.raises(AssertionError):
        rolled_over(answers, answers, 41, 0)
    with pytest.raises(AssertionError):
        rolled_over(answers, tokens, 1, 0)


def test_gifts_are_our_expense_and_what_expires_is_none() -> None:
    gift = grant_quota(KIM, "g1", money("5000", "KRW"), 10, 99)
    issued, transfer = given(gift, gift.issued, 10)
    assert (transfer.debit, transfer.credit, transfer.currency) == (CUSTOMER_GRANTS, "grant:cus_1:g1", "KRW")
    _, back = taken_back(issued, 7, 99)
    assert (back.debit, back.credit, back.grains) == ("grant:cus_1:g1", CUSTOMER_GRANTS, 7)


def test_a_pack_is_an_allowance_of_its_own() -> None:
    pack = pack_quota(KIM, "pak_1", Included("money", 12, ("large",)), "KRW", 5, 99)
    assert (pack.account, pack.unit, pack.kind) == ("allowance:cus_1:pak_1.money-large", "KRW.INCLUDED", "allowance")
    assert (pack.opens_us, pack.expires_us, pack.issued, pack.source) == (5, 99, 12, "pak_1")
