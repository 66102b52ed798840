"""Usage on account becomes lines of an invoice: whole won on paper, the rest of a won waits for the next one.

What is invoiced is the rounded balance, so however many answers and invoices there are, they never drift apart by
more than half a minor unit.
"""

from __future__ import annotations

from collections.abc import Sequence

from solvent.invoicing.line import DraftLine
from solvent.invoicing.statement import Statement
from solvent.invoicing.tax import round_half_away
from solvent.ledger.account import REVENUE_OVERAGE, unbilled
from solvent.values.ids import CustomerId
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money

Used = tuple[str, int, int]  # what was used, such as a model; answers; grains they came to


def used_on_account(statement: Statement) -> list[Used]:
    """What a month's usage on account was, model by model; [] where other money paid for some of it too."""
    if sum(use.charge_grains for use in statement.models) != statement.on_account:
        return []
    return [(use.model, use.answers, use.charge_grains) for use in statement.models if use.charge_grains]


def on_account_lines(
    customer: CustomerId, waiting: Money, used: Sequence[Used], from_us: int, until_us: int
) -> tuple[DraftLine, ...]:
    """Lines that pay off what waits on `unbilled:<customer>`; none when it rounds to nothing.

    used: how it came about, as far as known; what it does not explain is a line of its own, if it can be seen.
    """
    if round_half_away(waiting.grains, GRAINS_PER_MINOR_UNIT) <= 0:
        return ()
    rest = waiting.grains - sum(grains for _, _, grains in used)
    parts = list(used)
    if parts and abs(rest) < GRAINS_PER_MINOR_UNIT:  # what the last invoice left, less than anybody would see
        text, answers, grains = parts[0]
        parts[0] = (text, answers, grains + rest)
    elif rest or not parts:
        parts.append(("", 0, rest))
    return tuple(
        DraftLine(
            kind="overage",
            text=text,
            quantity=answers,
            unit="answers" if answers else "",
            amount=Money(grains, waiting.currency),
            credit_account=unbilled(customer),
            vat_from=REVENUE_OVERAGE,
            from_us=from_us,
            until_us=until_us,
        )
        for text, answers, grains in parts
    )
