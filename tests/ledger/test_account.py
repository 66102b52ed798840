"""Accounts are paths, so that prefixes sum; what names them cannot reach into another's."""

from __future__ import annotations

from solvent.ledger.account import api_cost, api_payable, wallet
from solvent.values.ids import CustomerId


def test_wallets_share_a_prefix() -> None:
    assert wallet(CustomerId("cus_1")) == "wallet:cus_1"
    assert wallet(CustomerId("cus_1")).startswith(wallet(CustomerId("")))


def test_each_provider_has_its_own_cost_and_debt() -> None:
    assert (api_cost("openai"), api_payable("openai")) == ("cost:api:openai", "payable:openai")
    assert api_cost("openai") != api_cost("azure")
