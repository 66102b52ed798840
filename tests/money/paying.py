"""The part of the reference that is about paying: orders, what each pays for, and money that goes back.

Nothing of Solvent is imported.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.money.arithmetic import DAY, UNITS, WON, Thing, away
from tests.money.pots import No
from tests.money.reference import Reference


class Paying(Reference):
    """A shop whose customers pay. An order has a kind, what it is about, and how much it asks for."""

    collected = 0  # when what is owed was looked at last

    def order(self, owner: str, kind: str, about: Any, grains: int, vat: int, account: str) -> Thing:
        asked = {"owner": owner, "kind": kind, "about": about, "grains": grains, "vat": vat, "account": account}
        self.orders.append(Thing(**asked, is_paid=False, backs=[], fee=0, rest=0))
        return self.orders[-1]

    def paid(self, order: Thing, grains: int, now: int, fee: int = 0) -> None:
        """Somebody says that it was paid: only what was asked for is booked, and once; and so is the fee of it."""
        if grains != order.grains:
            return
        if not order.is_paid:
            order.is_paid = True
            due = self.asks(order.about) if order.kind == "invoice" else 0
            if order.kind == "invoice" and 0 < due < grains and self.vat[order.owner][0] != "exclusive":
                self.settle_invoice(order.about, due, order.account, now)
                order.rest = grains - due
                self.put(self.wallet(order.owner), order.rest, order.account, now)
            elif order.kind == "invoice" and not 0 < grains <= due:
                self.fill(order, now)  # nobody asks for it any more
            elif order.kind == "invoice":
                self.settle_invoice(order.about, grains, order.account, now)
            elif order.kind == "subscription":
                self.begin_paid(order, now)
            elif order.kind == "pack":
                self.give_paid(order, now)
            elif order.kind == "top_up":
                self.fill(order, now)
        if not order.fee:
            order.fee = fee
            self.move("expense:payment_fees:fake", order.account, fee)

    def fill(self, order: Thing, now: int) -> None:
        """Into the wallet what is to be spent, and the VAT on top to whom it is owed."""
        how, rate = self.vat[order.owner]
        if how == "exclusive":
            order.vat = away(Fraction(order.grains * rate, 1000 + rate), WON)
        order.kind = "top_up"
        self.put(self.wallet(order.owner), order.grains - order.vat, order.account, now)
        self.move(order.account, "vat:payable", order.vat)

    def settle_invoice(self, invoice: Thing, grains: int, account: str, now: int) -> None:
        self.pay(invoice, grains, account)
        self.lend_again(invoice, now)
        for sub in [sub for sub in self.subs if sub.invoice is invoice and self.asks(invoice) <= 0]:
            self.look(sub)

    def begin_paid(self, order: Thing, now: int) -> None:
        """What waited for its payment is carried out as of when it was asked, if nothing else has changed since."""
        waits, before = order.about, self.current(order.owner)
        runs = before is not None and before.spells[-1][1] > 0
        stale = runs and before and not before.spells[-1][0] <= waits.asked < before.end
        if waits.asked < self.collected - 30 * DAY:
            waits.state = "canceled"
        if waits.state == "waiting" and not stale and not (before and before.state == "past_due"):
            at = waits.asked if runs else now
            it = self.still(waits, at)
            if it is not None and it.due == order.grains and not it.back:
                waits.state = "canceled"
                invoice = self.carry_out(it, at, now)
                assert invoice is not None, "what is due is invoiced"
                order.kind, order.about = "invoice", invoice
                self.settle_invoice(invoice, order.grains, order.account, now)
                return
        waits.state = "canceled"
        self.fill(order, now)

    def still(self, waits: Thing, at: int) -> Thing | None:
        """What it comes to now; nothing for whoever is on these terms already, or in a period that is over."""
        try:
            return self.propose(waits.owner, waits.plan, waits.seats, waits.pays, at)
        except No:
            return None

    def set_off(self, invoice: Thing) -> bool:
        """What others of this customer have too much pays it. Whether nothing of it is due any more."""
        for other in [one for one in self.invoices if one.owner == invoice.owner and self.asks(one) < 0]:
            part = min(-self.asks(other), self.asks(invoice))
            if part > 0:
                self.pass_on(other, invoice, part)
                self.passed.append((other, invoice, part))
        return self.asks(invoice) <= 0

    def pass_on(self, one: Thing, other: Thing, grains: int) -> None:
        one.paid, one.returned, other.paid = one.paid - grains, one.returned + grains, other.paid + grains

    def keep(self, invoice: Thing, wanted: int) -> int:
        """What it has when so much is to go back: what it paid of others is taken back for that, the newest first."""
        for one in [one for one in self.passed[::-1] if one[0] is invoice]:
            if invoice.paid < wanted:
                self.passed.remove(one)
                _, other, part = one
                other.paid, other.returned, invoice.paid = other.paid - part, other.returned + part, invoice.paid + part
                invoice.returned -= part
                if (sub := self.current(other.owner)) and other.about[0] is sub:
                    self.owe_again(sub)
        return int(invoice.paid)

    def owe_again(self, sub: Thing) -> None:
        sub.invoice = next(one for one in self.invoices if one.about[0] is sub and self.asks(one) > 0)

    # Use on account

    def owed(self, now: int) -> list[Thing]:
        """Invoices for use and packs that are past their day."""
        return [one for one in self.invoices if self.asks(one) > 0 and one.due <= now and (of_use(one) or of_pack(one))]

    def lines_of(self, owner: str) -> list[Thing]:
        return [pot for pot in self.pots if pot.owner == owner and pot.kind == "overage" and pot.is_open]

    def lend_no_more(self, owner: str, now: int) -> None:
        if any(pot.until > now for pot in self.lines_of(owner)):
            for pot in self.lines_of(owner):
                pot.until = min(pot.expires, now)

    def lend_again(self, invoice: Thing, now: int) -> None:
        owner, sub = invoice.owner, self.current(invoice.owner)
        lends = any(pot.until > now for pot in self.lines_of(owner))
        if sub and not lends and (of_use(invoice) or of_pack(invoice)):
            for pot in [] if any(one.owner == owner for one in self.owed(now)) else self.lines_of(owner):
                pot.until = min(pot.expires, sub.usable)

    # Packs

    def buy(self, owner: str, pack: Any, pays: str, now: int) -> Thing:
        """Given at once to whoever pays by invoice, or when it is paid."""
        packs = [one for one in self.invoices if one.owner == owner and of_pack(one)]
        if pays == "invoice" and any(self.asks(one) > 0 for one in packs):
            raise No("pack_unpaid")
        bought = Thing(owner=owner, pack=pack, asked=now, state="waiting", pot=None, invoice=None, start=now)
        if pays == "invoice":
            self.give(bought, now, now + 14 * DAY)
        return bought

    def pack_lines(self, bought: Thing, end: int) -> list[Thing]:
        line = Thing(grains=bought.pack.price.grains, source=bought, start=bought.asked, end=end, pot=bought.pot)
        line.goal = "revenue:packs"
        return [line]

    def give(self, bought: Thing, now: int, due: int) -> None:
        gives, end = bought.pack.gives, now + bought.pack.valid_days * DAY
        bought.pot = self.open(
            bought.owner, "allowance", UNITS[gives.unit], gives.amount, now, expires=end, source=bought,
            classes=gives.classes, endless=False,
        )  # fmt: skip
        bought.state, bought.end = "given", end
        bought.invoice = self.issue(bought.owner, self.pack_lines(bought, end), (bought, now), due)

    def give_paid(self, order: Thing, now: int) -> None:
        bought = order.about
        if bought.state != "waiting" or self.total(order.owner, self.pack_lines(bought, 0)) != order.grains:
            self.fill(order, now)
            return
        self.give(bought, now, now)
        order.kind, order.about = "invoice", bought.invoice
        self.settle_invoice(bought.invoice, order.grains, order.account, now)

    def return_pack(self, bought: Thing, now: int) -> None:
        """What is left of it goes, and its share of the price is credited."""
        left = bought.pot.left - bought.pot.held if bought.state == "given" else 0
        if not left or now >= bought.end:
            raise No("pack_used_up")
        bought.state, issued = "returned", bought.pot.issued
        self.end_early(bought, now, now)
        (line,) = bought.invoice.lines
        grains = line.total * left // (issued * WON) * WON
        if grains:
            self.credit(bought.invoice, [(line, grains, now)], now)
        self.lend_again(bought.invoice, now)

    # Money that goes back

    def take_back(self, order: Thing, grains: int, now: int, borne_by: str, *, force: bool = True) -> Thing:
        """A refund or a chargeback: its share of VAT, then what is free in the wallet; the rest is our loss."""
        gone = [one for one in order.backs if not one.undone]
        if not order.is_paid:
            raise No("order_not_paid")
        if not 0 < grains <= order.grains - sum(one.grains for one in gone):
            raise No("refund_exceeds_payment")
        back = Thing(grains=grains, vat=0, taken=0, short=0, borne_by=borne_by, undone=False, name="")
        if order.kind == "top_up":
            so_far = sum(one.grains for one in gone) + grains
            vat = round(Fraction(order.vat * so_far, order.grains * WON)) * WON - sum(one.vat for one in gone)
            pot = self.wallet(order.owner)
            back.vat = min(max(0, vat), grains)
            back.taken = min(grains - back.vat, pot.left - pot.held)
            back.short = grains - back.vat - back.taken
        elif order.kind == "invoice":
            # What the invoice never asked for goes back first, then what it has; beside it is what was credited since.
            asked = max(0, grains - max(0, order.rest - sum(one.taken + one.short for one in gone)))
            beside = grains - (min(asked, self.keep(order.about, asked)) if asked else 0)
            pot = self.wallet(order.owner)
            back.taken = min(beside, pot.left - pot.held)
            back.short = beside - back.taken
        if back.short and not force:
            raise No("wallet_not_free")
        order.backs.append(back)
        self.move_back(order, back, now, -1)
        return back

    def undo(self, order: Thing, back: Thing, now: int) -> None:
        """It came back to us after all."""
        back.undone = True
        self.move_back(order, back, now, 1)

    def move_back(self, order: Thing, back: Thing, now: int, sign: int) -> None:
        self.put(self.wallet(order.owner), sign * back.taken, order.account, now)
        self.move(order.account, "vat:payable", sign * back.vat)
        self.move(order.account, back.borne_by, sign * back.short)
        if order.kind == "invoice":  # it asks again for what it gives back; what comes again pays it, or is theirs
            part = back.grains - back.taken - back.short
            order.about.returned -= sign * part
            self.pay(order.about, sign * part, order.account)
            if part and sign > 0:
                self.return_too_much(order.about, now)
                self.lend_again(order.about, now)


def of_use(invoice: Thing) -> bool:
    return invoice.about[0] is None


def of_pack(invoice: Thing) -> bool:
    return hasattr(invoice.about[0], "pack")
