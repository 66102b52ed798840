"""What class a line of a bill is of: usage that our books hold the cost of, or what stands beside it."""

from __future__ import annotations

import re
from typing import Final, Literal, get_args

# usage: answers, web searches too, as our price books count those. The others are on no books of ours.
LineKind = Literal["usage", "tax", "credit", "fee", "other"]
KINDS: Final[tuple[LineKind, ...]] = get_args(LineKind)

# Words in what a provider calls a line, in the order in which they are looked for. Source: line item types of
# https://docs.aws.amazon.com/cur/latest/userguide/Lineitem-columns.html, charge types of
# https://learn.microsoft.com/en-us/azure/cost-management-billing/automate/understand-usage-details-fields and cost
# types of https://platform.claude.com/docs/en/api/admin/cost_report, all read on 2026-11-28.
_WORDS: Final[tuple[tuple[str, LineKind], ...]] = (
    ("coveredusage", "usage"), ("discountedusage", "usage"),
    ("negation", "credit"), ("credit", "credit"), ("refund", "credit"), ("discount", "credit"),
    ("promotion", "credit"),
    ("upfront", "fee"), ("fee", "fee"), ("minimum", "fee"), ("commitment", "fee"), ("subscription", "fee"),
    ("purchase", "fee"), ("support", "fee"), ("reservation", "fee"),
    ("adjustment", "other"), ("code_execution", "other"), ("code execution", "other"),
    ("code interpreter", "other"), ("session_usage", "other"), ("storage", "other"), ("file search", "other"),
    ("container", "other"), ("sandbox", "other"),
)  # fmt: skip
# What is told by the token is usage, whatever the model was christened: `ft:gpt-4o-mini:acme:support-bot:x, input`.
_OF_A_MODEL: Final = re.compile(r"^ft:|, (?:(?:cached|audio|text|image) )*(?:input|output)$")
_TAXES: Final = frozenset({"tax", "taxes", "vat", "gst", "sales tax", "consumption tax"})


def kind_of(said: str) -> LineKind:
    """The class of what a bill calls a line, such as DiscountedUsage, Tax, cost type or line item. Usage if in doubt:
    what is usage is compared, so nothing is lost by it."""
    low = said.strip().lower()
    if low in _TAXES or low.startswith(("tax ", "tax,", "vat ", "vat,")):
        return "tax"
    if _OF_A_MODEL.search(low):
        return "usage"
    return next((kind for word, kind in _WORDS if word in low), "usage")
