"""What a customer saved to pay with: save another, or remove one, said before it happens what it does to their plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from starlette.responses import Response

from solvent.app.build import App
from solvent.app.business import business_of
from solvent.billing import coupon_store, payment_store, plan_store, subscription_store
from solvent.billing.dunning import Schedule, gives_up_us
from solvent.billing.owed_store import owes_use
from solvent.billing.payment_store import SavedMethod
from solvent.billing.plan import Plan
from solvent.billing.subscription import Subscription, price
from solvent.billing.turn import coupon_for
from solvent.chat.amounts import title_of
from solvent.chat.plan_page import PlanPage
from solvent.db.port import Connection
from solvent.pages.once import act_of
from solvent.pages.place import Place
from solvent.pages.visit import Visit
from solvent.till.remove_method import remove_method
from solvent.till.save_method import save_method
from solvent.values.errors import SolventError
from solvent.values.ids import CustomerId
from solvent.values.instant import DAY_US
from solvent.values.money import Money

# unused: nothing is charged to a card. beside: another one is charged already. another: one is from then on. ends: the
# plan ends with its period anyway. late: an invoice is unpaid. last: nothing is left to charge for the plan. use: nor
# for what is used on account, on a plan that asks for nothing itself.
After = Literal["unused", "beside", "another", "ends", "late", "last", "use"]


class Removal(msgspec.Struct, frozen=True):
    """What comes of removing a card.

    plan, due: what is next charged for, and how much. other: the card that is charged then. following: the plan that
    begins when nobody pays. loses_use: what is used on account is charged to a card, and no other is left.
    """

    saved: SavedMethod
    after: After
    now: Subscription | None = None
    plan: Plan | None = None
    due: Money | None = None
    other: SavedMethod | None = None
    following: Plan | None = None
    loses_use: bool = False


class Cards:
    """The places under /plan/cards. page: shows it, with what was wrong."""

    def __init__(self, app: App, page: PlanPage) -> None:
        self._app = app
        self._page = page

    def places(self) -> list[Place]:
        """Where they are."""
        return [
            Place("POST", "/plan/cards", "customer", self.save),
            Place("GET", "/plan/cards/{card}/remove", "customer", self.ask),
            Place("POST", "/plan/cards/{card}/remove", "customer", self.remove),
        ]

    async def save(self, visit: Visit) -> Response:
        """On to where a card is left without paying anything."""
        business, rail = business_of(self._app), visit.form.get("rail", "")
        try:
            opened = await save_method(
                visit.customer.id, business.currency, rail, business.payments.rails, business.database,
                act_of(visit, business.now_us()), business.entropy(), name=visit.words("plan.purpose_method"),
                return_url=business.payments.return_url(rail),
            )  # fmt: skip
        except SolventError as problem:
            return await self._page.page(visit, problem)
        return visit.go(f"/plan/pay/{opened.order.id}")

    async def ask(self, visit: Visit) -> Response:
        """What removing it does, before it is done."""
        id = visit.path["card"]
        removal = await self._app.database.read(lambda connection: removal_of(connection, visit.customer.id, id))
        return visit.page("chat/remove_card.html", removal=removal, **_about(visit, removal))

    async def remove(self, visit: Visit) -> Response:
        """Remove it, here and at the processor."""
        app = self._app
        act = act_of(visit, app.desk.now_us())
        await remove_method(visit.customer.id, visit.path["card"], app.payments.rails, act, app.database)
        return visit.go("/plan#cards")


def removal_of(connection: Connection, customer: CustomerId, id: str) -> Removal:
    """What comes of removing a card of a customer. Raises NotFound for one that is not theirs."""
    saved = payment_store.method_to_charge(connection, customer, id)
    methods = payment_store.methods_of(connection, customer)
    now = subscription_store.current(connection, customer)
    if now is not None and now.pays != "card":
        return Removal(saved, "unused", now)
    others = [one for one in methods if one.id != saved.id]
    is_first = methods[0].id == saved.id  # the newest is charged, so only that one is missed
    charges_use = _is_used_on_account(connection, customer, now)
    if now is None:
        after = _after(others, "use", is_first=is_first) if charges_use else "unused"
        return Removal(saved, after, other=others[0] if others else None, loses_use=charges_use and not others)
    name, version, seats = now.plan, now.version, now.seats
    if now.next_plan:
        name, version, seats = now.next_plan, now.next_version, now.next_seats
    plan = plan_store.plan_at(connection, name, version)
    found = coupon_for(coupon_store.held_by(connection, (customer,)).get(customer, []), plan)
    due = price(plan, seats, found[1] if found else None)
    latest = plan_store.latest(connection, plan.afterwards) if plan.afterwards else None
    following = latest.plan if latest is not None and not latest.withdrawn_us else None
    after = "unused"
    if due.grains or now.state == "past_due":
        alone: After = "late" if now.state == "past_due" else "ends" if now.cancel_at_end else "last"
        after = _after(others, alone, is_first=is_first)
    elif charges_use:
        after = _after(others, "use", is_first=is_first)
    other = others[0] if others else None
    return Removal(saved, after, now, plan, due, other, following, charges_use and not others)


def _is_used_on_account(connection: Connection, customer: CustomerId, now: Subscription | None) -> bool:
    """Whether something is to be invoiced that no period asks for: it may be used on account, or was and is unpaid."""
    if now is not None:
        plans = [(now.plan, now.version), *([(now.next_plan, now.next_version)] if now.next_plan else [])]
        if any(plan_store.plan_at(connection, *one).beyond == "overage" for one in plans):
            return True
    return owes_use(connection, customer)


def _after(others: Sequence[SavedMethod], alone: After, *, is_first: bool) -> After:
    """alone: when there is no other."""
    if not others:
        return alone
    return "another" if is_first else "beside"


def _about(visit: Visit, removal: Removal) -> dict[str, Any]:
    now, plan = removal.now, removal.plan
    if now is None or plan is None:
        return {}
    language, due_us = visit.visitor.language, now.period_end_us
    following = title_of(removal.following, language) if removal.following is not None else ""
    over_us = gives_up_us(Schedule(plan.retry_days), due_us)
    return {
        "title": title_of(plan, language), "due_us": due_us, "over_us": over_us,
        "usable_us": min(due_us + plan.grace_days * DAY_US, over_us), "following": following,
    }  # fmt: skip
