"""The part of the reference that is about pots: what customers may use, and what answers take of it.

Nothing of Solvent is imported. `books` holds credits less debits, by account and unit, in whole grains.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from tests.money.arithmetic import NEVER, Thing, local

DRAWN = ("allowance", "grant", "wallet", "overage")  # answers draw in this order, and what expires soonest first
RUNNING = ("trialing", "active", "past_due")


class No(Exception):
    """It is refused, for this reason."""


def rated(used: Counter[str], prices: dict[str, int]) -> int:
    """What token buckets come to, rounded once to a grain."""
    return round(Fraction(sum(count * prices[name] for name, count in used.items()), 10**5))


class Pots:
    """One shop's accounts, pots, and who is on a plan."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.books: Counter[Any] = Counter()
        self.moved: Counter[Any] = Counter()  # of each wallet and month: what was used and given, and moved in all
        self.pots: list[Thing] = []
        self.subs: list[Thing] = []

    def move(self, debit: str, credit: str, grains: int, unit: str = "KRW") -> None:
        self.books[debit, unit] -= grains
        self.books[credit, unit] += grains

    def put(self, pot: Thing, grains: int, source: str, now: int, what: str = "") -> None:
        """Into a pot, or out of it where grains are below zero."""
        self.move(source, f"{pot.kind}:{pot.owner}", grains, pot.unit)
        pot.left += grains
        assert 0 <= pot.held <= pot.left, f"below zero: {pot}"
        if pot.kind == "wallet":
            self.tally(pot.owner, grains, now, what)
            self.tally(pot.owner, grains, now, "all")

    def tally(self, owner: str, grains: int, now: int, what: str) -> None:
        wall = local(now, self.zone)
        self.moved[owner, wall.year, wall.month, what] += grains

    def wallet(self, owner: str) -> Thing:
        return next(pot for pot in self.pots if (pot.kind, pot.owner) == ("wallet", owner))

    def current(self, owner: str) -> Thing | None:
        return next((sub for sub in self.subs if sub.owner == owner and sub.state in RUNNING), None)

    def open(self, owner: str, kind: str, unit: str, issued: int, now: int, **more: Any) -> Thing:
        about = {"opens": now, "expires": NEVER, "roll": 0, "place": "", "classes": (), "source": "", "endless": True}
        pot = Thing(owner=owner, kind=kind, unit=unit, issued=issued, **(about | more))
        pot.left, pot.held, pot.used, pot.back, pot.is_open, pot.until = 0, 0, [], 0, True, pot.expires
        self.pots.append(pot)
        self.put(pot, issued, "expense:grants" if kind == "grant" else "memo:issued", now)
        return pot

    def drain(self, pot: Thing, into: Thing | None, now: int) -> None:
        """Its time is over: a part of what is left rolls over, or waits for the next period; the rest expires."""
        rolls = min(pot.left - pot.held, pot.roll)
        if into is not None:
            self.put(pot, -rolls, "memo:rolled", now)
            self.put(into, rolls, "memo:rolled", now)
            pot.roll, rolls = pot.roll - rolls, 0
        goal = "expense:grants" if pot.kind == "grant" else "memo:expired"
        pot.back += pot.left - pot.held - rolls
        self.put(pot, pot.held + rolls - pot.left, goal, now)
        pot.is_open = pot.left > 0

    def end_early(self, source: Any, at: int, now: int) -> None:
        """What a plan or pack gave is gone, but what answers under way have set aside."""
        source.ended = at
        for pot in [pot for pot in self.pots if pot.source is source]:
            pot.back = 0  # of what is taken from now on
        for pot in [pot for pot in self.pots if pot.source is source and pot.is_open]:
            pot.expires, pot.roll = min(pot.expires, at), 0
            pot.until = pot.expires
            self.drain(pot, None, now)

    def sweep(self, now: int) -> None:
        """Whatever is over is emptied."""
        over = [pot for pot in self.pots if pot.is_open and pot.expires <= now]
        for pot in over:
            like = [one for one in self.pots if one.is_open and one.source is pot.source and one.place == pot.place]
            self.drain(pot, max((one for one in like if one not in over), key=lambda one: one.opens, default=None), now)

    def grant(self, owner: str, grains: int, now: int, until: int = NEVER) -> None:
        if until == NEVER:
            self.put(self.wallet(owner), grains, "expense:grants", now, "gifts")
        else:
            self.open(owner, "grant", "KRW", grains, now, expires=until, source=object())

    def admit(
        self, owner: str, kind: str, reads: int, asked: int, prices: dict[str, int], now: int, limits: list[Thing]
    ) -> tuple[Any, int]:
        """What is set aside, pot by pot, and how much may be written. limits: budgets in force. Raises No."""
        sub = self.current(owner)
        stops = sub is not None and sub.plan.beyond == "stop"
        good = [pot for pot in self.pots if pot.owner == owner and pot.kind in DRAWN[: 2 if stops else 4]]
        good = [pot for pot in good if pot.opens <= now < pot.until and (not pot.classes or kind in pot.classes)]
        good.sort(key=lambda pot: (DRAWN.index(pot.kind), pot.until, pot.place))
        money = [pot for pot in good if pot.unit not in ("ANSWERS", "TOKENS")]
        dear_in, dear_out = max(prices["input"], prices["cached"]), max(prices["output"], prices["reasoning"])

        def worth(written: int) -> int:
            return ceil(Fraction(reads * dear_in + written * dear_out, 10**5))

        def affords(way: list[Thing]) -> int:
            there = sum(pot.left - pot.held for pot in way)
            ways = {"ANSWERS": asked * (there > 0), "TOKENS": there - reads}
            return int(min(asked, ways.get(way[0].unit, (there * 10**5 - reads * dear_in) // dear_out)))

        for one in limits:
            asked = min(asked, affords([one])) if one.hard else asked
            if asked < 1:
                raise No("budget_exceeded")
        way = max((money if pot in money else [pot] for pot in good), key=affords, default=[])
        written = affords(way) if way else 0
        if written < 1:
            there = sum(pot.left for pot in money)
            if there:
                raise No("balance_held" if there >= worth(1) else "request_exceeds_balance")
            raise No("plan_quota_exhausted" if stops else "wallet_empty")
        needed = {"ANSWERS": 1, "TOKENS": reads + written}
        left, draws = needed.get(way[0].unit, worth(written)), []
        for pot in way:
            part = min(left, pot.left - pot.held)
            left -= part
            draws += [(pot, part)] if part else []
        for one in limits:
            draws.append((one, min(needed.get(one.unit, worth(written)), one.left - one.held)))
        for pot, part in draws:
            pot.held += part
        return draws, written

    def settle(self, draws: Any, used: Counter[str], prices: dict[str, int], now: int) -> Counter[str]:
        """used: what is charged. Returns what the receipt must say."""
        sums: Counter[str] = Counter()
        tokens, worth = sum(used.values()), rated(used, prices)
        due = worth
        for pot, held in draws:
            counted = {"ANSWERS": min(tokens, 1), "TOKENS": tokens, "KRW.SPENDING": worth}
            part = min(counted.get(pot.unit, due), held)
            pot.held -= held
            pot.used.append((now, part))
            self.put(pot, -part, "revenue:answers" if pot.unit == "KRW" else "memo:used", now, "used")
            if pot.kind == "budget":
                continue
            part = due if pot.unit in ("ANSWERS", "TOKENS") else part  # it covers an answer whole
            due -= part
            if pot.kind == "overage":
                self.move(f"receivable:unbilled:{pot.owner}", "revenue:overage", part)
                self.tally(pot.owner, part, now, "on account")
            sums += Counter({"included" if pot.kind == "allowance" else "charge": part})
            sums += Counter(granted=part * (pot.kind == "grant"))
        self.move("expense:house_loss", "revenue:answers", due)
        return sums + Counter(overrun=due)

    def cost(self, used: Counter[str], prices: dict[str, int]) -> int:
        """What an answer costs us, known or bounded."""
        self.move("cost:api:scripted", "payable:scripted", rated(used, prices))
        return rated(used, prices)
