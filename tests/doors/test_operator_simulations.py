"""Kept runs of the simulator over the operator API, for those who may see the books."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import msgspec
import pytest
from tests.db.opened import Place
from tests.doors.office import Office
from tests.simulation.test_kept_run import REPORT, SAID, keep

from solvent.billing.loss import ClassCost
from solvent.values.limits import MIB


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


def test_a_run_is_asked_for_once_listed_and_cancelled(office: Office) -> None:
    path, body = "/v1/simulations", {"source": "generated", "generate": "customers=5,days=2", "keep": "spring"}
    for role in ("support", "read_only"):
        assert office.send("POST", path, body, office.keys[role]).status == 403
    asked = office.post(path, body, "one")
    assert office.post(path, body, "one") == asked  # the same act
    assert (asked["state"], asked["run"], asked["ended"]) == ("waiting", "", None)
    assert asked["command"] == "solvent simulate --generate=customers=5,days=2 --keep=spring"
    assert office.send("POST", path, body).error["code"] == "simulation_running"
    assert office.get(f"{path}/asked")["data"] == [asked]
    assert office.send("GET", f"{path}/asked/{asked['id']}", key=office.keys["support"]).status == 403
    assert office.send("POST", f"{path}/asked/{asked['id']}/cancel", {}, office.keys["read_only"]).status == 403
    office.post(f"{path}/asked/{asked['id']}/cancel")
    assert office.get(f"{path}/asked/{asked['id']}")["state"] == "cancelled"
    assert office.send("POST", f"{path}/asked/{asked['id']}/cancel").error["code"] == "asked_run_ended"
    assert office.send("GET", f"{path}/asked/sim_9").error["code"] == "no_such_asked_run"
    for wrong in ({"since": "x"}, {"draws": 0}, {"seed": -1}, {"cached": 1001}, {"source": "/etc"}, {"data": "/"}):
        assert office.send("POST", path, wrong).status == 400, wrong
    for mib, code in ((5, "bad_trace"), (13, "body_too_large")):  # a file is as large as a page may send it
        large = {"source": "file", "file": "%" * mib * MIB, "file_name": "a.csv"}
        assert office.send("POST", path, large).error["code"] == code
    assert [one["state"] for one in office.get(f"{path}/asked")["data"]] == ["cancelled"]


AMOUNTS = "answers refused tokens periods fee earned charge on_account included cost"
LINE = dict.fromkeys(re.sub(r"(fee|earned|charge|on_account|included|cost)", r"\1_grains", AMOUNTS).split(), 0)


def scenario(name: str) -> dict[str, Any]:
    outcome = {"source": "the books", "currency": "KRW", "from_us": 0, "until_us": 1}
    return {
        "scenario": name,
        "total": LINE | {"customer": "", "plan": ""},
        "losers": 0,
        "losses": "0",
        "outcome": outcome,
    }


def lay_run(
    place: Place, name: str, plans: list[dict[str, Any]], versions: dict[str, int], varies: tuple[str, ...] = ()
) -> None:  # fmt: skip
    """varies: in what its scenario differs."""
    told = {"varies": [{"what": what, "name": "m", "permille": 300} for what in varies]} if varies else {}
    said = {
        "command": "solvent simulate", "seed": 1, "plans": plans, "plan_versions": versions,
        "scenarios": [scenario(plan["name"]) | told for plan in plans[:1]],
    }  # fmt: skip

    async def lay() -> None:
        async with place.opened() as database:
            await keep(database, name, said=msgspec.json.encode(said))

    asyncio.run(lay())


def test_a_plan_of_a_run_goes_on_sale_once_and_only_over_what_the_run_knew(office: Office, place: Place) -> None:
    dear = {"name": "dear", "price": "9000", "included": [{"answers": 3}], "beyond": "stop"}
    other = {"name": "other", "price": "1"}
    lay_run(place, "autumn", [dear, other], {"dear": 0})
    path = "/v1/simulations/autumn/adopt"
    for role in ("support", "read_only"):
        assert office.send("POST", path, {"plan": "dear"}, office.keys[role]).status == 403
    assert (
        office.send("POST", path, {"plan": "other"}, office.keys["finance"]).error["code"] == "idempotency_key_needed"
    )
    refused = office.send("POST", path, {"plan": "other"}, headers={"idempotency-key": "0"})
    assert (refused.status, refused.error["code"]) == (404, "no_such_plan")
    assert office.post(path, {"plan": "dear"}, "one")["version"] == 1
    assert office.post(path, {"plan": "dear"}, "one")["version"] == 1  # the same act
    assert office.post(path, {"plan": "dear"}, "two")["version"] == 1  # on sale so already
    (change,) = [one for one in office.get("/v1/audit?subject=dear")["data"] if one["idempotency_key"] == "one"]
    assert change["action"] == "plan.publish"
    office.post("/v1/plans", dear | {"price": "8000"}, "three")
    stale = office.send("POST", path, {"plan": "dear"}, headers={"idempotency-key": "four"})
    assert (stale.status, stale.error["code"]) == (409, "plan_changed")
    assert "version 2" in stale.error["message"]
    assert office.get("/v1/plans/dear")["data"][0]["terms"]["price"] == "8000"
    office.post("/v1/simulations/autumn/remove")
    assert office.post(path, {"plan": "dear"}, "one")["version"] == 1  # the same act, though the run is gone
    assert office.send("POST", path, {"plan": "other"}, headers={"idempotency-key": "one"}).status == 422
    assert office.send("POST", path, {"plan": "dear"}, headers={"idempotency-key": "five"}).status == 404
    lay_run(place, "winter", [dear | {"price": "10000"}], {"dear": 2})
    assert office.post("/v1/simulations/winter/adopt", {"plan": "dear"}, "six")["version"] == 3


@pytest.mark.parametrize("what", ["plan", "price", "cost", "share", "cache"])
def test_a_plan_is_adopted_only_from_figures_of_its_own(office: Office, place: Place, what: str) -> None:
    lay_run(place, "other", [{"name": "dear", "price": "9000"}], {}, ("cache", what))
    body, key = {"plan": "dear"}, {"idempotency-key": what}
    done = office.send("POST", "/v1/simulations/other/adopt", body, headers=key)
    if what in ("share", "cache"):
        assert done.status == 200
        return
    assert (done.status, done.error["code"]) == (409, "scenario_varies")
    assert office.send("GET", "/v1/plans/dear").status == 404


def test_a_plan_that_loses_is_adopted_only_where_that_is_meant(office: Office, place: Place) -> None:
    office.costs = (ClassCost("standard", 50_000_000_000),)
    lay_run(place, "poor", [{"name": "poor", "price": "1", "included": [{"answers": 3}]}], {})
    path = "/v1/simulations/poor/adopt"
    refused = office.send("POST", path, {"plan": "poor"}, headers={"idempotency-key": "1"})
    assert (refused.status, refused.error["code"]) == (403, "plan_at_a_loss")
    assert office.post(path, {"plan": "poor", "at_a_loss": True}, "2")["finding"]["kind"] == "loss"


@pytest.mark.parametrize("said", [b"{}", b'{"command": 3}'])
def test_what_another_version_kept_is_not_adopted(office: Office, place: Place, said: bytes) -> None:
    async def lay() -> None:
        async with place.opened() as database:
            await keep(database, "old", said=said)

    asyncio.run(lay())
    refused = office.send("POST", "/v1/simulations/old/adopt", {"plan": "x"}, headers={"idempotency-key": "1"})
    assert (refused.status, refused.error["code"]) == (409, "run_unreadable")
