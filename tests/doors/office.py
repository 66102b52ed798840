"""The operator API alone, as a real server without models: quick to start, on either database."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import Any

import uvicorn
from tests.db.opened import Place
from tests.doors.server import Answer

from solvent.app.business import Business
from solvent.app.config import Config
from solvent.app.database import demand_same_books
from solvent.app.payments import Payments
from solvent.app.plans import meant_losses, read_plans
from solvent.audit.act import by_system
from solvent.billing.loss import ClassCost
from solvent.billing.publish_plans import publish_plans
from solvent.console.api import OperatorApi
from solvent.db.group_commit import GroupCommit
from solvent.gateway.protocol import BoundedHttp
from solvent.identity import store as identity_store
from solvent.identity.caller import Callers, Role
from solvent.identity.key import SECRET_BYTES, NewKey, secret
from solvent.office.issue_key import issue_key
from solvent.payments.port import PaymentProcessor
from solvent.values.ids import ENTROPY_BITS
from solvent.values.period import zone

NOW_US = 1_795_521_600_000_000  # 2026-11-24 21:00 in Seoul


class Office:
    """One operator API. keys: an operator's key for each role. now_us: its clock, which a test may set."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.now_us = NOW_US
        self.port = 0
        self.keys: dict[str, str] = {}
        self.callers = Callers()
        self.costs: tuple[ClassCost, ...] = ()
        self.processors: dict[str, PaymentProcessor] = {}
        self._chance = Random(1)

    def entropy(self) -> int:
        return self._chance.getrandbits(ENTROPY_BITS)

    async def class_costs(self) -> tuple[ClassCost, ...]:
        return self.costs

    def tick(self) -> int:
        """The clock moves on with every look at it, so that what came later is later."""
        self.now_us += 1
        return self.now_us

    def send(
        self, method: str, path: str, body: object = None, key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """One request. body: bytes as they are, anything else as JSON. key: the owner's; "" for none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        given = self.keys["owner"] if key is None else key
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        names = {"authorization": f"Bearer {given}"} if given else {}
        try:
            connection.request(method, path, sent, names | dict(headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def get(self, path: str, key: str | None = None) -> Any:
        """What a GET that must succeed gives."""
        answer = self.send("GET", path, None, key)
        assert answer.status == 200, answer.body
        return answer.json

    def post(self, path: str, body: object = None, once: str = "", key: str | None = None) -> Any:
        """What a POST that must succeed gives. once: its idempotency key, a new one by itself."""
        answer = self.send("POST", path, body, key, {"idempotency-key": once or uuid.uuid4().hex})
        assert answer.status == 200, answer.body
        return answer.json

    def refuse(self, path: str, body: object = None, key: str | None = None) -> tuple[int, str]:
        """Status and code of a POST that must be refused."""
        answer = self.send("POST", path, body, key, {"idempotency-key": uuid.uuid4().hex})
        assert answer.status >= 400, answer.body
        return answer.status, answer.error["code"]

    def customer(self, name: str = "Kim", **members: Any) -> Any:
        """A new customer, as the API says it."""
        return self.post("/v1/customers", {"name": name, "plan": "pay-as-you-go"} | members)


@contextmanager
def running_office(
    place: Place, config: Config | None = None, processors: Mapping[str, PaymentProcessor] | None = None
) -> Iterator[Office]:
    """A running operator API on the books of a place. processors: the payment rails."""
    office = Office(config or Config())
    office.processors.update(processors or {})
    ready = threading.Event()
    servers: list[uvicorn.Server] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_serve(office, place, servers, ready))
        except BaseException as wrong:
            failures.append(wrong)
        finally:
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(30)
        assert not failures, failures
        yield office
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(30)
    assert not failures, failures


async def _serve(office: Office, place: Place, servers: list[uvicorn.Server], ready: threading.Event) -> None:
    async with place.opened() as database:
        await database.write(lambda connection: demand_same_books(connection, office.config))
        await _issue_keys(office, database)
        plans = read_plans(office.config)
        await publish_plans(plans, meant_losses(office.config), (), database, office.tick())
        payments = Payments(database, office.tick, office.entropy)
        payments.connect(office.processors)
        business = Business(
            database, office.config, payments, zone(office.config.time_zone), office.tick, office.entropy,
            lambda: os.urandom(SECRET_BYTES), office.class_costs, place.directory,
        )  # fmt: skip

        async def reload() -> None:
            office.callers = await database.read(identity_store.callers)

        await reload()
        api = OperatorApi(business, lambda: office.callers, reload)
        config = uvicorn.Config(api, port=0, http=BoundedHttp, lifespan="off", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        servers.append(server)
        serving = asyncio.create_task(server.serve())
        while not server.started and not serving.done():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        office.port = server.servers[0].sockets[0].getsockname()[1]
        ready.set()
        await serving


async def _issue_keys(office: Office, database: GroupCommit) -> None:
    roles: tuple[Role, ...] = ("owner", "finance", "support", "read_only")
    for role in roles:
        office.keys[role] = secret(role, os.urandom(SECRET_BYTES))
        new = NewKey(role, None, office.keys[role], office.entropy(), f"the {role}")
        await issue_key(new, by_system(f"test/{role}", office.tick()), database)
