"""The table of permissions: every action has an answer for every role, and the answers make sense together."""

from __future__ import annotations

import pytest

from solvent.identity.caller import OPERATOR_ROLES, Caller, Role
from solvent.identity.permission import ACTIONS, ALLOWED, Action, demand, may
from solvent.values.errors import Refused
from solvent.values.ids import KeyId


def test_every_action_is_in_the_table_and_the_owner_may_all_of_them() -> None:
    assert set(ALLOWED) == set(ACTIONS)
    assert all("owner" in roles for roles in ALLOWED.values())


def test_a_customers_key_may_nothing_here() -> None:
    assert not any(may("customer", action) for action in ACTIONS)


def test_who_reads_only_changes_nothing() -> None:
    assert not [action for action in ACTIONS if action.endswith(".write") and may("read_only", action)]


def test_support_moves_no_money_and_sees_no_cost() -> None:
    forbidden: tuple[Action, ...] = (
        "wallets.write", "payments.write", "invoices.write", "prices.write", "plans.write", "ledger.write",
        "coupons.write", "margin.read", "ledger.read", "prices.read", "audit.read", "operators.read",
        "operators.write",
    )  # fmt: skip
    assert not [action for action in forbidden if may("support", action)]


def test_only_the_owner_says_who_else_runs_the_place() -> None:
    assert ALLOWED["operators.read"] == ALLOWED["operators.write"] == {"owner"}


def test_who_may_write_may_read() -> None:
    for action in ACTIONS:
        if action.endswith(".write"):
            read = action.replace(".write", ".read")
            assert read in ALLOWED
            assert ALLOWED[action] <= ALLOWED[read], action


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", ["customer", *OPERATOR_ROLES])
def test_a_refusal_says_who_may(action: Action, role: Role) -> None:
    caller = Caller(KeyId("key_1"), role)
    if may(role, action):
        demand(caller, action)
        return
    with pytest.raises(Refused) as caught:
        demand(caller, action)
    assert caught.value.code == ("operator_key_needed" if role == "customer" else "role_not_allowed")
    if role != "customer":
        assert all(allowed in caught.value.message for allowed in ALLOWED[action])
