"""My plan and wallet: what is left, what it costs, what another plan would come to, and what is to be paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.responses import Response

from solvent.answering.read_margins import read_margins
from solvent.app.build import App
from solvent.billing import budget_store, coupon_store, payment_store, plan_store, subscription_store
from solvent.billing.awaiting_rate_store import Awaiting, awaiting_rate
from solvent.billing.coupon import Redemption
from solvent.billing.limits import Override
from solvent.billing.order import PaymentOrder
from solvent.billing.payment_store import SavedMethod
from solvent.billing.plan import Plan, fee
from solvent.billing.quote_change import Quoted, quote_change
from solvent.billing.subscription import BEGIN, Pays, Subscription, Wish
from solvent.billing.wanted_store import is_wanted
from solvent.chat.amounts import amount, compared, included, title_of
from solvent.chat.holdings import Holding, foremost, holdings_of
from solvent.db.port import Connection
from solvent.identity.caller import Customer
from solvent.ledger import unit as units
from solvent.margin.store import Folded
from solvent.margin.usage_store import used_by
from solvent.pages.headers import policy_with
from solvent.pages.place import Place
from solvent.pages.visit import Visit
from solvent.till.open_checkout import open_checkout
from solvent.values.errors import Invalid, NotFound, SolventError
from solvent.values.instant import NEVER_US
from solvent.values.limits import PAGE_ROWS
from solvent.values.money import Money, plain
from solvent.values.period import day_number, month_number, start_of_month

DOTS: Final = 300  # at most, in the picture of a quota; then one dot is several


class Standing(msgspec.Struct, frozen=True):
    """What a customer is on and has. spent: this calendar month, at list price, whoever paid for it. awaiting: what
    is not invoiced yet, for want of a rate."""

    current: Subscription | None
    plan: Plan | None
    following: Plan | None
    on_sale: list[Plan]
    held: list[Holding]
    orders: list[PaymentOrder]
    methods: list[SavedMethod]
    limit: Override | None
    coupons: list[Redemption]
    spent: Money
    awaiting: list[Awaiting]


class PlanPage:
    """The places under /plan that only show."""

    def __init__(self, app: App) -> None:
        self._app = app

    def places(self) -> list[Place]:
        """Where they are."""
        return [
            Place("GET", "/plan", "customer", self.show),
            Place("GET", "/plan/change", "customer", self.preview),
            Place("GET", "/plan/cancel", "customer", self.ask_to_cancel),
            Place("GET", "/plan/pay/{order}", "customer", self.pay),
        ]

    async def show(self, visit: Visit) -> Response:
        """All of it."""
        if visit.query.get("order"):  # back from a payment page
            return visit.go(f"/plan/pay/{visit.query['order']}")
        return await self.page(visit)

    async def page(self, visit: Visit, problem: SolventError | None = None) -> Response:
        """The page, perhaps with what is wrong with a form that was sent from it."""
        standing = await read_margins(lambda books: self._stands(books, visit.customer), self._app.database)
        about = self._about(visit, standing)
        return visit.page(
            "chat/plan.html", 200 if problem is None else 422,
            problem=visit.said(problem) if problem is not None else "", asked=visit.form, **about,
        )  # fmt: skip

    async def preview(self, visit: Visit) -> Response:
        """What another plan or other seats would come to, before anything happens."""
        return await self.change_page(visit, visit.query)

    async def change_page(
        self, visit: Visit, asked: Mapping[str, str], problem: SolventError | None = None
    ) -> Response:
        """The preview, perhaps with why the change was refused."""
        name, now_us = asked.get("plan", ""), self._app.desk.now_us()
        current, pays = await self._app.database.read(lambda connection: who_pays(connection, visit.customer))
        wish = Wish(customer=visit.customer.id, plan=name, seats=seats_of(asked), pays=pays)
        plan = await self._app.database.read(lambda connection: plan_store.demand_on_sale(connection, name))
        quoted: Quoted | None = None
        try:
            quoted = await quote_change(wish, self._app.database, now_us)
        except SolventError as refused:
            problem = problem or refused
        about = self._quoted(visit, current, quoted) if quoted is not None else {}
        old = await self._app.database.read(lambda connection: _on(connection, visit.customer))
        seats = quoted.seats if quoted is not None else 0
        quotas = compared(visit, old[1], old[0].seats if old[0] else 0, plan, seats) if quoted is not None else []
        return visit.page(
            "chat/change.html", 200 if problem is None else 422, plan=plan,
            title=title_of(plan, visit.visitor.language),
            includes=[included(visit, one, plan.currency) for one in plan.included], quoted=quoted, pays=pays,
            quotas=quotas if old[1] is not None else [], old=title_of(old[1], visit.visitor.language) if old[1] else "",
            problem=visit.said(problem) if problem is not None else "", seats=asked.get("seats", ""),
            rails=rails_of(self._app), whom_to_ask=whom_to_ask(self._app), **about,
        )  # fmt: skip

    async def ask_to_cancel(self, visit: Visit) -> Response:
        """What cancelling means, before it is done."""
        current, plan = await self._app.database.read(lambda connection: _on(connection, visit.customer))
        if current is None or plan is None:
            raise NotFound("no_subscription", "you are on no plan")
        ends_us = current.period_end_us if current.state in ("active", "trialing") else 0
        return visit.page(
            "chat/cancel.html",
            title=title_of(plan, visit.visitor.language),
            ends_us=ends_us,
        )

    async def pay(self, visit: Visit) -> Response:
        """How an order is paid: a link to the payment page, or the account to send it to."""
        app, id = self._app, visit.path["order"]

        def look(connection: Connection) -> tuple[PaymentOrder, bool]:
            order = payment_store.find_order(connection, id)
            if order is None or order.customer != visit.customer.id:
                raise NotFound("no_such_order", "there is no such order of yours")
            return order, is_wanted(connection, order)

        order, waits = await app.database.read(look)
        checkout = None
        if order.state == "open" and not order.charges:
            checkout = (await open_checkout(id, app.payments.rails, app.database)).checkout
        window = checkout.window if checkout is not None else None
        page = visit.page(
            "chat/pay.html", order=order, is_wanted=waits, checkout=checkout, window=window,
            purpose=purpose_of(visit, order), whom_to_ask=whom_to_ask(app),
        )  # fmt: skip
        if window is not None:
            page.headers.update(policy_with(window.script, window.asks, window.leads_to))
        return page

    def _stands(self, connection: Folded, customer: Customer) -> Standing:
        app, id = self._app, customer.id
        current, plan = _on(connection, customer)
        following = None
        if current is not None and current.next_plan:
            following = plan_store.plan_at(connection, current.next_plan, current.next_version)
        now_us, in_zone, currency = app.desk.now_us(), app.desk.time_zone, app.desk.currency
        first = day_number(start_of_month(month_number(now_us, in_zone), in_zone), in_zone)
        used = used_by(connection, (id,), first, day_number(now_us, in_zone) + 1)
        orders = payment_store.orders_page(connection, id, "", PAGE_ROWS)
        own = [one for one in budget_store.overrides_of(connection, id) if one.scope == f"customer:{id}"]
        return Standing(
            current, plan, following, plan_store.on_sale(connection),
            holdings_of(connection, id, currency, now_us),
            [one for one in orders if one.state == "open" and not one.charges and is_wanted(connection, one)],
            payment_store.methods_of(connection, id),
            next((one for one in own if (one.every, one.unit) == ("month", "money")), None),
            [redemption for redemption, _ in coupon_store.held_by(connection, (id,)).get(id, [])],
            Money(sum(row[5] + row[6] for row in used), currency),
            awaiting_rate(connection, id),
        )  # fmt: skip

    def _about(self, visit: Visit, standing: Standing) -> dict[str, object]:
        language, plan, current = visit.visitor.language, standing.plan, standing.current
        first = foremost(standing.held)
        rows = [
            {
                "what": visit.words(f"plan.source_{one.source}"), "classes": one.classes.replace(" ", ", "),
                "left": visit.words(f"plan.endless_{one.unit.lower()}") if one.is_endless
                else amount(visit, one.left, one.unit),
                "given": amount(visit, one.given, one.unit) if one.given and not one.is_endless else "",
                "ends_us": one.ends_us if one.ends_us != NEVER_US else 0,
            }
            for one in standing.held
        ]  # fmt: skip
        return {
            "say": _sentence(visit, first, plan), "first": first, "dots": _dots(first), "rows": rows,
            "now": current, "plan": plan, "title": title_of(plan, language) if plan else "",
            "price": Money(current.price_grains, plan.currency) if current and plan else None,
            "following": title_of(standing.following, language) if standing.following else "",
            "offers": [
                {
                    "name": one.name, "title": title_of(one, language), "price": fee(one, 0), "period": one.period,
                    "includes": [included(visit, quota, one.currency) for quota in one.included],
                    "is_mine": plan is not None and one.name == plan.name, "has_seats": one.seats is not None,
                }
                for one in standing.on_sale
            ],
            "packs": [
                {"pack": pack, "gives": included(visit, pack.gives, pack.price.currency)}
                for pack in (plan.packs if plan else ())
            ],
            "orders": [{"order": one, "purpose": purpose_of(visit, one)} for one in standing.orders],
            "methods": standing.methods, "limit": standing.limit, "coupons": standing.coupons, "spent": standing.spent,
            "awaiting": standing.awaiting,
            "limit_text": plain(Money(standing.limit.amount, self._app.desk.currency)) if standing.limit else "",
            "limit_money": Money(standing.limit.amount, self._app.desk.currency) if standing.limit else None,
            "rails": rails_of(self._app), "whom_to_ask": whom_to_ask(self._app), "currency": self._app.desk.currency,
        }  # fmt: skip

    def _quoted(self, visit: Visit, current: Subscription | None, quoted: Quoted) -> dict[str, object]:
        is_dearer = bool(quoted.due.grains) and not quoted.given_back.grains
        is_now = current is None or current.state == "trialing" or quoted.way == BEGIN or is_dearer
        return {
            "is_now": is_now, "from_us": current.period_end_us if current and not is_now else 0,
            "lines": [{"line": line, "what": visit.words(f"invoices.kind_{line.kind}")} for line in quoted.lines],
        }  # fmt: skip


def who_pays(connection: Connection, customer: Customer) -> tuple[Subscription | None, Pays]:
    """What a customer is on, and how what they choose themselves is paid: first, unless an operator sends invoices."""
    current = subscription_store.current(connection, customer.id)
    is_trusted = current is not None and current.pays == "invoice" and bool(current.price_grains)
    return current, "invoice" if is_trusted else "card"


def seats_of(asked: Mapping[str, str]) -> int:
    """How many seats a form asks for; 0 for those included. Raises Invalid for what is no number."""
    text = asked.get("seats", "").strip()
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > 6:
        raise Invalid("seats_out_of_range", "write how many seats as a whole number", param="seats")
    return int(text)


def rails_of(app: App) -> list[tuple[str, bool]]:
    """The rails that take our currency, each with whether it is a bank: those that ask at once before those."""
    known = app.payments.rails.processors
    fitting = [(name, rail.is_bank) for name, rail in known.items() if app.desk.currency in rail.currencies]
    return sorted(fitting, key=lambda rail: (rail[1], rail[0]))


def whom_to_ask(app: App) -> dict[str, str]:
    """Where a customer turns who cannot pay here."""
    return {"name": app.config.invoice.name, "email": app.config.invoice.email, "url": app.config.top_up_url}


def _on(connection: Connection, customer: Customer) -> tuple[Subscription | None, Plan | None]:
    current = subscription_store.current(connection, customer.id)
    return current, plan_store.plan_at(connection, current.plan, current.version) if current is not None else None


def purpose_of(visit: Visit, order: PaymentOrder) -> str:
    known = order.kind if order.kind in ("top_up", "method", "invoice", "subscription", "pack") else "other"
    return visit.words(f"plan.purpose_{known}")


def _sentence(visit: Visit, first: Holding, plan: Plan | None) -> str:
    """The number that matters, in words."""
    said = amount(visit, first.left, first.unit)
    if first.source == "wallet":
        return visit.words("plan.say_wallet", amount=said)
    when = visit.words("plan.this_year" if plan is not None and plan.period == "year" else "plan.this_month")
    if first.is_endless:
        return visit.words("plan.say_endless", when=when)
    kind = {units.ANSWERS: "answers", units.TOKENS: "tokens"}.get(first.unit, "worth")
    return visit.words(f"plan.say_{kind}", when=when, amount=said)


def _dots(first: Holding) -> dict[str, int] | None:
    """A picture of a quota in answers: dots used and left, and how many answers one is."""
    if first.unit != units.ANSWERS or first.is_endless or first.given <= 0:
        return None
    each = -(-first.given // DOTS)
    all_of_them = -(-first.given // each)
    left = min(all_of_them, -(-first.left // each))
    return {"each": each, "used": all_of_them - left, "left": left}
