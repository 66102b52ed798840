"""The chart of accounts of an AI service. An account is a path, so that prefixes sum.

What we own and spend grows by debits; what we owe and earn, by credits.
"""

from __future__ import annotations

from functools import cache

from solvent.values.ids import CustomerId

# What we own
CASH = "cash"  # cash:<rail>, such as cash:bank
PROCESSOR_RECEIVABLE = "receivable:processor"  # receivable:processor:<rail>: paid by card, not yet in the bank
SET_OFF = "receivable:set_off"  # from one invoice that has too much to another; always zero
INVOICES_RECEIVABLE = "receivable:invoices"  # receivable:invoices:<customer>: invoiced, not yet paid

# What we owe
VAT_PAYABLE = "vat:payable"
ENGINE_ACCRUED = "accrued:engine"

# What we earn
REVENUE_ANSWERS = "revenue:answers"
REVENUE_SUBSCRIPTIONS = "revenue:subscriptions"
REVENUE_OVERAGE = "revenue:overage"
REVENUE_PACKS = "revenue:packs"
BREAKAGE = "revenue:breakage"  # paid for, never used, now expired
REFUNDS = "refunds"  # refunds:<what>: earned and given back

# What we spend
ENGINE_BUSY = "cost:engine:busy"  # our own hardware while it answers, as the rate card says
ENGINE_IDLE = "cost:engine:idle"  # the same while nobody asks: the price of being there
ENERGY = "cost:energy"
EDGE = "cost:edge"
CUSTOMER_GRANTS = "expense:grants"  # money we gave customers to spend
HOUSE_LOSS = "expense:house_loss"  # answers that came to more than was held; should stay near zero
PAYMENT_FEES = "expense:payment_fees"  # expense:payment_fees:<rail>
CHARGEBACKS = "expense:chargebacks"
BAD_DEBT = "expense:bad_debt"  # invoices that were written off, VAT included

# What is left between
FX_DIFFERENCE = "fx:difference"
SUSPENSE = "suspense"  # what nobody can explain yet; suspense:bills:<provider>: of what a provider bills

# The other side of what is counted and not money: allowances, budgets, credit lines (ledger/unit.py)
MEMO_ISSUED = "memo:issued"
MEMO_USED = "memo:used"
MEMO_EXPIRED = "memo:expired"


def wallet(customer: CustomerId) -> str:
    """What a customer has prepaid: a liability that never goes below zero."""
    return f"wallet:{customer}"


def grant_account(customer: CustomerId, grant: str) -> str:
    """A gift of money that expires: a liability like the wallet, spent before it."""
    return f"grant:{customer}:{grant}"


def allowance(customer: CustomerId, period: str) -> str:
    """What a plan includes for one period. `period` tells it from every other of this customer."""
    return f"allowance:{customer}:{period}"


def overage(customer: CustomerId, period: str) -> str:
    """How much a customer may still use on account before the next invoice: a credit line, counted, not money."""
    return f"overage:{customer}:{period}"


def unbilled(customer: CustomerId) -> str:
    """What a customer has used on account and no invoice has asked for yet: ours."""
    return f"receivable:unbilled:{customer}"


def invoiced(customer: CustomerId) -> str:
    """What invoices have asked of a customer and nobody has paid yet: ours."""
    return f"{INVOICES_RECEIVABLE}:{customer}"


def budget(scope: str, period: str) -> str:
    """How much of a limit is left. scope: such as key:key_1 or user:cus_1:kim; period: its first day."""
    return f"budget:{scope}:{period}"


def deferred(subscription: str) -> str:
    """What a subscriber has paid for days to come: a liability."""
    return f"deferred:{subscription}"


@cache  # of the few providers there are: two for every answer
def api_cost(provider: str) -> str:
    """What answers of a provider cost us."""
    return f"cost:api:{provider}"


def lost_cost(provider: str) -> str:
    """What attempts of a provider may cost us that failed before they answered, and that another one answered."""
    return f"cost:lost:{provider}"


@cache
def api_payable(provider: str) -> str:
    """What we owe a provider until its invoice is paid."""
    return f"payable:{provider}"


def bill_suspense(provider: str) -> str:
    """What a provider bills beyond our books, or less, until somebody can explain it."""
    return f"{SUSPENSE}:bills:{provider}"
