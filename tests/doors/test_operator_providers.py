"""Paying providers over the operator API: the debt goes once, and the rate's difference is told."""

from __future__ import annotations

import asyncio

from tests.billing.months import Teller
from tests.db.opened import Place
from tests.doors.office import NOW_US, running_office

from solvent.ledger.account import api_cost, api_payable


def test_a_provider_is_paid_once_at_the_rate_the_bank_took(place: Place) -> None:
    async def owe() -> None:
        async with place.opened() as database:
            await database.write(
                lambda c: Teller(c).book(api_cost("openai"), api_payable("openai"), 83_130 * 10**7, NOW_US - 5)
            )

    asyncio.run(owe())
    with running_office(place) as office:
        path = "/v1/providers/openai/payments"
        body = {"paid": "60", "currency": "USD"}
        assert office.refuse(path, body) == (400, "exchange_needed")
        assert office.refuse(path, body | {"rate": "1400"}, office.keys["support"])[0] == 403
        for _ in range(2):
            done = office.post(path, body | {"rate": "1400.00"}, "once")
            assert (done["left"], done["cleared"], done["difference"]) == ("84000", "83130", "870")
        assert office.refuse(path, body | {"rate": "1400.00"}) == (409, "exceeds_debt")
        accounts = {one["account"]: one["balance"] for one in office.get("/v1/ledger/accounts")["data"]}
        assert (accounts["fx:difference"], accounts["payable:openai"]) == ("870", "0")
