"""What a customer changes about their plan and wallet, each from a form with a mark: once, however often it is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.responses import Response

from solvent.app.build import App
from solvent.app.business import Business, business_of
from solvent.app.checkouts import begin_if_due, demand_rail
from solvent.audit.act import Act
from solvent.billing.buy_pack import buy_pack
from solvent.billing.cancel import cancel
from solvent.billing.change_plan import change_plan
from solvent.billing.keep_plan import keep_plan
from solvent.billing.subscribe import subscribe
from solvent.billing.subscription import Wish
from solvent.chat.plan_page import PlanPage, seats_of, who_pays
from solvent.office.limit_spending import limit_spending
from solvent.pages.once import act_of
from solvent.pages.place import Place
from solvent.pages.visit import Visit
from solvent.till.open_checkout import Opened
from solvent.till.top_up import top_up
from solvent.till.withdraw_order import withdraw_order
from solvent.values.errors import Invalid, SolventError
from solvent.values.money import money

Doing = Callable[[Visit, Act, Business], Awaitable[str]]  # where to go on from there
_ALERTS = ("0", "500", "800", "900")  # thousandths of the limit


class PlanChanges:
    """The places under /plan that change something. page: shows it, with what was wrong."""

    def __init__(self, app: App, page: PlanPage) -> None:
        self._app = app
        self._page = page

    def places(self) -> list[Place]:
        """Where they are."""
        doing = {
            "/plan/keep": self._keep, "/plan/cancel": self._cancel, "/plan/top-up": self._top_up,
            "/plan/packs": self._buy_pack, "/plan/limit": self._limit, "/plan/orders/{order}/withdraw": self._withdraw,
        }  # fmt: skip
        return [
            Place("POST", "/plan/change", "customer", self.change),
            *(Place("POST", path, "customer", partial(self._do, doing=do)) for path, do in doing.items()),
        ]

    async def change(self, visit: Visit) -> Response:
        """Begin a plan or change to it; what is due is paid first."""
        try:
            where = await self._change(visit)
        except SolventError as problem:
            return await self._page.change_page(visit, visit.form, problem)
        return visit.go(where)

    async def _do(self, visit: Visit, doing: Doing) -> Response:
        try:
            where = await doing(visit, act_of(visit, self._app.desk.now_us()), business_of(self._app))
        except SolventError as problem:
            return await self._page.page(visit, problem)
        return visit.go(where)

    async def _change(self, visit: Visit) -> str:
        app, form, rail = self._app, visit.form, visit.form.get("rail", "")
        business, act, customer = business_of(app), act_of(visit, app.desk.now_us()), visit.customer
        demand_rail(business, rail)
        current, pays = await app.database.read(lambda connection: who_pays(connection, customer))
        wish = Wish(customer=customer.id, plan=form.get("plan", ""), seats=seats_of(form), pays=pays)
        if current is None:
            outcome, _ = await subscribe(wish, act, app.database)
        else:
            outcome, _ = await change_plan(wish, act, app.database)
        await app.reload_callers()
        waits = outcome.subscription
        if waits.state != "waiting":
            return "/plan"
        opened = await begin_if_due(
            business, act, customer.id, f"subscription:{waits.id}", outcome.due, rail, waits.plan
        )
        return _to_pay(opened)

    async def _keep(self, visit: Visit, act: Act, _business: Business) -> str:
        await keep_plan(visit.customer.id, act, self._app.database)
        return "/plan"

    async def _cancel(self, visit: Visit, act: Act, _business: Business) -> str:
        await cancel(visit.customer.id, act, self._app.database)
        await self._app.reload_callers()
        return "/plan"

    async def _top_up(self, visit: Visit, act: Act, business: Business) -> str:
        rail = visit.form.get("rail", "")
        amount = money(visit.form.get("amount", "").replace(",", "").strip(), business.currency)
        opened = await top_up(
            visit.customer.id, amount, rail, business.payments.rails, business.database, act, business.entropy(),
            name=visit.words("plan.purpose_top_up"), return_url=business.payments.return_url(rail),
        )  # fmt: skip
        return _to_pay(opened)

    async def _buy_pack(self, visit: Visit, act: Act, business: Business) -> str:
        customer, rail = visit.customer.id, visit.form.get("rail", "")
        demand_rail(business, rail)
        bought, _ = await buy_pack(customer, visit.form.get("pack", ""), "card", act, self._app.database)
        made = bought.purchase
        if made.state != "waiting":
            return "/plan"
        return _to_pay(await begin_if_due(business, act, customer, f"pack:{made.id}", bought.due, rail, made.pack))

    async def _limit(self, visit: Visit, act: Act, business: Business) -> str:
        text = visit.form.get("amount", "").replace(",", "").strip()
        alert = visit.form.get("alert", "0")
        if alert not in _ALERTS:
            raise Invalid("bad_budget", "alert: choose one of those on the page", param="alert")
        amount = money(text, business.currency) if text else None
        await limit_spending(visit.customer, amount, int(alert), act, self._app.database)
        return "/plan"

    async def _withdraw(self, visit: Visit, act: Act, business: Business) -> str:
        rails = business.payments.rails
        await withdraw_order(visit.path["order"], visit.customer.id, rails, act, self._app.database)
        return "/plan"


def _to_pay(opened: Opened | None) -> str:
    """Where an order is paid. Raises Invalid where it was not said over which rail."""
    if opened is None:
        raise Invalid("rail_needed", "choose how to pay", param="rail")
    return f"/plan/pay/{opened.order.id}"
