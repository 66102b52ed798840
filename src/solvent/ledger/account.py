"""The chart of accounts, as far as answers need it. An account is a path, so that prefixes sum."""

from __future__ import annotations

from solvent.values.ids import CustomerId

CUSTOMER_GRANTS = "expense:grants"  # money we gave customers to spend
REVENUE_ANSWERS = "revenue:answers"
HOUSE_LOSS = "expense:house_loss"  # answers that came to more than was held; should stay near zero
ENGINE_COST = "cost:engine"  # our own hardware and energy, as the rate card says
ENGINE_ACCRUED = "accrued:engine"


def wallet(customer: CustomerId) -> str:
    """What we owe a customer in answers: a liability that never goes below zero."""
    return f"wallet:{customer}"


def api_cost(provider: str) -> str:
    """What answers of a provider cost us."""
    return f"cost:api:{provider}"


def api_payable(provider: str) -> str:
    """What we owe a provider until its invoice is paid."""
    return f"payable:{provider}"
