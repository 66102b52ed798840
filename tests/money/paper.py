"""The part of the reference that is about paper: invoices, credit notes, VAT, and what is earned month by month.

Nothing of Solvent is imported.
"""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.money.arithmetic import DAY, WON, Thing, away, instant, spread
from tests.money.pots import Pots


class Paper(Pots):
    """vat: of each customer, "inclusive", "exclusive" or "none", and the rate in thousandths."""

    def __init__(self, zone: str) -> None:
        super().__init__(zone)
        self.vat: dict[str, tuple[str, int]] = {}
        self.invoices: list[Thing] = []
        self.orders: list[Thing] = []
        self.passed: list[tuple[Thing, Thing, int]] = []  # credit of one invoice that paid another
        self.deferred: list[Thing] = []

    def issue(self, owner: str, lines: list[Thing], about: Any, due: int) -> Thing | None:
        """A line has grains, a source, start and end; a pack's also a goal and a pot. None where lines are nothing."""
        lines = [line for line in lines if line.grains]
        if not sum(line.grains for line in lines):
            return None
        for line, vat in zip(lines, self.vats(owner, lines), strict=True):
            line.vat, line.total = vat, line.grains + vat * (self.vat[owner][0] == "exclusive")
            line.gone = line.gone_vat = 0
            self.post(owner, line, line.total - vat, vat, line.start, line.goal, line.pot)
        invoice = self.asking(owner, lines, about, due)
        self.invoices.append(invoice)
        return invoice

    def asking(self, owner: str, lines: list[Thing], about: Any, due: int) -> Thing:
        asks = {"owner": owner, "lines": lines, "about": about, "due": due}
        return Thing(**asks, paid=0, credited=0, failed=[], returned=0, at_once=False)

    def vats(self, owner: str, lines: list[Thing]) -> list[int]:
        """Rounded once a document and spread over its lines."""
        how, rate = self.vat[owner]
        ratio = Fraction(rate * (how != "none"), 1000 + rate * (how == "inclusive"))
        return [vat * WON for vat in spread([line.grains // WON * ratio for line in lines])]

    def total(self, owner: str, lines: list[Thing]) -> int:
        """What an invoice of these lines would ask for."""
        added = self.vats(owner, lines) if self.vat[owner][0] == "exclusive" else [0]
        return int(sum(line.grains for line in lines) + sum(added))

    def post(self, owner: str, line: Thing, supply: int, vat: int, start: int, goal: str, pot: Any = None) -> None:
        self.move(f"receivable:invoices:{owner}", "deferred", supply)
        self.move(f"receivable:invoices:{owner}", "vat:payable", vat)
        self.deferred.append(Thing(grains=supply, start=start, end=line.end, goal=goal, pot=pot, earned=0, done=False))

    def asks(self, invoice: Thing) -> int:
        """What is still to be paid; below zero, what is to be given back."""
        return int(sum(line.total for line in invoice.lines) - invoice.credited - invoice.paid)

    def pay(self, invoice: Thing, grains: int, account: str) -> None:
        """Money comes for an invoice, or goes back where grains are below zero."""
        self.move(account, f"receivable:invoices:{invoice.owner}", grains)
        invoice.paid += grains

    def credit(self, invoice: Thing, parts: list[tuple[Thing, int, int]], now: int) -> None:
        """VAT goes back in proportion to all that went back so far. What was paid of it goes into the wallet."""
        for line, grains, since in parts:
            line.gone += grains
            vat = away(Fraction(line.vat * line.gone, line.total), WON) - line.gone_vat
            line.gone_vat += vat
            start = max(since, line.end - 1 if line.pot else line.start)
            self.post(invoice.owner, line, vat - grains, -vat, start, "revenue:breakage" if line.pot else line.goal)
            invoice.credited += grains
        self.return_too_much(invoice, now)

    def return_too_much(self, invoice: Thing, now: int) -> None:
        over = -self.asks(invoice)
        if over > 0 and self.vat[invoice.owner][0] != "exclusive":
            self.put(self.wallet(invoice.owner), over, f"receivable:invoices:{invoice.owner}", now)
            invoice.paid, invoice.returned = invoice.paid - over, invoice.returned + over

    def give_back(self, source: Any, about: Any, wanted: int, since: int, now: int) -> None:
        """Credit so much, as prices are written, of some invoices, newest first, from an instant on."""
        for invoice in [one for one in self.invoices if one.about == about][::-1]:
            how, rate = self.vat[invoice.owner]
            more = Fraction(1000 + rate * (how == "exclusive"), 1000)
            parts, room = [], sum(line.total - line.gone for line in invoice.lines)
            for line in invoice.lines:
                total = min(line.total - line.gone, room, away(wanted * more, WON))
                if total > 0 and line.source is source and line.end > since:
                    parts.append((line, total, since))
                    wanted, room = wanted - away(total / more, WON), room - total
            if parts:
                self.credit(invoice, parts, now)

    # The end of a month

    def close_month(self, year: int, month: int, now: int) -> None:
        """Earn what is earned by its end, invoice what was used on account, and set aside the VAT on what was used."""
        end = instant(datetime(year + month // 12, month % 12 + 1, 1, tzinfo=self.zone))
        for one in [one for one in self.deferred if not one.done and one.start < end]:
            part = Fraction(min(end, one.end) - one.start, one.end - one.start)
            if one.pot is not None:
                used = sum(grains for at, grains in one.pot.used if at < end)
                part = Fraction(min(used, one.pot.issued), one.pot.issued)
            earned = round(one.grains * part)
            self.move("deferred", one.goal, earned - one.earned)
            one.earned, one.done = earned, end >= one.end
            self.move("deferred", "revenue:breakage", (one.grains - earned) * one.done)
        for pot in [pot for pot in self.pots if pot.kind == "wallet"]:
            self.bill_usage(pot.owner, year, month, now)
            self.close_wallet(pot.owner, year, month)

    def bill_usage(self, owner: str, year: int, month: int, now: int) -> None:
        """What waits on account in whole won; what is more or less waits for the next time."""
        used, owed = self.moved[owner, year, month, "on account"], f"receivable:invoices:{owner}"
        self.moved[owner, "waits"] += used
        line = Thing(grains=away(self.moved[owner, "waits"], WON), source=None, gone=0)
        if not used or line.grains <= 0:
            return
        self.moved[owner, "waits"] -= line.grains
        how, (vat,) = self.vat[owner][0], self.vats(owner, [line])
        line.total = line.grains + vat * (how == "exclusive")
        self.move(owed, f"receivable:unbilled:{owner}", line.grains)
        self.move("revenue:overage" if how == "inclusive" else owed, "vat:payable", vat)
        sub = self.current(owner)
        due = now if sub and sub.pays == "card" else now + 14 * DAY
        self.invoices.append(self.asking(owner, [line], (None, 0), due))

    def close_wallet(self, owner: str, year: int, month: int) -> None:
        """Gifts in it are used before what was paid in. VAT less than a won is carried to the next month."""
        kept, used = self.moved, max(0, -self.moved[owner, year, month, "used"])
        gifts = max(0, kept[owner, "gifts"] + kept[owner, year, month, "gifts"])
        kept[owner, "all"] += kept[owner, year, month, "all"]
        kept[owner, "gifts"] = max(0, min(gifts - min(used, gifts), kept[owner, "all"]))
        how, rate = self.vat[owner]
        if how == "inclusive":
            kept[owner, "vat"] += away(Fraction((used - min(used, gifts)) * rate, 1000 + rate))
        whole = away(kept[owner, "vat"], WON)
        kept[owner, "vat"] -= whole
        self.move("revenue:answers", "vat:payable", whole)
