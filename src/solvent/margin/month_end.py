"""What a month comes to if it goes on as it did: a guess, told with its method; nothing is booked of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from solvent.values.money import Money

PACE_DAYS: Final = 7  # so that every day of the week is in it once


class MonthEnd(msgspec.Struct, frozen=True):
    """so_far: kept on the whole days of the month before today. pace: a day's mean of the last `days` whole days.

    left: days of the month that are not over, today among them. expected: so_far and the pace of those.
    """

    so_far: Money
    pace: Money
    days: int
    left: int

    @property
    def expected(self) -> Money:
        """At the end of the month."""
        return Money(self.so_far.grains + self.pace.grains * self.left, self.so_far.currency)


def month_end(kept: Mapping[int, Money], first: int, today: int, after: int, currency: str) -> MonthEnd | None:
    """None where no day is over yet.

    kept: what each day kept, by its number, days without anything left out. first, after: the month's first day, and
    the next month's. The pace begins with the first day that anything is known of.
    """
    since = min((day for day in kept if today - PACE_DAYS <= day < today), default=today)
    days = today - since
    if not days:
        return None
    so_far = sum(amount.grains for day, amount in kept.items() if first <= day < today)
    lately = sum(amount.grains for day, amount in kept.items() if since <= day < today)
    return MonthEnd(Money(so_far, currency), Money(lately // days, currency), days, after - today)
