"""May this question be asked now, and what is set aside for it? A verdict, not an error.

An answer is paid from the customer's pots in their order: what the plan includes first, then gifts, the wallet,
and on account. An allowance in answers or tokens covers an answer whole; pots of money cover it together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from solvent.ledger.pot import Pot
from solvent.ledger.unit import ANSWERS, TOKENS
from solvent.pricing.quote import affordable_output_tokens, quote
from solvent.pricing.rate_card import RateCard
from solvent.values.money import Money
from solvent.values.usage import Usage, all_output_tokens

Declination = Literal[
    "wallet_empty",
    "request_exceeds_balance",
    "balance_held",
    "plan_quota_exhausted",
    "budget_exceeded",
    "plan_at_break_even",
]
# A pot, how much of it may be promised now, and whether that is all there is: else the database may lease more.
Source = tuple[Pot, int, bool]
COUNTED: Final = frozenset({ANSWERS, TOKENS})
OUTPUT_TOKENS_UNBOUND: Final = 2**62


class Ask(msgspec.Struct, frozen=True):
    """What a question may come to: what it reads at most, what it may write, at the prices of a card.

    choices: answers that are asked for at once, each of a token at least; the output is that of all of them.
    tariff: the card of a tariff that is asked for. It may be served the plain way all the same, so both are bounds.
    beside: the most it may come to beside those words: all of it is held for, however little can be afforded.
    """

    input_tokens_most: int
    output_tokens_asked: int
    card: RateCard
    choices: int = 1
    tariff: RateCard | None = None
    beside: Usage | None = None

    def value(self, output_tokens: int) -> Money:
        """The most it comes to with so much output."""
        return Money(self.grains(output_tokens), self.card.currency)

    def grains(self, output_tokens: int) -> int:
        """The same, in grains."""
        plain = quote(self.input_tokens_most, output_tokens, self.card, self.beside)
        if self.tariff is None:
            return plain
        return max(plain, quote(self.input_tokens_most, output_tokens, self.tariff, self.beside))

    def tokens(self, output_tokens: int) -> int:
        """The most tokens it reads and writes with so much output."""
        tokens = self.input_tokens_most + output_tokens
        return tokens if self.beside is None else tokens + all_output_tokens(self.beside)

    def affordable(self, unit: str, grains: int) -> int:
        """How many output tokens `grains` of a unit pay for; below `choices` when not even the input and those."""
        if unit == ANSWERS:
            return OUTPUT_TOKENS_UNBOUND if grains >= self.choices else -1
        if unit == TOKENS:
            return grains - self.tokens(0)
        money = Money(grains, self.card.currency)
        plain = affordable_output_tokens(money, self.input_tokens_most, self.card, self.beside)
        if self.tariff is None:
            return plain
        return min(plain, affordable_output_tokens(money, self.input_tokens_most, self.tariff, self.beside))

    def needed(self, unit: str, output_tokens: int) -> int:
        """What is set aside of a unit for so much output."""
        if unit == ANSWERS:
            return self.choices
        return self.tokens(output_tokens) if unit == TOKENS else self.grains(output_tokens)


class Draw(msgspec.Struct, frozen=True):
    """How much is set aside in one pot."""

    pot: Pot
    grains: int


class Admitted(msgspec.Struct, frozen=True):
    """Go ahead. output_tokens_max may be less than was asked: it is what the pots afford.

    draws: in the order in which the answer is paid from them; budgets come last and pay nothing.
    """

    draws: tuple[Draw, ...]
    output_tokens_max: int


class Declined(msgspec.Struct, frozen=True):
    """No. needed: for the input and a token to each choice; available: in pots of money. by: the budget used up."""

    code: Declination
    needed: Money
    available: Money
    by: str = ""


def admit(
    ask: Ask, sources: Sequence[Source], budgets: Sequence[Source] = (), *, settle_for_less: bool = False
) -> Admitted | Declined | None:
    """sources: the pots that pay for this model now, in drawing order. budgets: those that limit or watch it.

    None: a pot that comes first may have more than is known here; ask the database. settle_for_less: what is known
    is all there is; whoever affords some but not all of the output is then admitted for that much, and what is not
    used returns. (facts/API_CONTRACT.md: clamp rather than refuse.)
    """
    if sources and not budgets and (admitted := admit_from(sources[0][0], sources[0][1], ask)) is not None:
        return admitted
    limit = ask.output_tokens_asked
    for pot, spare, is_all in budgets:
        affords = ask.affordable(pot.unit, spare)
        if affords < limit and not (is_all or settle_for_less):
            return None
        limit = min(limit, affords) if pot.kind == "budget" else limit
        if limit < ask.choices:
            return Declined("budget_exceeded", ask.value(ask.choices), _money(ask, sources), pot.account)
    if not settle_for_less and limit < ask.output_tokens_asked:
        return None
    chosen = _choose(ask, sources, limit, settle_for_less=settle_for_less)
    if chosen is None:
        return None
    way, most = chosen
    if most < ask.choices:
        available = _money(ask, sources)
        code: Declination = "wallet_empty" if not available.grains else "request_exceeds_balance"
        return Declined(code, ask.value(ask.choices), available)
    limit = min(limit, most)
    draws = _fill(ask, way, limit)
    draws += [Draw(pot, min(ask.needed(pot.unit, limit), spare)) for pot, spare, _ in budgets]
    return Admitted(tuple(draws), limit)


def admit_from(first: Pot, spare: int, ask: Ask) -> Admitted | None:
    """As nearly all are: the first pot affords all of it, and no budget limits it. None where it does not."""
    limit = ask.output_tokens_asked
    needed = ask.needed(first.unit, limit)
    return Admitted((Draw(first, needed),), limit) if needed <= spare and limit >= ask.choices else None


def _choose(
    ask: Ask, sources: Sequence[Source], limit: int, *, settle_for_less: bool
) -> tuple[list[Source], int] | None:
    """The pots to pay from, and the output they afford: the first way that affords all of it, else the most."""
    best: list[Source] = []
    most = -1
    money = [source for source in sources if source[0].unit not in COUNTED]
    asked_money = False
    for source in sources:
        pot, spare, is_all = source
        if pot.unit in COUNTED:
            way, affords = [source], ask.affordable(pot.unit, spare)
        elif asked_money:
            continue
        else:
            asked_money = True
            way, affords, is_all = money, *_afford(ask, money, limit, settle_for_less=settle_for_less)
        if affords >= limit:
            return way, affords
        if not (is_all or settle_for_less):
            return None
        if affords > most:
            best, most = way, affords
    return (best, most) if settle_for_less else None


def _afford(ask: Ask, money: Sequence[Source], limit: int, *, settle_for_less: bool) -> tuple[int, bool]:
    """The output that pots of money afford together, and whether that is all: none that comes first may have more."""
    needed = ask.grains(limit)
    total = 0
    for _, spare, is_all in money:
        total += spare
        if total >= needed:
            return limit, True
        if not (is_all or settle_for_less):
            return ask.affordable("", total), False
    return ask.affordable("", total), True


def _fill(ask: Ask, way: Sequence[Source], output_tokens: int) -> list[Draw]:
    first = way[0][0]
    if first.unit in COUNTED:
        return [Draw(first, ask.needed(first.unit, output_tokens))]
    left = ask.grains(output_tokens)
    draws = []
    for pot, spare, _ in way:
        part = min(left, spare)
        if part:
            draws.append(Draw(pot, part))
            left -= part
    return draws or [Draw(first, 0)]


def _money(ask: Ask, sources: Sequence[Source]) -> Money:
    return Money(sum(spare for pot, spare, _ in sources if pot.unit not in COUNTED), ask.card.currency)
