"""The table of permissions: every action has an answer for every role, and the answers make sense together."""

from __future__ import annotations

import pytest

from solvent.identity.caller import OPERATOR_ROLES, USES, Caller, Role, Use
from solvent.identity.permission import ACTIONS, ALLOWED, PATHS, Action, demand, demand_use, may
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


@pytest.mark.parametrize("use", USES)
def test_a_limited_key_is_for_the_paths_of_its_uses_alone(use: Use) -> None:
    one = Caller(KeyId("key_1"), "customer", uses=frozenset((use,)))
    for steps, of in PATHS.items():
        for path in (f"/v1/{steps}", f"/v1/{steps}/x", f"/v1/{steps}/x/y"):
            demand_use(Caller(KeyId("key_1"), "customer"), path)
            if of == use:
                demand_use(one, path)
                continue
            with pytest.raises(Refused) as caught:
                demand_use(one, path)
            assert caught.value.code == "use_not_allowed"
    demand_use(one, "/v1/models")


@pytest.mark.parametrize(
    "path",
    ["", "/", "*", "/v1", "/v1/", "/v1//chat", "/v2/chat", "/chat", "/v1/Chat", "/v1/chats", "/v1/models/../customers"],
)
def test_what_has_no_use_is_closed_to_a_limited_key(path: str) -> None:
    with pytest.raises(Refused):
        demand_use(Caller(KeyId("key_1"), "customer", uses=frozenset(USES)), path)
