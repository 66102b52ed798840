"""The part of the reference that is about what was agreed: subscriptions, their periods, changes, and non-payment.

Nothing of Solvent is imported: plans and coupons are taken as plain records, and every rule is written out once.
"""

from __future__ import annotations

from typing import Any

from tests.money.arithmetic import DAY, WON, Thing, edge, fee, prorated, quotas
from tests.money.paper import Paper
from tests.money.pots import No


class Reference(Paper):
    """One shop. plans: those on sale, by name. coupons: of each customer, and for how many periods each is good."""

    def __init__(self, zone: str, plans: dict[str, Any]) -> None:
        super().__init__(zone)
        self.plans = plans
        self.coupons: dict[str, list[list[Any]]] = {}

    def ask_for(self, owner: str, plan: Any, seats: int, pays: str, at: int) -> Thing:
        """Asked for and not begun."""
        seats = max(seats, plan.seats.included) if plan.seats else 1
        asked = {"owner": owner, "plan": plan, "seats": seats, "pays": pays, "asked": at, "state": "waiting"}
        empty: dict[str, Any] = {"number": 0, "next": None, "cancel": False, "trial": False, "invoice": None}
        return Thing(**asked, **empty, spells=[], start=at, end=at, usable=at)

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

    def enter(self, sub: Thing, start: int, now: int, extra: list[Thing], *, is_first: bool = False) -> None:
        """A period begins: its invoice, and what it gives."""
        trial, held = sub.number < 0, None if sub.number < 0 else self.fitting(sub)
        months = (sub.number + 1) * (12 if sub.plan.period == "year" else 1)
        sub.end = sub.anchor if trial else edge(sub.anchor, months, self.zone)
        sub.start, sub.usable, sub.coupon = start, sub.end, held[0] if held else None
        if held:
            held[1] -= 1
        parts = [] if trial else fee(sub.plan, sub.seats, sub.coupon)
        sub.spells = [(start, sum(parts), sub.plan, sub.seats)]
        days = 0 if sub.pays == "card" else 14
        invoice = self.issue(sub.owner, extra + self.lines(sub, parts, start, sub.end), (sub, start), now + days * DAY)
        sub.invoice = sub.invoice or invoice
        if invoice:
            invoice.at_once = sub.pays == "card"
        left = self.go_on(sub, start) if not trial and not sum(parts) and is_first else {}
        for place, given in quotas(sub.plan, sub.seats, is_trial=trial).items():
            given["issued"] = min(given["issued"], left.get(place, given["issued"]))
            self.open(sub.owner, now=now, opens=sub.start, expires=sub.end, source=sub, place=place, **given)

    def go_on(self, sub: Thing, at: int) -> dict[str, int]:
        """What costs nothing goes on in the period it was left in, with what was left then."""
        mine = [one for one in self.subs if one.owner == sub.owner and one is not sub and one.state == "canceled"]
        mine = [one for one in mine if one.spells and not one.spells[-1][1] and one.number >= 0]
        mine = [one for one in mine if one.plan.name == sub.plan.name and one.start <= at < one.end]
        if not mine or mine[-1].plan.period != sub.plan.period:
            return {}
        last = max(mine, key=lambda one: one.ended)
        sub.anchor, sub.number, sub.start = last.anchor, last.number, last.start
        sub.end = sub.usable = last.end
        sub.spells = [(last.start, *sub.spells[0][1:])]
        return {pot.place: pot.back for pot in self.pots if pot.source is last and pot.opens == last.start}

    def begin(self, sub: Thing, at: int, now: int, extra: list[Thing]) -> None:
        """It begins in place of what was running: with a trial, if the customer never had one."""
        before = self.current(sub.owner)
        if before is not None:
            before.state = "canceled"
            self.end_early(before, at, now)
        had = any(one.trial for one in self.subs if one.owner == sub.owner)
        sub.trial = sub.plan.trial is not None and not had and (before is None or not before.spells[-1][1])
        sub.state, sub.number, sub.anchor = "active", 0, at
        if sub.trial:
            sub.state, sub.number, sub.anchor = "trialing", -1, at + sub.plan.trial.days * DAY
        self.subs += [] if sub in self.subs else [sub]
        self.enter(sub, at, now, extra, is_first=True)

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
        costs = before is not None and (before.spells[-1][1] or before.state == "past_due")
        tries = before is not None and before.state == "trialing" and before.plan == plan
        if before is None or not (costs or tries):
            if before is not None and before.plan == plan:
                raise No("already_subscribed")
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
        asked.spells = [(at, 0 if tries else sum(fee(plan, asked.seats, asked.coupon)), plan, asked.seats)]
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
            before.pays = it.asked.pays
            before.cancel = before.cancel and before.plan.name == it.asked.plan.name
            before.plan, before.seats, before.next = it.asked.plan, it.asked.seats, None
            if it.back:
                self.give_back(before, (before, before.start), back, at, now)
            else:
                due = now + (0 if before.pays == "card" else 14) * DAY
                made = self.issue(before.owner, it.lines, (before, before.start), due)
                before.invoice = made or before.invoice
                if made:
                    made.at_once = before.pays == "card"
        return self.invoices[-1] if len(self.invoices) > invoices else None

    def change_quotas(self, sub: Thing, plan: Any, seats: int, at: int, now: int) -> list[tuple[int, int]]:
        """Each is worth its time on each of the terms. Returns what those that shrink owe, and have."""
        trial = sub.number < 0
        terms = [(since, quotas(plan, seats, is_trial=trial)) for since, _, plan, seats in sub.spells]
        new, known, shares = quotas(plan, seats, is_trial=trial), self.of_period(sub), []
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
            pot.issued = pot.issued - taken if more <= 0 and owed else whole
            pot.roll = given.get("roll", pot.roll)
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
