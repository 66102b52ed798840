"""The part of the reference that is about budgets: how much of a limit a key, user, customer or plan has left.

Nothing of Solvent is imported. What was used stays used, however a budget is set later.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.money.arithmetic import Thing, instant, local
from tests.money.paying import Paying
from tests.money.pots import No

COUNTS = {"answers": "ANSWERS", "tokens": "TOKENS", "money": "KRW.SPENDING"}


class Limiting(Paying):
    """A shop whose customers have budgets. overrides: by scope, span and unit, in place of what plans say."""

    def __init__(self, zone: str, plans: dict[str, Any]) -> None:
        super().__init__(zone, plans)
        self.overrides: dict[tuple[str, str, str], tuple[int, bool]] = {}
        self.seated: dict[str, list[str]] = {}
        self.budgets: dict[tuple[str, str, str, int], Thing] = {}

    def take_seat(self, owner: str, user: str) -> None:
        """On a plan with seats the first users who ask take them. Raises No."""
        sub, seated = self.current(owner), self.seated.setdefault(owner, [])
        if sub is not None and sub.plan.seats and user:
            seated += [user] if user not in seated and len(seated) < sub.seats else []
            if user not in seated[: sub.seats]:
                raise No("no_seat_free")

    def limits(self, owner: str, user: str, now: int) -> list[Thing]:
        """The budgets that limit or watch an answer asked now; those of a day, month or period that begins are full."""
        sub = self.current(owner)
        if sub is None:
            return []
        scopes = {"customer": owner, "key": f"key_{owner}", "plan": sub.plan.name} | (
            {"user": f"{owner}/{user}"} if user else {}
        )
        ruled = {
            (f"{rule.per}:{scopes[rule.per]}", rule.every, rule.unit): (rule.amount, rule.hard)
            for rule in sub.plan.limits.budgets
            if rule.per in scopes
        }
        mine = {f"{per}:{whose}" for per, whose in scopes.items()}
        ruled |= {key: amount for key, amount in self.overrides.items() if key[0] in mine}
        spans = {key: self.span(key[1], sub, now) for key in ruled}
        return [self.budget(key, *ruled[key], spans[key], now) for key in ruled if spans[key][0] <= now < spans[key][1]]

    def budget(self, key: tuple[str, str, str], amount: int, hard: bool, span: tuple[int, int], now: int) -> Thing:
        """The pot of a budget; the first answer of its time opens it."""
        opens, until = span
        pot = self.budgets.get((*key, opens))
        if pot is None:
            pot = Thing(owner="", kind="budget", unit=COUNTS[key[2]], left=0, held=0, opens=opens, until=until, used=[])
            self.budgets[(*key, opens)] = pot
            pot.filled, pot.hard, pot.scope = 0, hard, key[0].replace("/", ":")
            self.fill_budget(pot, amount, now)
        return pot

    def span(self, every: str, sub: Thing, now: int) -> tuple[int, int]:
        """From when until when."""
        if every == "period":
            return sub.start, sub.end
        wall = local(now, self.zone).date()
        first = wall.replace(day=1) if every == "month" else wall
        after = (first + timedelta(days=32)).replace(day=1) if every == "month" else first + timedelta(days=1)
        edges = (datetime(day.year, day.month, day.day, tzinfo=self.zone) for day in (first, after))
        return tuple(instant(edge) for edge in edges)  # type: ignore[return-value]

    def fill_budget(self, pot: Thing, amount: int, now: int) -> None:
        """Bring it to an amount, less what was used already; what is set aside stays."""
        more = max(amount - pot.filled, pot.held - pot.left)
        pot.filled += more
        self.move("memo:issued" if more > 0 else "memo:expired", "budget:", more, pot.unit)
        pot.left += more

    def set_budget(self, key: tuple[str, str, str], amount: int, hard: bool, now: int) -> None:
        """From now on, and for the time that is under way."""
        self.overrides[key] = (amount, hard)
        for known, pot in self.budgets.items():
            if known[:3] == key and pot.opens <= now < pot.until:
                self.fill_budget(pot, amount, now)
                pot.hard = hard
