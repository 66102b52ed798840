"""What customers have and may use, worked out slowly from what was agreed: the real books must say the same.

Nothing of Solvent is imported: plans and coupons are taken as plain records, amounts are whole grains, every rule is
written out once. What customers are asked for is in `paper`.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import ceil
from types import SimpleNamespace as Thing
from typing import Any

from tests.money.arithmetic import DAY, NEVER, WON, edge, fee, prorated, quotas
from tests.money.paper import Paper

DRAWN = ("allowance", "grant", "wallet", "overage")  # answers draw in this order, and what expires soonest first
RUNNING = ("trialing", "active", "past_due")


class No(Exception):
    """It is refused, for this reason."""


def rated(used: Counter[str], prices: dict[str, int]) -> int:
    """What token buckets come to, rounded once to a grain."""
    return round(Fraction(sum(count * prices[name] for name, count in used.items()), 10**5))


class Reference(Paper):
    """One shop. plans: those on sale, by name. coupons: of each customer, and for how many periods each is good."""

    def __init__(self, zone: str, plans: dict[str, Any]) -> None:
        super().__init__(zone)
        self.plans = plans
        self.coupons: dict[str, list[list[Any]]] = {}
        self.subs: list[Thing] = []

    # Pots

    def open(self, owner: str, kind: str, unit: str, issued: int, now: int, **more: Any) -> Thing:
        pot = Thing(owner=owner, kind=kind, unit=unit, issued=issued, left=0, held=0, used=[], opens=now, is_open=True)
        vars(pot).update(
            {"expires": NEVER, "roll": 0, "place": "", "classes": (), "source": "", "endless": True} | more
        )
        pot.until = pot.expires
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
        self.put(pot, pot.held + rolls - pot.left, goal, now)
        pot.is_open = pot.left > 0

    def end_early(self, source: Any, at: int, now: int) -> None:
        """What a plan or pack gave is gone, but what answers under way have set aside."""
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

    # Answers

    def admit(self, owner: str, kind: str, reads: int, asked: int, prices: dict[str, int], now: int) -> tuple[Any, int]:
        """What is set aside, pot by pot, and how much may be written. Raises No."""
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
            return min(asked, ways.get(way[0].unit, (there * 10**5 - reads * dear_in) // dear_out))

        way = max((money if pot in money else [pot] for pot in good), key=affords, default=[])
        written = affords(way) if way else 0
        if written < 1:
            there = sum(pot.left for pot in money)
            if there:
                raise No("balance_held" if there >= worth(1) else "request_exceeds_balance")
            raise No("plan_quota_exhausted" if stops else "wallet_empty")
        left, draws = {"ANSWERS": 1, "TOKENS": reads + written}.get(way[0].unit, worth(written)), []
        for pot in way:
            part = min(left, pot.left - pot.held)
            pot.held, left = pot.held + part, left - part
            draws += [(pot, part)] if part else []
        return draws, written

    def settle(self, draws: Any, used: Counter[str], prices: dict[str, int], now: int) -> Counter[str]:
        """used: what is charged. Returns what the receipt must say."""
        sums: Counter[str] = Counter()
        tokens, due = sum(used.values()), rated(used, prices)
        for pot, held in draws:
            part = min({"ANSWERS": min(tokens, 1), "TOKENS": tokens}.get(pot.unit, due), held)
            pot.held -= held
            pot.used.append((now, part))
            self.put(pot, -part, "revenue:answers" if pot.unit == "KRW" else "memo:used", now, "used")
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

    # Subscriptions

    def current(self, owner: str) -> Thing | None:
        return next((sub for sub in self.subs if sub.owner == owner and sub.state in RUNNING), None)

    def ask_for(self, owner: str, plan: Any, seats: int, pays: str, at: int) -> Thing:
        """Asked for and not begun."""
        seats = max(seats, plan.seats.included) if plan.seats else 1
        sub = Thing(owner=owner, plan=plan, seats=seats, pays=pays, asked=at, state="waiting", next=None, cancel=False)
        vars(sub).update(number=0, trial=False, invoice=None, start=at, end=at, spells=[], usable=at)
        return sub

    def lines(self, sub: Thing, grains: list[int], start: int, end: int) -> list[Thing]:
        return [
            Thing(grains=one, source=sub, start=start, end=end, goal="revenue:subscriptions", pot=None)
            for one in grains
        ]

    def fitting(self, sub: Thing) -> list[Any] | None:
        """The coupon that takes something off the next period: the first that was taken and fits."""
        held = self.coupons[sub.owner] if sum(fee(sub.plan, sub.seats)) else []
        return next((one for one in held if one[1] and self.is_for(one[0], sub.plan)), None)

    def is_for(self, coupon: Any, plan: Any) -> bool:
        return not coupon.plans or plan.name in coupon.plans.split()

    def enter(self, sub: Thing, start: int, now: int, extra: list[Thing]) -> None:
        """A period begins: its invoice, and what it gives."""
        trial, held = sub.number < 0, None if sub.number < 0 else self.fitting(sub)
        sub.end = (
            sub.anchor
            if trial
            else edge(sub.anchor, (sub.number + 1) * (12 if sub.plan.period == "year" else 1), self.zone)
        )
        sub.start, sub.usable, sub.coupon = start, sub.end, held[0] if held else None
        if held:
            held[1] -= 1
        parts = [] if trial else fee(sub.plan, sub.seats, sub.coupon)
        sub.spells = [(start, sum(parts), sub.plan, sub.seats)]
        days = 0 if sub.pays == "card" else 14
        invoice = self.issue(sub.owner, extra + self.lines(sub, parts, start, sub.end), (sub, start), now + days * DAY)
        sub.invoice = sub.invoice or invoice
        for place, given in quotas(sub.plan, sub.seats, is_trial=trial).items():
            self.open(sub.owner, now=now, opens=start, expires=sub.end, source=sub, place=place, **given)

    def begin(self, sub: Thing, at: int, now: int, extra: list[Thing]) -> None:
        """It begins in place of what was running: with a trial, if the customer never had one."""
        before = self.current(sub.owner)
        if before is not None:
            before.state = "canceled"
            self.end_early(before, at, now)
        had = any(one.trial for one in self.subs if one.owner == sub.owner)
        sub.trial = sub.plan.trial is not None and not had and (before is None or not before.spells[-1][1])
        sub.state, sub.number, sub.anchor = (
            ("trialing", -1, at + sub.plan.trial.days * DAY) if sub.trial else ("active", 0, at)
        )
        self.subs += [] if sub in self.subs else [sub]
        self.enter(sub, at, now, extra)

    def end(self, sub: Thing, at: int, now: int) -> None:
        """It ends, and the free plan that it names for afterwards begins."""
        sub.state = "canceled"
        self.end_early(sub, at, now)
        plan = self.plans.get(sub.plan.afterwards)
        if plan is not None and not plan.price.grains:
            self.begin(self.ask_for(sub.owner, plan, 0, sub.pays, at), at, now, [])

    def renew(self, now: int) -> None:
        """Periods that are over end and the next begin, one after the other."""
        while due := [sub for sub in self.subs if sub.state in ("active", "trialing") and sub.end <= now]:
            for sub in due:
                if sub.cancel:
                    self.end(sub, sub.end, now)
                    continue
                over = [pot for pot in self.pots if pot.source is sub and pot.is_open and pot.expires <= now]
                (plan, seats), before, sub.next, sub.state = sub.next or (sub.plan, sub.seats), sub.plan, None, "active"
                goes_on = sub.number < 0 or plan.period == before.period
                sub.number, sub.anchor = (sub.number + 1, sub.anchor) if goes_on else (0, sub.end)
                sub.plan, sub.seats = plan, max(min(seats, plan.seats.most), plan.seats.included) if plan.seats else 1
                self.enter(sub, sub.end, now, [])
                new = {pot.place: pot for pot in self.pots if pot.source is sub and pot.opens == sub.start}
                for pot in over:
                    pot.roll = pot.roll if pot.place in new else 0
                    self.drain(pot, new.get(pot.place), now)

    # Changes

    def propose(self, owner: str, plan: Any, seats: int, pays: str, at: int) -> Thing:
        """What it comes to to be on a plan from an instant on: its lines, what is due, and what comes back."""
        before, asked = self.current(owner), self.ask_for(owner, plan, seats, pays, at)
        held = self.fitting(asked)
        parts = fee(plan, asked.seats, held[0] if held else None)
        if before is None or not (before.spells[-1][1] or before.state == "past_due"):
            trial = plan.trial and not any(one.trial for one in self.subs if one.owner == owner)
            lines = [] if trial else self.lines(asked, parts, at, at)
            return Thing(way="begin", asked=asked, lines=lines, due=self.total(owner, lines), back=0, before=before)
        if before.state == "past_due" or at >= before.end:
            raise No("subscription_past_due" if before.state == "past_due" else "subscription_renewing")
        spells = [(since, price) for since, price, _, _ in before.spells]
        if plan.period != before.plan.period:
            back, lines = self.unused(before, at), self.lines(asked, parts, at, at)
            lines += self.lines(before, [-back], at, before.end) if back <= sum(parts) else []
            due, back = self.total(owner, lines), back if back > sum(parts) else 0
            return Thing(way="replace", asked=asked, lines=lines, due=due, back=back, before=before)
        asked.coupon = before.coupon if before.coupon and self.is_for(before.coupon, plan) else None
        asked.spells = [(at, sum(fee(plan, asked.seats, asked.coupon)), plan, asked.seats)]
        then, spent = prorated(spells, before, before.end, WON), prorated(spells, before, at, WON)
        whole = prorated([*spells, asked.spells[0][:2]], before, before.end, WON)
        lines = self.lines(before, [spent - then, whole - spent], at, before.end)
        due, back = max(0, self.total(owner, lines)), max(0, then - whole)
        return Thing(way="change", asked=asked, lines=lines, due=due, back=back, before=before)

    def carry_out(self, it: Thing, at: int, now: int) -> Thing | None:
        """Do what was proposed. Returns the invoice, if there is one."""
        before, invoices = it.before, len(self.invoices)
        if it.way != "change":
            if it.back:
                self.give_back(before, (before, before.start), it.back, at, now)
            self.begin(it.asked, at, now, [line for line in it.lines if line.source is before])
        else:
            shares = self.change_quotas(before, it.asked.plan, it.asked.seats, at, now)
            back = min((it.back * taken // (owed * WON) * WON for owed, taken in shares), default=it.back)
            before.spells, before.coupon = before.spells + it.asked.spells, it.asked.coupon
            before.plan, before.seats, before.next, before.cancel = it.asked.plan, it.asked.seats, None, False
            if it.back:
                self.give_back(before, (before, before.start), back, at, now)
            else:
                due = now + (0 if before.pays == "card" else 14) * DAY
                before.invoice = self.issue(before.owner, it.lines, (before, before.start), due) or before.invoice
        return self.invoices[-1] if len(self.invoices) > invoices else None

    def change_quotas(self, sub: Thing, plan: Any, seats: int, at: int, now: int) -> list[tuple[int, int]]:
        """Each is worth its time on each of the terms. Returns what those that shrink owe, and have."""
        terms = [(since, quotas(plan, seats, is_trial=False)) for since, _, plan, seats in sub.spells]
        new, known, shares = quotas(plan, seats, is_trial=False), self.of_period(sub), []
        for place in sorted(known.keys() | new.keys()):
            given = new.get(place, {"issued": 0})
            amounts = [(since, then.get(place, {"issued": 0})["issued"]) for since, then in [*terms, (at, new)]]
            endless = given.get("endless", known[place].endless if place in known else False)
            whole = given["issued"] if endless else prorated(amounts, sub, sub.end, 1)
            if place not in known:
                more = given | {"issued": whole, "opens": sub.start, "expires": sub.end, "place": place}
                self.open(sub.owner, now=now, source=sub, **more)
                continue
            pot, is_allowance = known[place], known[place].kind == "allowance"
            more = whole - (pot.left if endless and is_allowance else pot.issued)
            owed = max(0, pot.issued - whole)
            taken = min(owed, pot.left - pot.held)
            shares += [(owed, taken)] if owed and is_allowance and not endless else []
            self.put(pot, more if more > 0 else -taken, "memo:issued" if more > 0 else "memo:expired", now)
            pot.issued, pot.roll = whole, given.get("roll", pot.roll)
        return shares

    def of_period(self, sub: Thing) -> dict[str, Thing]:
        return {pot.place: pot for pot in self.pots if pot.source is sub and pot.is_open and pot.opens == sub.start}

    def unused(self, sub: Thing, at: int) -> int:
        """What of a period comes back when it ends: by its time, and less where a quota was used up before its time."""
        spells = [(since, price) for since, price, _, _ in sub.spells]
        grains = prorated(spells, sub, sub.end, WON) - prorated(spells, sub, at, WON)
        back = [grains]
        for pot in self.of_period(sub).values():
            owed = pot.issued - prorated([(sub.start, pot.issued)], sub, at, 1)
            if owed and not pot.endless:
                back.append(grains * min(owed, pot.left - pot.held) // (owed * WON) * WON)
        return min(back)

    # What is not paid

    def look(self, sub: Thing) -> None:
        """The oldest invoice that is not paid is the one to see to; when there is none, all is well again."""
        open_ones = [one for one in self.invoices if one.about[0] is sub and self.asks(one) > 0]
        sub.invoice = open_ones[0] if open_ones else None
        if sub.invoice is None:
            sub.state, sub.usable = "active" if sub.state == "past_due" else sub.state, sub.end
            self.use_until(sub)

    def use_until(self, sub: Thing) -> None:
        for pot in self.of_period(sub).values():
            pot.until = min(pot.expires, sub.usable)

    def fall_behind(self, sub: Thing, now: int) -> None:
        if sub.state == "active":
            sub.state, sub.usable = "past_due", max(sub.start, min(sub.end, now + sub.plan.grace_days * DAY))
            self.use_until(sub)

    def give_up(self, sub: Thing, now: int) -> None:
        """It ends unpaid, and the time in which it could not be used is credited."""
        until = max(sub.start, min(sub.usable, sub.end, now))
        spells = [(since, price) for since, price, _, _ in sub.spells]
        spent = prorated([one for one in spells if one[0] <= until], sub, until, WON)
        self.give_back(sub, (sub, sub.start), prorated(spells, sub, sub.end, WON) - spent, until, now)
        self.end(sub, now, now)
