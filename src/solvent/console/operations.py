"""Every operation there is, in the order the documents tell them."""

from __future__ import annotations

from typing import Final

from solvent.console import audit, customers, keys, ledger, margin, subscriptions
from solvent.console.operation import AnyOperation

OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    *customers.OPERATIONS,
    *keys.OPERATIONS,
    *subscriptions.OPERATIONS,
    *margin.OPERATIONS,
    *ledger.OPERATIONS,
    *audit.OPERATIONS,
)
