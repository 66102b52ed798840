"""Correcting an answer: from the price that should have been in force to new postings beside the old.

Nothing is edited. What was booked is read from the journal itself, so a correction of a correction is one more
difference. Pure; what is too much goes back the way it came, in the opposite order of drawing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from solvent.answering.receipt import Receipt
from solvent.ledger.account import (
    CUSTOMER_GRANTS,
    ENERGY,
    ENGINE_ACCRUED,
    ENGINE_BUSY,
    HOUSE_LOSS,
    MEMO_USED,
    REVENUE_ANSWERS,
    REVENUE_OVERAGE,
    api_cost,
    api_payable,
    unbilled,
    wallet,
)
from solvent.ledger.transfer import OF_CORRECTION, Transfer, posting
from solvent.ledger.unit import ANSWERS, TOKENS, included
from solvent.pricing.exchange import Exchange
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rating import rate
from solvent.pricing.rerate import difference
from solvent.values.ids import AnswerId, CustomerId, TransferId
from solvent.values.money import Money
from solvent.values.usage import Usage, all_input_tokens, is_none

Book = Literal["cost", "price"]
Net = dict[tuple[str, str], int]  # by account and unit: debits less credits


class Correction(msgspec.Struct, frozen=True):
    """One answer re-rated in one book. Its fields are the columns of `corrections`, in their order.

    from_card, card: versions of the prices. *_grains: what the receipt's amounts of the same names become more by.
    """

    id: str
    answer: AnswerId
    at_us: int
    customer: CustomerId
    plan: str
    model: str
    book: Book
    from_card: str
    card: str
    currency: str
    cost_grains: int = 0
    charge_grains: int = 0
    granted_grains: int = 0
    included_grains: int = 0
    overrun_grains: int = 0

    @property
    def cost(self) -> Money:
        """What the cost becomes more by."""
        return Money(self.cost_grains, self.currency)

    @property
    def charge(self) -> Money:
        """What the charge becomes more by."""
        return Money(self.charge_grains, self.currency)


class Means(msgspec.Struct, frozen=True):
    """What is known of a customer when a charge is corrected.

    free_grains: what may be taken out of the wallet for answers that turn out dearer; 0 takes nothing.
    unbilled_grains: what is used on account and not yet invoiced. pots: accounts that are still good.
    """

    free_grains: int
    unbilled_grains: int
    pots: Collection[str]


def net_of(rows: Sequence[Transfer]) -> Net:
    """What the transfers of an answer have done to each account so far, corrections and all, in drawing order."""
    net: Net = {}
    for row in sorted(rows, key=lambda row: (len(row.id), row.id)):  # hold, hold2, ... hold10
        if row.state == "posted":
            for account, grains in ((row.debit, row.grains), (row.credit, -row.grains)):
                key = (account, row.currency)
                net[key] = net.get(key, 0) + grains
    return net


def correct_cost(receipt: Receipt, net: Net, card: RateCard, at_us: int) -> tuple[Correction, list[Transfer]] | None:
    """What we owe more, or less, for an answer. None where nothing changes, or nothing was owed at all."""
    used = _cost_usage(receipt)
    is_used = not is_none(used) or used.engine_us or receipt.usage_estimated
    if receipt.outcome in ("failed", "abandoned") and not is_used:
        return None  # it was never asked
    exchange = _exchange(receipt)
    zero = Money(0, receipt.currency)
    due = difference(used, card, zero, exchange)
    owed, parts = api_payable(receipt.provider), {api_cost(receipt.provider): due.grains}
    if _ran_here(receipt, net):
        busy = rate(msgspec.structs.replace(used, energy_uj=0), card, exchange).grains  # split as `settle` does
        owed, parts = ENGINE_ACCRUED, {ENGINE_BUSY: busy, ENERGY: due.grains - busy}
    id = _id(receipt, "cost", card)
    rows, changed = [], 0
    for n, (account, grains) in enumerate(parts.items()):
        more = grains - net.get((account, receipt.currency), 0)
        changed += more
        if more:
            rows.append(_moved(f"{id}.{n}", at_us, (account, owed), Money(more, receipt.currency), receipt.id))
    if not rows:
        return None
    return _correction(receipt, "cost", card, at_us, cost_grains=changed), rows


def correct_charge(
    receipt: Receipt, net: Net, before: Sequence[Correction], card: RateCard, at_us: int, means: Means
) -> tuple[Correction, list[Transfer]] | None:
    """What a customer gets back, or what is left to the house. None where nothing changes.

    before: the corrections of this charge so far. An answer that failed was not charged and is not corrected. What is
    sold by the answer was due as soon as one came, whatever it is said to have used (`settle`).
    """
    if receipt.outcome == "failed":
        return None
    booked = receipt.charge_grains + receipt.included_grains + receipt.overrun_grains
    booked += sum(one.charge_grains + one.included_grains + one.overrun_grains for one in before)
    is_due = not is_none(receipt.usage) or (receipt.outcome == "answered" and bool(card.answer_picos))
    more = difference(receipt.usage, card, Money(booked, receipt.currency)).grains if is_due else -booked
    if not more:
        return None
    purse = _Purse(receipt, net, means, at_us, _id(receipt, "price", card))
    if more > 0:
        purse.take(more)
    else:
        purse.give_back(-more, booked)
    changed = purse.changed
    return _correction(receipt, "price", card, at_us, **changed), purse.rows


def _ran_here(receipt: Receipt, net: Net) -> bool:
    """On an engine of ours: as its cost was booked, and where it was nothing, as it took the engine's time."""
    booked = {account for account, _ in net}
    return bool(booked & {ENGINE_BUSY, ENERGY}) or (receipt.engine_us > 0 and api_cost(receipt.provider) not in booked)


class _Purse:
    """Moves money of one answer, and counts what its receipt's amounts become."""

    def __init__(self, receipt: Receipt, net: Net, means: Means, at_us: int, id: str) -> None:
        self.receipt = receipt
        self.net = net
        self.means = means
        self.at_us = at_us
        self.id = id
        self.rows: list[Transfer] = []
        self.changed: dict[str, int] = {}
        counted = any(net[key] > 0 for key in net if key[1] in (ANSWERS, TOKENS) and _pays(key[0]))
        # Of an answer without a token, a quota of tokens has covered all and given none.
        in_money = any(unit == included(receipt.currency) for _, unit in net)
        self.covered = counted or (receipt.included_grains > 0 and not in_money)

    def take(self, grains: int) -> None:
        """An answer was worth more: a counted quota covers it, else the wallet as far as it may, else the house."""
        if self.covered:
            self._count(included_grains=grains)
            return
        taken = min(grains, max(0, self.means.free_grains))
        if taken:
            self._move(wallet(self.receipt.customer), REVENUE_ANSWERS, taken, charge_grains=taken)
        if grains > taken:
            self._move(HOUSE_LOSS, REVENUE_ANSWERS, grains - taken, overrun_grains=grains - taken)

    def give_back(self, grains: int, booked: int) -> None:
        """An answer was worth less: what was drawn last is given back first."""
        left = grains
        customer, currency = self.receipt.customer, self.receipt.currency
        if self.covered:
            paid = sum(self.net[key] for key in self.net if key[1] in (currency, included(currency)) and _bears(key[0]))
            part = min(left, max(0, booked - paid))
            self._count(included_grains=-part)
            left -= part
        for account, unit in self._last_first():
            part = min(left, self.net[account, unit])
            left -= part
            if not part:
                continue
            if account == HOUSE_LOSS:
                self._move(REVENUE_ANSWERS, HOUSE_LOSS, part, overrun_grains=-part)
            elif account == unbilled(customer):
                billed = max(0, part - max(0, self.means.unbilled_grains))  # on an invoice already
                if part > billed:
                    self._move(REVENUE_OVERAGE, account, part - billed, charge_grains=billed - part)
                if billed:
                    self._move(REVENUE_ANSWERS, wallet(customer), billed, charge_grains=-billed)
            elif account == wallet(customer):
                self._move(REVENUE_ANSWERS, account, part, charge_grains=-part)
            elif account.startswith("grant:"):
                goal = account if account in self.means.pots else CUSTOMER_GRANTS
                self._move(REVENUE_ANSWERS, goal, part, charge_grains=-part, granted_grains=-part)
            else:
                self._count(included_grains=-part)
                if account in self.means.pots:
                    self._move(MEMO_USED, account, part, unit=unit)

    def _last_first(self) -> list[tuple[str, str]]:
        """What bore the answer in money's worth, in the opposite order of drawing."""
        customer, currency = self.receipt.customer, self.receipt.currency
        order = {HOUSE_LOSS: 0, unbilled(customer): 1, wallet(customer): 2}
        units = (currency, included(currency))
        paid = [key for key in reversed(self.net) if self.net[key] > 0 and key[1] in units and _bears(key[0])]
        return sorted(paid, key=lambda key: order.get(key[0], 3 if key[0].startswith("grant:") else 4))

    def _move(self, debit: str, credit: str, grains: int, unit: str = "", **changed: int) -> None:
        amount = Money(grains, unit or self.receipt.currency)
        # Beside answers, so that it stands among the other movements of the wallet.
        reference = f"{OF_CORRECTION}{self.receipt.id}" if credit.startswith(("wallet:", "grant:")) else self.receipt.id
        name = TransferId(f"{self.id}.{len(self.rows)}")
        self.rows.append(posting(name, self.at_us, debit, credit, amount, reference))
        self._count(**changed)

    def _count(self, **changed: int) -> None:
        for name, grains in changed.items():
            self.changed[name] = self.changed.get(name, 0) + grains


def _pays(account: str) -> bool:
    return account.startswith(("allowance:", "grant:", "wallet:"))


def _bears(account: str) -> bool:
    return _pays(account) or account == HOUSE_LOSS or account.startswith("receivable:unbilled:")


def _moved(id: str, at_us: int, accounts: tuple[str, str], more: Money, reference: str) -> Transfer:
    """Debits the first and credits the second account, or the other way round for less than nothing."""
    debit, credit = accounts if more.grains > 0 else accounts[::-1]
    return posting(TransferId(id), at_us, debit, credit, Money(abs(more.grains), more.currency), reference)


def _cost_usage(receipt: Receipt) -> Usage:
    """What cost was booked for: where usage was estimated, the most the model can have read."""
    used = receipt.usage
    if not receipt.usage_estimated:
        return used
    return msgspec.structs.replace(
        used, input_tokens=used.input_tokens + receipt.cost_input_tokens - all_input_tokens(used)
    )


def _exchange(receipt: Receipt) -> Exchange | None:
    if not receipt.exchange:
        return None
    numerator, _, denominator = receipt.exchange.partition("/")
    return Exchange(receipt.provider_currency, receipt.currency, int(numerator), int(denominator), 0, "")


def _id(receipt: Receipt, book: Book, card: RateCard) -> str:
    return f"{receipt.id}.correction.{book}.{card.version}"


def _correction(receipt: Receipt, book: Book, card: RateCard, at_us: int, **changed: int) -> Correction:
    from_card = receipt.cost_card if book == "cost" else receipt.price_card
    return Correction(
        _id(receipt, book, card), receipt.id, at_us, receipt.customer, receipt.plan, receipt.model, book, from_card,
        card.version, receipt.currency, **changed,
    )  # fmt: skip
