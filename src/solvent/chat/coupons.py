"""A coupon: what it would do, before it is taken, and taking it."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from solvent.app.build import App
from solvent.billing.coupon import FOR_EVER
from solvent.billing.redeem import redeem
from solvent.chat.amounts import title_of
from solvent.chat.asking import place_of
from solvent.chat.plan_page import PlanPage
from solvent.office.try_coupon import Tried, try_coupon
from solvent.pages.once import act_of
from solvent.pages.place import Place
from solvent.pages.visit import Visit
from solvent.values.errors import SolventError
from solvent.values.instant import DAY_US
from solvent.values.money import Money


class Coupons:
    """The places under /plan/coupon. Codes are in forms alone, never in an address."""

    def __init__(self, app: App, page: PlanPage) -> None:
        self._app = app
        self._page = page

    def places(self) -> list[Place]:
        """Where they are."""
        return [
            Place("POST", "/plan/coupon", "customer", self.look),
            Place("POST", "/plan/coupon/take", "customer", self.take),
        ]

    async def look(self, visit: Visit) -> Response:
        """What it would do."""
        plan = visit.form.get("plan", "")
        try:
            tried = await self._tried(visit, plan)
        except SolventError as problem:
            return await self._refused(visit, plan, problem)
        return visit.page("chat/coupon.html", tried=tried, wished=plan, **self._about(visit, tried))

    async def take(self, visit: Visit) -> Response:
        """Take it: once, however often the form is sent."""
        app, plan = self._app, visit.form.get("plan", "")
        act = act_of(visit, app.desk.now_us())
        try:
            try:
                await self._tried(visit, plan)
            except SolventError as problem:
                if problem.code != "coupon_taken":  # the form again: `redeem` knows what came of it
                    raise
            await redeem(visit.customer.id, visit.form.get("code", ""), act, app.database, plan=plan)
        except SolventError as problem:
            return await self._refused(visit, plan, problem)
        await app.reload_callers()
        return visit.go("/plan/change?plan=" + plan if plan else "/plan#coupons")

    async def _tried(self, visit: Visit, plan: str) -> Tried:
        app, code = self._app, visit.form.get("code", "")
        return await try_coupon(
            visit.customer.id, code, plan, place_of(app, visit), app.database, app.desk.now_us()
        )  # fmt: skip

    async def _refused(self, visit: Visit, plan: str, problem: SolventError) -> Response:
        if plan and problem.param != "plan":
            return await self._page.change_page(visit, {"plan": plan}, problem)
        return await self._page.page(visit, problem)

    def _about(self, visit: Visit, tried: Tried) -> dict[str, Any]:
        coupon, plan = tried.coupon, tried.plan
        now_us = self._app.desk.now_us()
        return {
            "title": title_of(plan, visit.visitor.language) if plan is not None else "",
            "gift": Money(coupon.grains, coupon.currency) if coupon.what == "gift" else None,
            "until_us": now_us + coupon.valid_days * DAY_US if coupon.valid_days else 0,
            "is_for_ever": coupon.periods == FOR_EVER,
            "after": tried.price - tried.off if tried.price is not None and tried.off is not None else None,
        }
