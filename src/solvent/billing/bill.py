"""The bill of one answer: what is due for it, split over what was set aside, in the order of the pots."""

from __future__ import annotations

import msgspec

from solvent.billing.admission import COUNTED, Draw
from solvent.ledger.pot import WATCHING
from solvent.ledger.unit import ANSWERS, TOKENS
from solvent.values.money import Money
from solvent.values.usage import Usage, all_input_tokens, all_output_tokens


class Bill(msgspec.Struct, frozen=True):
    """Who pays what of an answer.

    spent: what each hold ends with, in its pot's unit. charge: from gifts, the wallet and on account; granted: the
    part of it from gifts, on_account: the part yet to be invoiced. included: at list price, covered by the plan.
    overrun: beyond all that was held; the house bears it. source: what paid, such as "allowance wallet".
    """

    spent: tuple[int, ...]
    charge: Money
    granted: Money
    on_account: Money
    included: Money
    overrun: Money
    source: str


def bill_for(draws: tuple[Draw, ...], due: Money, used: Usage | None, answers: int = 1) -> Bill:
    """Split what is due over what was set aside, in its order. used: None for an answer that is not charged.

    answers: how many it counts as, where answers are counted.
    """
    currency = due.currency
    nothing = Money(0, currency)
    if used is None:
        return Bill((0,) * len(draws), nothing, nothing, nothing, nothing, due, "")
    left = due.grains
    spent: list[int] = []
    paid = granted = on_account = included = 0
    source = ""
    for draw in draws:
        pot, most = draw.pot, draw.grains
        kind = pot.kind
        if kind in WATCHING:
            spent.append(min(most, _counted(pot.unit, used, due, answers)))
            continue
        if pot.unit in COUNTED:
            part = min(most, _counted(pot.unit, used, due, answers))
            included, left = included + left, 0
        else:
            part = left if left < most else most
            left -= part
            if kind == "allowance":
                included += part
            else:
                paid += part
                granted += part if kind == "grant" else 0
                on_account += part if kind == "overage" else 0
        spent.append(part)
        if part and kind not in source:
            source = f"{source} {kind}" if source else kind
    return Bill(
        tuple(spent),
        Money(paid, currency),
        Money(granted, currency) if granted else nothing,
        Money(on_account, currency) if on_account else nothing,
        Money(included, currency) if included else nothing,
        Money(left, currency) if left else nothing,
        source,
    )


def _counted(unit: str, used: Usage, due: Money, answers: int) -> int:
    if unit == ANSWERS:
        return answers
    return all_input_tokens(used) + all_output_tokens(used) if unit == TOKENS else due.grains
