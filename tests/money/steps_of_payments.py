"""Steps about money: orders that are paid, late, twice or wrongly, money that goes back, and months that close."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import select
from tests.money import menu
from tests.money.arithmetic import Thing, away
from tests.money.pots import No
from tests.money.steps_of_plans import Selling
from tests.money.world import Idle, World, replaced

from solvent.answering.fold_store import fold
from solvent.app.closing import usage
from solvent.audit.act import by_system
from solvent.billing import close_store, payment_store
from solvent.billing.asking import Asking
from solvent.billing.close_month import close_month
from solvent.invoicing.store import invoices
from solvent.payments.fake import BAD_CARD
from solvent.payments.port import Dispute, Method
from solvent.till.begin_payment import begin_payment
from solvent.till.book_chargeback import book_chargeback
from solvent.till.confirm_payment import confirm_payment
from solvent.till.confirm_transfer import confirm_transfer
from solvent.till.pay_invoice import pay_invoice
from solvent.till.refund import refund
from solvent.till.resume_payments import resume_payments
from solvent.till.save_method import save_method
from solvent.till.settle_order import settle_order
from solvent.till.take_event import take_event
from solvent.till.top_up import top_up
from solvent.values.errors import Conflict, SolventError
from solvent.values.ids import CustomerId
from solvent.values.limits import MONTH_CLOSE_GRACE_S
from solvent.values.money import Money
from solvent.values.period import next_month, start_of_month, zone


class Paying:
    """Orders and what became of them, in the real shop and in the reference."""

    def __init__(self, world: World, selling: Selling) -> None:
        self.world, self.selling = world, selling
        self.orders: list[tuple[str, Thing]] = []  # its id, and the reference's record
        self._ids: dict[int, str] = {}  # of invoices, by the reference's record

    async def order_top_up(self) -> None:
        """Somebody wants to fill their wallet, with VAT on top where prices are without it."""
        world, random = self.world, self.world.random
        customer, rail = random.choice(world.customers), random.choice(("fake", "fake", "bank"))
        amount = random.randrange(1, random.choice((300, 20_000))) * menu.WON
        how, rate = world.reference.vat[customer]
        vat = away(Fraction(amount * rate, 1_000), menu.WON) if how == "exclusive" else 0
        act = world.act()
        for _ in range(random.choice((1, 2))):  # the same request twice is one order
            opened = await top_up(customer, Money(amount, "KRW"), rail, world.rails, world.books, act, world.entropy())
        assert opened.order.grains == amount + vat
        self._note(opened.order.id, customer, "top_up", None, amount + vat, vat, rail)

    async def order_what_waits(self) -> None:
        """A subscription or a pack that waits for its payment."""
        world = self.world
        if not self.selling.waiting:
            raise Idle
        kind, id, told, due = self.selling.waiting.pop(world.random.randrange(len(self.selling.waiting)))
        asking = Asking(
            customer=CustomerId(told.owner), purpose=f"{kind}:{id}", rail="fake", amount=Money(due, "KRW"), name=kind
        )
        opened = await begin_payment(asking, world.rails, world.books, world.act(), world.entropy())
        self._note(opened.order.id, told.owner, kind, told, due, 0, "fake")

    async def order_invoice(self) -> None:
        """An invoice is to be paid, over the processor or to the bank."""
        world = self.world
        told = world.one_of(world.reference.invoices, lambda one: world.reference.asks(one) > 0)
        id, rail = self._ids[_key(told)], world.random.choice(("fake", "bank"))
        due = world.reference.asks(told)
        asked = pay_invoice(CustomerId(told.owner), id, rail, world.rails, world.books, world.act(), world.entropy())
        try:
            opened = await asked
        except Conflict as error:
            assert (error.code, due <= 0) == ("invoice_not_due", True)  # noqa: PT017
            world.done["order: invoice_not_due"] += 1
            return
        assert opened.order.grains == due
        self._note(opened.order.id, told.owner, "invoice", told, due, 0, rail)

    async def learn_invoices(self) -> None:
        """Which real invoice is which of the reference: of one customer and step they come in the same order."""
        fresh = self.world.reference.invoices[len(self._ids) :]
        for owner in {told.owner for told in fresh}:
            chosen = select(invoices.c.id).where(invoices.c.customer == owner, invoices.c.kind == "invoice")
            chosen = chosen.where(invoices.c.reference.not_like("ord_%"))  # the papers of top-ups ask for nothing
            ordered = chosen.order_by(invoices.c.issued_us, invoices.c.number)
            found = await self.world.books.read(lambda c, ordered=ordered: c.execute(ordered).scalars().all())  # type: ignore[misc]
            ids = [id for id in found if id not in self._ids.values()]
            mine = [told for told in fresh if told.owner == owner]
            assert len(ids) == len(mine), f"{owner} has {len(ids)} more invoices, the reference {len(mine)}"
            self._ids.update(zip(map(_key, mine), ids, strict=True))

    def _note(self, id: str, owner: str, kind: str, about: Any, grains: int, vat: int, rail: str) -> None:
        if any(known == id for known, _ in self.orders):
            return
        account = "cash:bank" if rail == "bank" else f"receivable:processor:{rail}"
        order = self.world.reference.order(owner, kind, about, grains, vat, account)
        order.rail = rail
        self.orders.append((id, order))
        self.world.done[f"order: {kind}"] += 1

    async def pay(self) -> CustomerId:
        """An order is paid: at the processor, of which we hear in one way or another; or to the bank."""
        world, random = self.world, self.world.random
        id, told = world.one_of(self.orders, lambda one: not one[1].is_paid)
        world.note = f"{told.kind} {told.rail} {told.grains} {'again' * told.is_paid}"
        if told.rail == "bank":
            await self._transfer(id, told)
            return CustomerId(told.owner)
        if id not in world.fake.payments or world.fake.payments[id].state != "paid":
            wrong = random.random() < 0.1
            paid = told.grains + (random.choice((-1, 1)) * menu.WON if wrong else 0)
            fee = Money(random.randrange(1, 40) * menu.WON, "KRW") if random.random() < 0.5 else None
            if paid > 0:
                world.fake.pay(id, Money(paid, "KRW"), fee)
        await self.hear(id, told, "paid")
        return CustomerId(told.owner)

    async def hear(self, id: str, told: Thing, kind: Any) -> None:
        """By a webhook, perhaps twice; by the customer's browser; or because we ask."""
        world, random = self.world, self.world.random
        await world.give_all_back()
        how = random.choice(("webhook", "twice", "browser", "asked", "forged"))
        world.note += f" heard by {how}"
        paid = world.fake.payments[id]
        if how in ("webhook", "twice", "forged"):
            amount = replaced(paid.amount, grains=1) if how == "forged" and paid.amount else paid.amount
            headers, body = world.fake.webhook(f"evt_{random.getrandbits(40)}", kind, id, world.now, amount)
            for _ in range(2 if how == "twice" else 1):
                taking = take_event("fake", headers, body, world.rails, world.books, world.now)
                await world.with_call_ins(taking)
        elif how == "browser":
            before = await world.books.read(lambda connection: payment_store.order_by_id(connection, id))
            await world.with_call_ins(confirm_payment("fake", id, {}, world.rails, world.books, world.now))
            if before.is_paid:
                return  # then nobody asks again
        else:
            await world.with_call_ins(settle_order(id, world.rails, world.books, world.now))
        self._tell(told, id)

    def _tell(self, told: Thing, id: str) -> None:
        paid = self.world.fake.payments[id]
        if paid.state == "paid" and paid.amount is not None:
            was, fee = told.is_paid, paid.fee.grains if paid.fee else 0
            self.world.reference.paid(told, paid.amount.grains, self.world.now, fee)
            self.world.done["paid" if told.is_paid else "paid: what cannot be booked"] += not was

    async def _transfer(self, id: str, told: Thing) -> None:
        world, random = self.world, self.world.random
        wrong = random.random() < 0.2
        amount = Money(told.grains + (menu.WON if wrong else 0), "KRW")
        real = ""
        try:
            await confirm_transfer(id, amount, world.rails, world.books, world.act())
        except SolventError as error:
            real = error.code
        if told.is_paid:
            want = "order_is_paid"
        elif wrong:
            want = "transfer_differs"
        elif told.kind == "invoice" and told.grains > world.reference.asks(told.about):
            want = "payment_not_booked"
        else:
            want = ""
            world.reference.paid(told, told.grains, world.now)
        world.done[f"transfer: {want}"] += 1
        assert real == want, f"a transfer: {real!r}, the reference says {want!r}"

    async def resume(self) -> None:
        """Whatever nobody has told us of is asked about."""
        world = self.world
        due = await world.books.read(lambda c: payment_store.orders_to_look_at(c, world.now, 200))
        events = await world.books.read(lambda c: payment_store.events_to_look_at(c, world.now, 200))
        asked = {event.order_id for event in events} | set(due)
        await world.give_all_back()
        await world.with_call_ins(resume_payments(world.rails, world.books, world.now))
        for id, told in self.orders:
            if id in asked and told.rail == "fake" and id in world.fake.payments:
                self._tell(told, id)

    async def save_card(self) -> None:
        """Something to charge: good, or not."""
        world = self.world
        customer, is_good = world.random.choice(world.customers), world.random.random() < 0.7
        opened = await save_method(customer, "KRW", "fake", world.rails, world.books, world.act(), world.entropy())
        world.fake.pay(opened.order.id, Money(0, "KRW"))
        paid = world.fake.payments[opened.order.id]
        method = Method(f"{customer}_good", "fake", "good card") if is_good else BAD_CARD
        world.fake.payments[opened.order.id] = replaced(paid, method=method)
        await settle_order(opened.order.id, world.rails, world.books, world.now)
        world.done["good cards" if is_good else "bad cards"] += 1
        if is_good or await self._is_theirs(customer):
            self.selling.cards[customer] = "good" if is_good else "bad"

    async def _is_theirs(self, customer: CustomerId) -> bool:
        """There is one bad card, and it belongs to whoever saved it first."""
        saved = await self.world.books.read(lambda connection: payment_store.methods_of(connection, customer))
        return any(one.method == BAD_CARD for one in saved)

    async def give_back(self) -> CustomerId:
        """A refund, whole or in part, at most of what is free in the wallet unless it is forced."""
        world, random = self.world, self.world.random
        orders = [(id, told) for id, told in self.orders if told.rail != "bank"]
        id, told = world.one_of(orders, lambda one: one[1].is_paid and not one[1].backs)
        part = random.randrange(1, told.grains // menu.WON + 2) * menu.WON  # now and then it is more than was paid
        grains, force = random.choice((part, told.grains)), random.random() < 0.3
        await world.give_all_back()
        asked = refund(id, Money(grains, "KRW"), world.rails, world.books, world.act(), world.entropy(), force=force)
        real = ""
        try:
            await world.with_call_ins(asked)
        except SolventError as error:
            real = error.code
        want = ""
        try:
            world.reference.take_back(told, grains, world.now, f"refunds:{told.kind}", force=force)
            world.done["refunds"] += 1
        except No as no:
            want = str(no)
            world.done[f"refund: {want}"] += 1
        assert real == want, f"a refund: {real!r}, the reference says {want!r}"
        return CustomerId(told.owner)

    async def charge_back(self) -> CustomerId:
        """A bank takes money back; later the case may be won."""
        world, random = self.world, self.world.random
        paid = [(id, told) for id, told in self.orders if told.is_paid and told.rail == "fake"]
        id, told = world.one_of(paid, lambda one: any(back.name for back in one[1].backs if not back.undone))
        await world.give_all_back()
        lost = [back for back in told.backs if back.borne_by == "expense:chargebacks" and not back.undone]
        if lost and random.random() < 0.5:
            won = Dispute(lost[0].name, Money(lost[0].grains, "KRW"), "won")
            await world.with_call_ins(book_chargeback(id, won, world.books, world.act()))
            world.reference.undo(told, lost[0], world.now)
            world.done["chargebacks won"] += 1
            return CustomerId(told.owner)
        name, grains = f"dp_{random.getrandbits(30)}", random.randrange(1, told.grains // menu.WON + 1) * menu.WON
        dispute = Dispute(name, Money(grains, "KRW"), "open")
        real = ""
        try:
            await world.with_call_ins(book_chargeback(id, dispute, world.books, world.act()))
        except SolventError as error:
            real = error.code
        want = ""
        try:
            world.reference.take_back(told, grains, world.now, "expense:chargebacks").name = name
            world.done["chargebacks"] += 1
        except No:
            want = "chargeback_refused"
            world.done[want] += 1
        assert real == want, f"a chargeback: {real!r}, the reference says {want!r}"
        return CustomerId(told.owner)

    async def close_month(self) -> None:
        """The oldest month that is open, if it is over; and once more, with the same result."""
        world = self.world
        month = await world.books.read(close_store.next_to_close)
        if month is None:
            raise Idle
        end_us = start_of_month(next_month(month), zone(world.zone))
        if world.now < end_us + MONTH_CLOSE_GRACE_S * 10**6:
            raise Idle
        act = by_system(f"close/{month}", world.now)
        closing = await close_month(month, "KRW", usage, world.books, act, fold=fold)
        assert await close_month(month, "KRW", usage, world.books, act, fold=fold) == closing
        world.reference.close_month(month // 100, month % 100, world.now)


def _key(told: Thing) -> int:
    """Records of the reference are told apart by being other ones."""
    return id(told)
