"""Every operation there is, in the order the documents tell them."""

from __future__ import annotations

from typing import Final

from solvent.console import (
    alarms,
    asked,
    audit,
    bills,
    coupons,
    customers,
    documents,
    invoices,
    keys,
    ledger,
    limits,
    margin,
    months,
    moved,
    payments,
    people,
    plans,
    prices,
    providers,
    request_log,
    seats,
    simulations,
    subscriptions,
    suspense,
    wallets,
)
from solvent.console.operation import AnyOperation

OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    *customers.OPERATIONS,
    *keys.OPERATIONS,
    *people.OPERATIONS,
    *plans.OPERATIONS,
    *subscriptions.OPERATIONS,
    *seats.OPERATIONS,
    *asked.OPERATIONS,
    *simulations.OPERATIONS,
    *coupons.OPERATIONS,
    *limits.OPERATIONS,
    *wallets.OPERATIONS,
    *invoices.OPERATIONS,
    *documents.OPERATIONS,
    *payments.OPERATIONS,
    *suspense.OPERATIONS,
    *prices.OPERATIONS,
    *providers.OPERATIONS,
    *bills.OPERATIONS,
    *months.OPERATIONS,
    *margin.OPERATIONS,
    *ledger.OPERATIONS,
    *moved.OPERATIONS,
    *alarms.OPERATIONS,
    *audit.OPERATIONS,
    *request_log.OPERATIONS,
)
