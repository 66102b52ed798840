"""One answer, for whoever follows a figure to its end: the receipt, both books, what was tried, what was posted."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from starlette.responses import Response

from solvent.answering import store
from solvent.answering.receipt import Receipt
from solvent.app.bills import billed_by_provider, receipt_for_operator
from solvent.app.build import App
from solvent.console.came_through import service_name
from solvent.ledger import journal_store
from solvent.ledger.beancount import amount
from solvent.ledger.transfer import Transfer
from solvent.margin.facet import read
from solvent.pages import formats
from solvent.pages.amounts import amount_of
from solvent.pages.visit import Visit
from solvent.values.errors import NotFound
from solvent.values.ids import AnswerId
from solvent.values.money import MINOR_DIGITS, PICOS_PER_UNIT, Money, picos_per_grain, round_half_even

_RATE_DECIMALS: Final = 2
POSTINGS_MAX: Final = 60  # an answer has a few; a batch's, with its corrections, some more
_BUCKETS: Final = (
    "input_tokens", "cached_input_tokens", "cache_write_tokens", "image_input_tokens", "audio_input_tokens",
    "reasoning_tokens", "output_tokens", "image_output_tokens", "audio_output_tokens", "searches", "pictures_made",
    "characters", "video_seconds",
)  # fmt: skip


class Answers:
    """The place of single answers."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def show(self, visit: Visit) -> Response:
        """The page of one. Raises NotFound where there is none of that id."""
        database, id = self._app.database, AnswerId(visit.path["id"])
        receipt = await database.read(partial(store.receipt, id=id))
        if receipt is None:
            raise NotFound("no_such_page", "there is no such page here")
        posted = await database.read(
            partial(journal_store.rows_of_cause, cause=receipt.id, after_id="", count=POSTINGS_MAX)
        )
        return visit.page(
            "console/answer.html", receipt=receipt, about=self._about(visit, receipt),
            decimals=_decimals(receipt), postings=[(row, _exact(visit, row)) for _, row in posted],
        )  # fmt: skip

    def _about(self, visit: Visit, receipt: Receipt) -> dict[str, Any]:
        told = receipt_for_operator(receipt)
        usage: Any = told["usage"]
        currency, parts = receipt.currency, read(receipt.cost_parts)
        return {
            "name": self._app.names.get(receipt.customer, receipt.customer),
            "service": service_name(visit.texts, receipt.service),
            "used": [(name, usage[name]) for name in _BUCKETS if usage[name]],
            "is_estimated": usage["estimated"],
            "parts": [(name, Money(grains, currency)) for name, grains in parts],
            "gifts": Money(receipt.granted_grains, currency),
            "included": Money(receipt.included_grains, currency),
            "overrun": Money(receipt.overrun_grains, currency),
            "lost": Money(receipt.lost_grains, currency),
            "billed": billed_by_provider(receipt),
            "exchanged_at": _rate(visit, receipt),
            "outcome": _said(visit, "live", receipt.outcome),
            "paid_from": ", ".join(_said(visit, "choices.kind", kind) for kind in receipt.source.split()),
            "tries": [tuple(one.partition(":")[::2]) for one in receipt.tries.split()],
            "first_us": receipt.first_token_us if receipt.first_token_us > 0 else 0,
        }


def _said(visit: Visit, kind: str, word: str) -> str:
    """In words where there are some: an answer of a later version may say what this one does not know."""
    key = f"{kind}.{word}"
    return visit.words(key) if word and visit.texts.has(key) else word


def _rate(visit: Visit, receipt: Receipt) -> str:
    """One unit of the provider's currency in the books', as it was booked; as it is written where it is no rate."""
    numerator, _, denominator = receipt.exchange.partition("/")
    digits = numerator + denominator
    if not (numerator and digits.isascii() and digits.isdigit() and denominator.strip("0")):
        return receipt.exchange
    picos = round_half_even(int(numerator) * PICOS_PER_UNIT, int(denominator))
    grains = round_half_even(picos, picos_per_grain(receipt.currency))
    one = formats.money(Money(grains, receipt.currency), visit.visitor.language, _RATE_DECIMALS)
    return visit.words("answer.rate", currency=receipt.provider_currency or "?", one=one)


def _exact(visit: Visit, posted: Transfer) -> str:
    """To the last grain; what is counted and is no money, in words."""
    text = amount(posted.grains, posted.currency)
    if posted.currency.partition(".")[0] in MINOR_DIGITS:
        return text
    return amount_of(text.partition(" ")[0], posted.currency, visit.texts, visit.visitor.language)


def _decimals(receipt: Receipt) -> int:
    """One number of decimals for every amount that adds up: what the smallest needs."""
    amounts = (receipt.charge, receipt.cost, Money(receipt.granted_grains, receipt.currency))
    return max(2, *(formats.decimals_for(one) for one in amounts))
