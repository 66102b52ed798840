"""Kept runs of the simulator over the operator API, for those who may see the books."""

from __future__ import annotations

import asyncio
import json

from tests.db.opened import Place
from tests.doors.office import Office
from tests.simulation.test_kept_run import REPORT, SAID, keep


def test_the_api_lists_shows_and_removes_them(office: Office, place: Place) -> None:
    async def lay() -> None:
        async with place.opened() as database:
            await keep(database, "one", 1)
            await keep(database, "two", 2, is_dated=1)

    asyncio.run(lay())
    first = office.get("/v1/simulations?limit=1")
    assert [(one["name"], one["best"], one["is_named"]) for one in first["data"]] == [("two", "pro", False)]
    (one,) = office.get(f"/v1/simulations?cursor={first['next_cursor']}")["data"]
    assert (one["by"], one["by_name"], one["scenarios"][0]["middle"]) == ("cli:kim", None, "0.0000003")
    assert office.get("/v1/simulations/one")["said"] == json.loads(SAID)
    assert office.send("GET", "/v1/simulations/one/report").body.decode() == REPORT
    assert office.send("GET", "/v1/simulations/one", key=office.keys["support"]).status == 403
    assert office.send("POST", "/v1/simulations/one/remove", {}, office.keys["read_only"]).status == 403
    assert office.post("/v1/simulations/one/remove")["name"] == "one"
    assert office.send("GET", "/v1/simulations/one").error["code"] == "no_such_run"
