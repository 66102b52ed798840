"""What to do about an unpaid invoice: by card and by invoice, before and after it is due."""

from __future__ import annotations

import pytest

from solvent.billing.collection import Step, next_step
from solvent.billing.dunning import Schedule
from solvent.billing.order import OrderState, PaymentOrder
from solvent.billing.subscription import Pays
from solvent.values.ids import CustomerId
from solvent.values.instant import DAY_US

DUE = 10**15
SCHEDULE = Schedule((1, 3))


def order(state: OrderState, day: int, charges: str = "pm_1") -> PaymentOrder:
    return PaymentOrder(
        id=f"ord_{day}", customer=CustomerId("cus_1"), purpose="invoice:inv_1", rail="fake", account="", grains=1,
        vat_grains=0, currency="KRW", name="", state=state, charges=charges, created_us=DUE + day * DAY_US,
        expires_us=0,
    )  # fmt: skip


FAILED = [order("failed", day) for day in (0, 1, 3)]


@pytest.mark.parametrize(
    ("pays", "orders", "day", "is_late", "step"),
    [
        ("card", [], -1, False, "wait"),
        ("card", [], 0, False, "charge"),
        ("card", [order("open", 0)], 0, False, "wait"),
        ("card", [order("open", 0, charges="")], 0, False, "charge"),  # a checkout that nobody may ever pay
        ("card", FAILED[:1], 0, False, "late"),
        ("card", FAILED[:1], 0, True, "wait"),
        ("card", FAILED[:1], 1, True, "charge"),
        ("card", FAILED[:2], 2, True, "wait"),
        ("card", FAILED[:2], 3, True, "charge"),
        ("card", FAILED, 3, True, "give_up"),
        ("card", [*FAILED[:2], order("open", 3)], 9, True, "wait"),  # nobody knows yet whether it was paid
        ("card", [order("expired", 0)], 1, True, "charge"),
        ("card", [], 3, True, "give_up"),  # there was never anything to charge
        ("card", [], 9, False, "charge"),
        ("invoice", [], -1, False, "wait"),
        ("invoice", [], 0, False, "late"),
        ("invoice", [], 0, True, "wait"),
        ("invoice", [], 3, True, "give_up"),
        ("invoice", [order("open", 2)], 3, True, "wait"),
        ("card", [order("charged_back", 0)], 0, False, "late"),  # never charged again by itself
        ("card", [order("charged_back", 0)], 4, True, "wait"),
        ("card", [order("charged_back", 0)], 5, True, "give_up"),  # its grace is over
    ],
)
def test_each_case_has_its_step(pays: Pays, orders: list[PaymentOrder], day: int, is_late: bool, step: Step) -> None:
    now_us, usable_until_us = DUE + day * DAY_US, DUE + 5 * DAY_US
    found = next_step(pays, SCHEDULE, orders, DUE, now_us, is_late=is_late, usable_until_us=usable_until_us)
    assert found == step
