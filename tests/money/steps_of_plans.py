"""Steps about plans: customers come, subscribe, change, cancel and are renewed; gifts, coupons, packs and prices."""

from __future__ import annotations

from typing import Any, cast

from tests.money import dunning, menu
from tests.money.arithmetic import DAY, NEVER, Thing
from tests.money.pots import No
from tests.money.world import Idle, World

from solvent.billing.add_coupon import add_coupon
from solvent.billing.buy_pack import buy_pack
from solvent.billing.cancel import cancel
from solvent.billing.change_plan import change_plan
from solvent.billing.expire_pots import expire_pots
from solvent.billing.grant import grant
from solvent.billing.keep_plan import keep_plan
from solvent.billing.limits import Override
from solvent.billing.quote_change import quote_change
from solvent.billing.redeem import redeem
from solvent.billing.renew_due import renew_due
from solvent.billing.return_pack import return_pack
from solvent.billing.set_budget import set_budget
from solvent.billing.subscribe import subscribe
from solvent.billing.subscription import Wish
from solvent.identity.caller import Customer
from solvent.identity.key import Key
from solvent.identity.store import add_customer, add_key
from solvent.invoicing.profile import Profile
from solvent.invoicing.store import set_profile
from solvent.invoicing.tax import Tax
from solvent.ledger.account import wallet
from solvent.ledger.pot import Pot
from solvent.ledger.pot_store import open_pots
from solvent.till.collect_due import collect_due
from solvent.values.errors import SolventError
from solvent.values.ids import CustomerId, KeyId
from solvent.values.instant import NEVER_US
from solvent.values.money import Money


class Selling:
    """What customers have asked for, in the real shop and in the reference."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cards: dict[str, str] = {}  # what each customer saved to pay with: "good" or "bad"
        self.packs: list[tuple[str, Thing]] = []  # what was bought: its id, and the reference's record
        self.waiting: list[tuple[str, str, Thing, int]] = []  # kind, id, the reference's record, what is due

    async def open_customer(self) -> CustomerId:
        """Somebody new, with an empty wallet and some tax treatment."""
        world, random = self.world, self.world.random
        customer = CustomerId(f"cus_{len(world.customers)}")
        how = random.choice(("inclusive",) * 5 + ("exclusive", "exclusive", "none"))
        rate = random.choice((100, 100, 77))

        def work(connection: Any) -> None:
            add_customer(connection, Customer(customer, f"Customer {customer}", "", world.now))
            add_key(connection, Key(KeyId(f"key_{customer}"), "customer", customer, "", world.now), customer.encode())
            open_pots(connection, [Pot(wallet(customer), "KRW", customer, "wallet", "", 0, NEVER_US)])
            set_profile(connection, Profile(customer=customer, tax=Tax(cast(Any, how), rate)))

        await world.books.write(work)
        world.customers.append(customer)
        world.reference.vat[customer], world.reference.coupons[customer] = (how, rate), []
        wallet_pot = world.reference.open(customer, "wallet", "KRW", 0, world.now, opens=0)
        wallet_pot.is_open = False
        return customer

    async def give(self) -> CustomerId:
        """A gift, for ever or for some time."""
        world, random = self.world, self.world.random
        customer, grains = random.choice(world.customers), random.randrange(1, random.choice((300, 9_000)) * menu.WON)
        until = random.choice((NEVER, world.now + random.randrange(1, 40 * DAY)))
        act = world.act()
        for _ in range(random.choice((1, 1, 2))):  # asked twice with one key, it is given once
            expires_us = NEVER_US if until == NEVER else until
            await grant(customer, Money(grains, "KRW"), act, world.books, expires_us=expires_us)
        world.reference.grant(customer, grains, world.now, until)
        return customer

    async def add_coupons(self) -> None:
        for coupon in self.world.coupons.values():
            await add_coupon(coupon, self.world.act(), self.world.books)

    async def take_coupon(self) -> CustomerId:
        """A coupon is taken once, while it is good, and if it fits the plan."""
        world, random = self.world, self.world.random
        customer, coupon = random.choice(world.customers), random.choice(list(world.coupons.values()))
        shop, held = world.reference, world.reference.coupons[customer]
        sub = shop.current(customer)
        told = ""
        if any(one[0] is coupon for one in held):
            told = "coupon_taken"
        elif world.now >= coupon.until_us:
            told = "coupon_expired"
        elif coupon.redemptions_most and self._redeemed(coupon) >= coupon.redemptions_most:
            told = "coupon_used_up"
        elif not shop.is_for(coupon, sub.plan if sub else Thing(name="")):
            told = "coupon_does_not_fit"
        real = await self._code(redeem(customer, coupon.code, world.act(), world.books))
        assert real == told, f"coupon: {real}, the reference says {told}"
        world.done[f"coupon: {told}"] += 1
        if told:
            return customer
        held.append([coupon, 0 if coupon.what == "gift" else coupon.periods])
        if coupon.what == "gift":
            until = world.now + coupon.valid_days * DAY if coupon.valid_days else NEVER
            shop.grant(customer, coupon.grains, world.now, until)
        return customer

    def _redeemed(self, coupon: Any) -> int:
        return sum(any(one[0] is coupon for one in held) for held in self.world.reference.coupons.values())

    async def subscribe_or_change(self) -> CustomerId:
        """To another plan or another number of seats: at once or at the period's end, paid first or invoiced."""
        world, random, shop = self.world, self.world.random, self.world.reference
        customer, plan = random.choice(world.customers), random.choice(list(world.plans.values()))
        before, pays = shop.current(customer), random.choice(("card", "invoice"))
        begins = before is None or random.random() < 0.3
        seats = random.choice((0, random.randrange(1, 9))) if plan.seats else 0
        when = random.choice(("as_fits", "as_fits", "now", "period_end"))
        wish = Wish(customer=customer, plan=plan.name, seats=seats, pays=pays)  # type: ignore[arg-type]
        await world.give_all_back()
        if not begins and before is not None:
            plan = before.plan if before.plan.name == plan.name else plan
            seats = seats or (before.seats if plan.seats else 0)
        told: Any
        try:
            told = shop.propose(customer, plan, seats, pays, world.now)
            if begins and told.way != "begin":
                told = "already_subscribed"
        except No as no:
            told = str(no)
        real: Any
        try:
            if not begins:
                await self._check_quote(wish, told)
            if begins:
                real = (await subscribe(wish, world.act(), world.books))[0]
            else:
                verb = change_plan(wish, world.act(), world.books, when=when)  # type: ignore[arg-type]
                real = (await world.with_call_ins(verb))[0]
        except SolventError as error:
            real = error.code
        if isinstance(told, str) or isinstance(real, str):
            assert real == told, f"{'subscribe' if begins else 'change'}: {real}, the reference says {told}"
            world.done[f"plan: {told}"] += 1
            return customer
        is_dearer = told.due > 0 and not told.back
        world.done[f"plan: {told.way} {when}"] += 1
        is_free_now = told.way == "begin" or (before is not None and before.state == "trialing")
        if not begins and not (when == "now" or (when == "as_fits" and (is_dearer or is_free_now))):
            assert before is not None
            before.pays, before.cancel = pays, before.cancel and before.plan.name == plan.name
            before.next = None if before.cancel else (plan, told.asked.seats)
        elif pays == "card" and is_dearer:
            assert (real.subscription.state, real.due.grains) == ("waiting", told.due)
            waits = shop.ask_for(customer, plan, told.asked.seats, pays, world.now)
            shop.subs.append(waits)
            self.waiting.append(("subscription", real.subscription.id, waits, told.due))
        else:
            shop.carry_out(told, world.now, world.now)
        return customer

    async def _check_quote(self, wish: Wish, told: Any) -> None:
        quoted = await quote_change(wish, self.world.books, self.world.now)
        if not isinstance(told, str):
            assert (quoted.way, quoted.due.grains, quoted.given_back.grains) == (told.way, told.due, told.back)
            lines = [line.grains for line in told.lines if line.grains]
            assert sorted(line.amount.grains for line in quoted.lines) == sorted(lines)

    async def cancel_or_keep(self) -> CustomerId:
        """At the period's end or now, with or without money back; or not after all."""
        world, random, shop = self.world, self.world.random, self.world.reference
        customer = world.one_of(world.customers, lambda one: shop.current(one) is not None)
        sub, what = shop.current(customer), random.choice(("keep", "end", "end", "now", "back"))
        await world.give_all_back()
        if what == "keep":
            real = await self._code(keep_plan(customer, world.act(), world.books))
        else:
            at: Any = "period_end" if what == "end" else "now"
            asked = cancel(customer, world.act(), world.books, at=at, gives_back=what == "back")
            real = await self._code(asked)
        assert real == ("" if sub else "no_subscription")
        if sub is None:
            world.done["plan: no_subscription"] += 1
            return customer
        if what == "keep":
            sub.cancel, sub.next = False, None
        elif what == "end" and sub.state != "past_due":
            sub.cancel, sub.next = True, None
        elif sub.state == "past_due":
            shop.give_up(sub, world.now)
        else:
            if what == "back" and sub.spells[-1][1] and world.now < sub.end:
                shop.give_back(sub, (sub, sub.start), shop.unused(sub, world.now), world.now, world.now)
            shop.end(sub, world.now, world.now)
        world.done[f"plan: {what}"] += 1
        return customer

    async def renew(self) -> None:
        """Periods that are over end, and the next begin."""
        await self.world.give_all_back()
        done = await renew_due(self.world.books, self.world.now)
        self.world.reference.renew(self.world.now)
        self.world.done["renewals"] += done.renewed
        self.world.done["ended"] += done.ended

    async def sweep(self) -> None:
        """Whatever is over is emptied."""
        await self.world.give_all_back()
        self.world.done["pots emptied"] += await expire_pots(self.world.books, self.world.now)
        self.world.reference.sweep(self.world.now)

    async def collect(self) -> None:
        """Cards are charged, grace runs out, and who does not pay is given up."""
        world = self.world
        await world.give_all_back()
        done = await collect_due(world.rails, world.books, world.now)
        dunning.collect(world.reference, self.cards, world.now)
        for name in ("paid", "failed", "late", "ended"):
            world.done[f"collected: {name}"] += getattr(done, name)

    async def buy_pack(self) -> CustomerId:
        """A pack of the plan the customer is on."""
        world, random, shop = self.world, self.world.random, self.world.reference
        buyers = [one for one in world.customers if self._packs(one)]
        if not buyers:
            raise Idle
        customer = random.choice(buyers)
        pack, pays = random.choice(self._packs(customer)), random.choice(("card", "invoice"))
        try:
            told = shop.buy(customer, pack, pays, world.now)
        except No as no:
            asked = buy_pack(customer, pack.name, pays, world.act(), world.books)  # type: ignore[arg-type]
            code = await self._code(asked)
            assert code == str(no)  # noqa: PT017
            world.done[f"pack: {no}"] += 1
            return customer
        bought, _ = await buy_pack(customer, pack.name, pays, world.act(), world.books)  # type: ignore[arg-type]
        self.packs.append((bought.purchase.id, told))
        if pays == "card":
            due = shop.total(customer, shop.pack_lines(told, 0))
            assert bought.due.grains == due
            self.waiting.append(("pack", bought.purchase.id, told, due))
        world.done["packs bought"] += 1
        return customer

    def _packs(self, customer: str) -> Any:
        sub = self.world.reference.current(customer)
        return sub.plan.packs if sub else ()

    async def return_pack(self) -> CustomerId:
        """What is left of a pack is given back."""
        world = self.world
        id, told = world.one_of(self.packs, lambda one: one[1].state == "given")
        await world.give_all_back()
        real = await self._code(world.with_call_ins(return_pack(id, world.act(), world.books)))
        try:
            world.reference.return_pack(told, world.now)
            assert not real, f"a pack is not taken back: {real}"
            world.done["packs returned"] += 1
        except No as no:
            assert real == str(no), f"a pack is taken back: {real!r}, the reference says {no}"  # noqa: PT017
            world.done[f"pack: {no}"] += 1
        return CustomerId(told.owner)

    async def set_budget(self) -> None:
        """Of a customer, their key or one of their users, or of a whole plan; for the time under way too."""
        world, random = self.world, self.world.random
        customer, plan = random.choice(world.customers), random.choice(list(world.plans))
        scopes = {
            "customer": customer, "key": f"key_{customer}", "user": f"{customer}:{random.choice(('kim', 'a:b'))}",
            "plan": plan,
        }  # fmt: skip
        per, every = random.choice(sorted(scopes)), random.choice(("day", "month", "month", "period"))
        if (per, every) == ("plan", "period"):
            raise Idle
        unit, is_hard = random.choice(("answers", "tokens", "money")), random.random() < 0.7
        amount, scope = menu.budget_amount(random, unit), f"{per}:{scopes[per]}"
        whose = CustomerId("") if per == "plan" else customer
        override = Override(scope, every, unit, amount, 0, int(is_hard))  # type: ignore[arg-type]
        await world.with_call_ins(set_budget(override, whose, world.act(), world.books))
        told = scope.replace(":", "/", 2).replace("/", ":", 1) if per == "user" else scope
        world.reference.set_budget((told, every, unit), amount, is_hard, world.now)

    async def change_prices(self) -> None:
        """New prices, from now on."""
        self.world.change_prices(self.world.random.choice(menu.CLASSES), self.world.now)

    async def _code(self, asked: Any) -> str:
        """What became of it: the error's code, or nothing."""
        try:
            await asked
        except SolventError as error:
            return error.code
        return ""
