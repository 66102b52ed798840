"""The receipt that stands under an answer, as its page draws it: what it came to, line by line, and what is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from solvent.answering.receipt import Receipt
from solvent.app.report_body import UJ_PER_WATT_HOUR, decimals
from solvent.ledger.balance import Movement
from solvent.ledger.pot import Pot, drawing_order, is_good, limits
from solvent.ledger.unit import ANSWERS, TOKENS
from solvent.pages.words import Words
from solvent.pricing.rate_card import RateCard, tier_for
from solvent.pricing.rating import rate
from solvent.values.money import Money, plain
from solvent.values.usage import Usage, all_input_tokens

_PER: Final = 1_000  # tokens in a rate as it is shown
_LINES: Final = (
    "input_tokens", "cached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "image_input_tokens",
    "cached_image_input_tokens", "reasoning_tokens", "output_tokens",
)  # fmt: skip


def slip(receipt: Receipt, cards: Sequence[RateCard], words: Words, mode: str) -> dict[str, Any]:
    """cards: what the model is sold by. mode: what its way to answer is called. Our cost is not in it."""
    listed = Money(receipt.charge_grains + receipt.included_grains, receipt.currency)
    card = _card(receipt, cards)
    why = f"talk.why_{receipt.reason}"
    return {
        "id": receipt.id,
        "outcome": receipt.outcome,
        "currency": receipt.currency,
        "charge": plain(listed),
        "due": plain(Money(receipt.charge_grains - receipt.granted_grains, receipt.currency)),
        "is_gift": bool(receipt.granted_grains),
        "lines": _lines(receipt.usage, card, words) if listed.grains and card is not None else [],
        "mode": mode,
        "why": words(why) if words.has(why) else None,
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


def _card(receipt: Receipt, cards: Sequence[RateCard]) -> RateCard | None:
    """The prices that it was charged by; None where they are not known here any more."""
    for card in cards:
        for priced in (card, *(hours.card for hours in card.hours)):
            for one in (priced, *priced.tariffs):
                if one.version == receipt.price_card:
                    return tier_for(one, all_input_tokens(receipt.usage))
    return None


def _lines(used: Usage, card: RateCard, words: Words) -> list[dict[str, Any]]:
    lines = []
    # What an answer costs however long it is comes with every usage, also with none.
    each = rate(Usage(), card)
    for name in _LINES:
        quantity = getattr(used, name)
        if quantity:
            unit, amount = (rate(Usage(**{name: n}), card) - each for n in (_PER, quantity))
            lines.append(_line(words(f"talk.line_{name}"), quantity, _PER, unit, amount))
    if each.grains:
        lines.append(_line(words("talk.line_answer"), 1, 1, each, each))
    return lines


def _line(name: str, quantity: int, per: int, unit: Money, amount: Money) -> dict[str, Any]:
    return {"name": name, "quantity": quantity, "per": per, "rate": plain(unit), "amount": plain(amount)}
