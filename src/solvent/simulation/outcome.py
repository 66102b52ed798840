"""The outcome of a replay: what each customer would have paid and cost, and when the answers came."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

import msgspec

from solvent.values.money import Money


class CustomerLine(msgspec.Struct, frozen=True):
    """One customer; money in grains of the scenario's currency.

    refused: answers of the trace that the plan would not have paid for; they use and cost nothing.
    tokens: read and written. periods: of the plan, begun. fee_grains: of their prices what falls on the days that were
    replayed, VAT within. earned_grains: what is left of it after VAT and the processor's fee, less what the plan says
    such a customer costs anyway. charge_grains: for answers, from gifts, the wallet or on account; granted_grains: the
    part that gifts paid, on_account_grains: the part yet to be invoiced. included_grains: what answers came to at list
    price and the plan covered. cost_grains: what they cost us. revenue_grains: of fees and packs, what the books earn
    in those days: without VAT, and nothing taken off. period_months: how long a period is. months: on the plan, by
    the length of its periods; 1 for nobody's.
    """

    customer: str
    plan: str
    answers: int
    refused: int
    tokens: int
    periods: int
    fee_grains: int
    earned_grains: int
    charge_grains: int
    on_account_grains: int
    included_grains: int
    cost_grains: int
    granted_grains: int = 0
    revenue_grains: int = 0
    period_months: int = 1
    months: float = 1.0

    @property
    def pays_grains(self) -> int:
        """The customer's invoices: fees and answers."""
        return self.fee_grains + self.charge_grains

    @property
    def margin_grains(self) -> int:
        """What is left of it for us, as the profit and loss counts it."""
        return self.earned_grains + self.charge_grains - self.granted_grains - self.cost_grains


class HourLoad(msgspec.Struct, frozen=True):
    """One hour of the day in the operator's time zone, over all days of a trace. Per second, in thousandths.

    answers, tokens: on a usual day. *_peak: in the busiest such hour of any day. tokens: written.
    """

    hour: int
    answers: int
    answers_peak: int
    tokens: int
    tokens_peak: int


class Outcome(msgspec.Struct, frozen=True):
    """lines: one a customer, in the trace's order. notes: what of the plans a trace cannot show, in words.

    read, written: tokens of all answers of the trace, refused ones too. borne_grains: of what the answers came to, what
    the house bore as they were booked; of candidates 0, for their customers pay it.
    """

    scenario: str
    source: str
    currency: str
    from_us: int
    until_us: int
    lines: tuple[CustomerLine, ...]
    hours: tuple[HourLoad, ...] = ()
    notes: tuple[str, ...] = ()
    read: int = 0
    written: int = 0
    borne_grains: int = 0

    @property
    def total(self) -> CustomerLine:
        """All customers together."""
        return total(self.lines)

    def money(self, grains: int) -> Money:
        """Grains as money."""
        return Money(grains, self.currency)


def total(lines: Sequence[CustomerLine]) -> CustomerLine:
    """The line under the double rule."""
    return CustomerLine("", "", *(sum(map(attrgetter(name), lines)) for name in _SUMMED))


_SUMMED = CustomerLine.__struct_fields__[2:-2]


def losers(outcome: Outcome) -> list[CustomerLine]:
    """The customers who cost more than they bring in, the worst first."""
    return sorted((line for line in outcome.lines if line.margin_grains < 0), key=lambda line: line.margin_grains)


class Difference(msgspec.Struct, frozen=True):
    """One customer's invoices before and after, in grains."""

    customer: str
    before_grains: int
    after_grains: int


class Change(msgspec.Struct, frozen=True):
    """How customers' invoices differ between two outcomes of one trace, in grains; above zero they pay more.

    quantiles: (permille of customers, difference) from who gains most to who loses most. gain_most, lose_most: those
    who pay less and more by the largest amounts, the largest first.
    """

    pay_more: int
    pay_less: int
    same: int
    quantiles: tuple[tuple[int, int], ...]
    gain_most: tuple[Difference, ...] = ()
    lose_most: tuple[Difference, ...] = ()


NAMED_MOST: Final = 10  # customers named in a change
QUANTILES_PERMILLE = (0, 50, 250, 500, 750, 950, 1000)


def change(before: Outcome, after: Outcome) -> Change:
    """Who gains and who loses. Of outcomes of the same trace in the same currency."""
    assert before.currency == after.currency, "two outcomes are compared in one currency"
    paid = {line.customer: line.pays_grains for line in before.lines}
    found = [Difference(line.customer, paid.get(line.customer, 0), line.pays_grains) for line in after.lines]
    found.sort(key=_more)
    differences = [_more(one) for one in found]
    last = len(differences) - 1
    quantiles = tuple((permille, differences[permille * last // 1000]) for permille in QUANTILES_PERMILLE)
    more = sum(difference > 0 for difference in differences)
    less = sum(difference < 0 for difference in differences)
    gain = tuple(one for one in found[:NAMED_MOST] if _more(one) < 0)
    lose = tuple(one for one in reversed(found[-NAMED_MOST:]) if _more(one) > 0)
    return Change(more, less, len(differences) - more - less, quantiles, gain, lose)


def _more(one: Difference) -> int:
    return one.after_grains - one.before_grains
