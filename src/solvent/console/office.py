"""All pages of the console over operations, in one table."""

from __future__ import annotations

from typing import Final

from solvent.console import (
    asked_pages,
    bill_pages,
    customer_pages,
    model_pages,
    money_pages,
    plan_pages,
    scenario_pages,
    settings_pages,
    start_pages,
)
from solvent.console.sheet import Sheet

SHEETS: Final[tuple[Sheet, ...]] = (
    *customer_pages.SHEETS,
    *plan_pages.SHEETS,
    *asked_pages.SHEETS,
    *scenario_pages.SHEETS,
    *model_pages.SHEETS,
    *money_pages.SHEETS,
    *bill_pages.SHEETS,
    *settings_pages.SHEETS,
    *start_pages.SHEETS,
)
