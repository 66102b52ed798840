"""The receipt that stands under an answer, as its page draws it: what it came to, line by line, and what is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from solvent.answering.receipt import Receipt
from solvent.app.report_body import UJ_PER_WATT_HOUR, decimals
from solvent.billing.plan import Plan
from solvent.billing.subscription import Subscription
from solvent.chat.holdings import Holding
from solvent.invoicing.tax import Tax, vat_ratio
from solvent.ledger.balance import Movement
from solvent.ledger.pot import Pot, drawing_order, is_good, limits
from solvent.ledger.unit import ANSWERS, TOKENS
from solvent.pages.words import Words
from solvent.pricing.rate_card import RateCard, tier_for
from solvent.pricing.rating import rate
from solvent.values.instant import iso
from solvent.values.money import Money, plain, round_half_even
from solvent.values.usage import Usage, all_input_tokens

_PER: Final = 1_000  # tokens in a rate as it is shown
_LINES: Final = (
    "input_tokens", "cached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "image_input_tokens",
    "cached_image_input_tokens", "reasoning_tokens", "output_tokens",
)  # fmt: skip


class Shown(msgspec.Struct, frozen=True):
    """What a slip says beside its receipt. mode: what its way to answer is called. cards: what the model is sold by.

    tax: how the customer is taxed. cheaper: a way that would have cost less, by its name, and about how much.
    """

    mode: str
    cards: Sequence[RateCard]
    tax: Tax
    cheaper: tuple[str, str] | None = None


def slip(receipt: Receipt, shown: Shown, words: Words) -> dict[str, Any]:
    """As it is drawn. Its lines sum to what the answer is worth. Our cost is not in it."""
    listed = Money(receipt.charge_grains + receipt.included_grains, receipt.currency)
    due = Money(receipt.charge_grains - receipt.granted_grains, receipt.currency)
    card = _card(receipt, shown.cards)
    why, reason = f"talk.why_{receipt.reason}", f"talk.reason_{receipt.reason}"
    return {
        "id": receipt.id,
        "outcome": receipt.outcome,
        "currency": receipt.currency,
        "charge": plain(listed),
        "due": plain(due),
        "is_gift": bool(receipt.granted_grains),
        "paid_by": receipt.source.split(),
        **_taxed(due, shown.tax),
        "lines": _lines(receipt, listed, card, words) if listed.grains and card is not None else [],
        "mode": shown.mode,
        "model": receipt.model,
        "reason": words(reason) if words.has(reason) else None,
        "is_estimated": bool(receipt.usage_estimated),
        "why": _why(words(why) if words.has(why) else "", shown.cheaper, words),
        "total_ms": receipt.total_us // 1000,
        "first_token_ms": receipt.first_token_us // 1000 if receipt.first_token_us >= 0 else None,
        "energy_watt_hours": decimals(receipt.energy_uj, UJ_PER_WATT_HOUR, 9) if receipt.energy_uj else None,
        "energy_estimated": bool(receipt.energy_estimated),
    }


def remains(
    pots: Iterable[Pot], moved: dict[tuple[str, str], Movement], model_class: str, at_us: int, currency: str
) -> dict[str, Any]:
    """What is left to be answered from: what the plan includes, in answers, tokens or their worth, else money.

    model_class: of what is to be paid; "" for whichever.
    """
    money = 0
    for pot in sorted(pots, key=drawing_order):
        if limits(pot) or not (is_good(pot, model_class, at_us) or (not model_class and pot.expires_us > at_us)):
            continue
        found = moved.get((pot.account, pot.unit), Movement())
        left = found.credits - found.debits
        if pot.unit in (ANSWERS, TOKENS):
            if left > 0:
                return {"unit": pot.unit.lower(), "left": left}
        elif pot.kind == "allowance":
            if left > 0:  # answers at list price, which the plan gives before anything is taken from the wallet
                return {"unit": "worth", "left": plain(Money(left, currency))}
        elif pot.kind != "overage":
            money += max(0, left)
    return {"unit": "money", "left": plain(Money(money, currency))}


def dots(
    held: Sequence[Holding], model_class: str, current: Subscription, plan: Plan, title: str
) -> dict[str, Any] | None:
    """The plan's answers, as they are drawn with the last one marked; None where they are not counted, or none is used.

    held: in the order they are used in, as what the answer came from.
    """
    for one in held:
        fits = not one.classes or model_class in one.classes.split()
        if one.source == "plan" and one.unit == ANSWERS and fits and one.given and one.used and not one.is_endless:
            return {
                "name": title, "price": plain(Money(current.price_grains, plan.currency)), "included": one.given,
                "nth": min(one.used, one.given), "resets_at": iso(current.period_end_us), "zone": current.time_zone,
                "period": plan.period,
            }  # fmt: skip
    return None


def _card(receipt: Receipt, cards: Sequence[RateCard]) -> RateCard | None:
    """The prices that it was charged by; None where they are not known here any more."""
    for card in cards:
        for priced in (card, *(hours.card for hours in card.hours)):
            for one in (priced, *priced.tariffs):
                if one.version == receipt.price_card and one.currency == receipt.currency:
                    return tier_for(one, all_input_tokens(receipt.usage))
    return None


def _why(said: str, cheaper: tuple[str, str] | None, words: Words) -> str | None:
    """Why this model, and what another would have cost."""
    if cheaper is not None:
        less = words("talk.why_cheaper", mode=cheaper[0], about=cheaper[1])
        said = f"{said}. {less}" if said else less
    return said or None


def _taxed(due: Money, tax: Tax) -> dict[str, Any]:
    """The VAT in what is paid; none where that is added when money is paid in, or nobody owes it."""
    if tax.treatment != "inclusive" or not tax.rate_permille or due.grains <= 0:
        return {}
    numerator, denominator = vat_ratio(tax)
    vat = Money(round_half_even(due.grains * numerator, denominator), due.currency)
    percent = f"{tax.rate_permille // 10}" + (f".{tax.rate_permille % 10}" if tax.rate_permille % 10 else "")
    return {"net": plain(due - vat), "tax": plain(vat), "tax_percent": percent}


def _lines(receipt: Receipt, listed: Money, card: RateCard, words: Words) -> list[dict[str, Any]]:
    """They sum to what is listed: what no line names is one of its own, and what went beyond what was set aside, and
    nobody is charged, is another."""
    lines = _priced(receipt.usage, card, words)
    over = Money(receipt.overrun_grains, receipt.currency)
    rest = listed + over - Money(sum(amount.grains for _, amount in lines), receipt.currency)
    if abs(rest.grains) <= len(lines):  # each line is rounded for itself, and the answer once
        most = max(range(len(lines)), key=lambda at: lines[at][1].grains, default=-1)
        if most >= 0:
            lines[most] = lines[most][0], lines[most][1] + rest
            rest = Money(0, receipt.currency)
    found = [line | {"amount": plain(amount)} for line, amount in lines]
    if rest.grains:
        found.append(_sum(words("talk.line_other"), rest))
    if over.grains:
        found.append(_sum(words("talk.line_overrun"), -over))
    return found


def _sum(name: str, amount: Money) -> dict[str, Any]:
    """A line of nothing that is counted."""
    return {"name": name, "quantity": None, "per": 1, "rate": None, "amount": plain(amount)}


def _priced(used: Usage, card: RateCard, words: Words) -> list[tuple[dict[str, Any], Money]]:
    lines = []
    # What an answer costs however long it is comes with every usage, also with none.
    each = rate(Usage(), card)
    for name in _LINES:
        quantity = getattr(used, name)
        if quantity:
            unit, amount = (rate(Usage(**{name: n}), card) - each for n in (_PER, quantity))
            lines.append((_line(words(f"talk.line_{name}"), quantity, _PER, unit), amount))
    if each.grains:
        lines.append((_line(words("talk.line_answer"), 1, 1, each), each))
    return lines


def _line(name: str, quantity: int, per: int, unit: Money) -> dict[str, Any]:
    return {"name": name, "quantity": quantity, "per": per, "rate": plain(unit)}
