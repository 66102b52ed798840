"""The way back from a checkout: what became of the payment, by what its processor says and never by the address.

Whoever has the address of an order sees how it stands, and only its customer how much it is: they may be signed out.
"""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from solvent.app.build import App
from solvent.billing import payment_store
from solvent.pages.place import Place
from solvent.pages.visit import Visit
from solvent.values.errors import Invalid, NotFound, SolventError, Unavailable
from solvent.values.limits import RETURN_BYTES_MAX

log = logging.getLogger("solvent.payments")

# What processors add to the address of whoever turns back: it only chooses the words while an order is open.
_TURNED_BACK: Final = frozenset({("canceled", "1"), ("code", "PAY_PROCESS_CANCELED"), ("code", "USER_CANCEL")})


class Returns:
    """The places /pay/{rail}/{order} and /paid/{order}."""

    def __init__(self, app: App) -> None:
        self._app = app

    def places(self) -> list[Place]:
        """Where they are."""
        return [
            Place("GET", "/pay/{rail}/{order}", "anybody", self.come_back),
            Place("GET", "/paid/{order}", "anybody", self.show),
        ]

    async def come_back(self, visit: Visit) -> Response:
        """Finish what is left to do, and go on to how it stands: the operator's own page, or ours."""
        rail, id, given = visit.path["rail"], visit.path["order"], dict(visit.query)
        state = "open"
        try:
            if len(visit.request.url.query) > RETURN_BYTES_MAX:
                raise Invalid("return_too_large", "the address is too long; come back by the processor's own link")
            settled = await self._app.payments.come_back(rail, id, given)
            state = _state(settled.order.state, is_paid=settled.order.is_paid)
            if settled.problem:
                log.error("rail %s: order %s: %s", rail, id, settled.problem)
        except Unavailable as problem:
            log.warning("rail %s: %s: %s", rail[:40], problem.code, problem.message)
        except SolventError as problem:
            log.warning("rail %s: %s: %s", rail[:40], problem.code, problem.message)
            raise
        page = self._app.config.top_up_url
        if page:
            mark = "&" if "?" in page else "?"
            return RedirectResponse(f"{page}{mark}order={id}&state={state}", 303)
        has_left = state == "open" and not _TURNED_BACK.isdisjoint(given.items())
        return visit.go(f"/paid/{quote(id, safe='')}{'?left=1' if has_left else ''}")

    async def show(self, visit: Visit) -> Response:
        """How it stands by the books; as data for the page's own script."""
        id = visit.path["order"]
        order = await self._app.database.read(lambda connection: payment_store.find_order(connection, id))
        if order is None or order.charges:
            raise NotFound("no_such_order", "there is no such order")
        state = _state(order.state, is_paid=order.is_paid)
        if visit.wants_data:
            return visit.json({"state": state})
        customer = visit.visitor.customer
        own = order if customer is not None and customer.id == order.customer else None
        return visit.page("chat/paid.html", order=own, state=state, has_left=visit.query.get("left") == "1")


def _state(state: str, *, is_paid: bool) -> str:
    return "paid" if is_paid else "open" if state == "open" else "failed"
