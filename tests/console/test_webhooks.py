"""The doors of payments over real HTTP: webhooks and the way back; what is forged changes nothing and is logged."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvicorn
from starlette.applications import Starlette
from tests.db.opened import Place
from tests.payments.processor_server import Trouble
from tests.payments.stages import StripeStage, TossStage
from tests.payments.stripe_server import StripeServer, forged
from tests.payments.toss_server import TossServer
from tests.till.tills import CUSTOMER, NOON_US, Till, act, opened_till, won

from solvent.app.payments import Payments
from solvent.billing.order import PaymentOrder
from solvent.console.webhooks import payment_routes
from solvent.till.top_up import top_up
from solvent.values.limits import WEBHOOK_BYTES_MAX
from solvent.wire.origin import Origin
from solvent.wire.pool import Pool


@dataclass
class Doors:
    """A running service, and both processors behind it."""

    till: Till
    payments: Payments
    stripe: StripeServer
    toss: TossServer
    pool: Pool

    async def top_up(self, rail: str) -> PaymentOrder:
        """A customer begins to pay 10,000 won."""
        till, url = self.till, self.payments.return_url(rail)
        opened = await top_up(
            CUSTOMER, won(10_000), rail, self.payments.rails, till.database, act(), till.entropy, return_url=url
        )
        return opened.order

    async def post(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        return await self._ask("POST", path, headers, body)

    async def get(self, path: str) -> tuple[int, Any]:
        return await self._ask("GET", path, {}, b"")

    async def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        reply = await self.pool.send(method, path, headers, body)
        text = await reply.read()
        if reply.headers.get("location"):
            return reply.status, reply.headers["location"]
        is_json = reply.headers.get("content-type", "").startswith("application/json")
        return reply.status, msgspec.json.decode(text) if is_json else text.decode()


@asynccontextmanager
async def doors_at(tmp_path: Path) -> AsyncIterator[Doors]:
    stripe, toss = StripeServer(), TossServer()
    with stripe.running(), toss.running():
        processors = [StripeStage(stripe).processor, TossStage(toss).processor]
        stripe.at_s = NOON_US // 10**6
        async with opened_till(Place(tmp_path), *processors) as till:
            numbers = itertools.count(1)
            payments = Payments(till.database, lambda: NOON_US, lambda: next(numbers), "https://solvent.example/")
            payments.connect({processor.rail: processor for processor in processors})
            config = uvicorn.Config(Starlette(routes=payment_routes(payments)), port=0, log_config=None, lifespan="off")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110  # uvicorn offers no event
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            pool = Pool(Origin.parse(f"http://127.0.0.1:{port}"))
            yield Doors(till, payments, stripe, toss, pool)
            await pool.close()
            server.should_exit = True
            await serving


def live(tmp_path: Path, play: Callable[[Doors], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(30), doors_at(tmp_path) as doors:
            await play(doors)

    asyncio.run(run())


def test_a_webhook_credits_and_a_forged_or_repeated_one_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "solvent.webhooks")

    async def play(doors: Doors) -> None:
        order = await doors.top_up("stripe")
        assert order.return_url == f"https://solvent.example/pay/stripe/{order.id}"
        doors.stripe.pay(order.reference)
        headers, body = doors.stripe.outbox[0]
        status, said = await doors.post("/webhooks/stripe", *forged((headers, body)))
        assert (status, said["error"]["code"]) == (403, "bad_webhook_signature")
        assert await doors.till.wallet() == 0
        assert await doors.post("/webhooks/stripe", headers, body) == (200, {"state": "applied"})
        assert await doors.post("/webhooks/stripe", headers, body) == (200, {"state": "replayed"})
        assert await doors.till.wallet() == 10_000
        words = [record.getMessage() for record in caplog.records if record.name == "solvent.webhooks"]
        assert len(words) == 3
        assert "bad_webhook_signature" in words[0]
        assert f"of order {order.id}: paid, fee" in words[1]
        assert "came before and was applied" in words[2]

    live(tmp_path, play)


def test_what_does_not_agree_is_an_error_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def play(doors: Doors) -> None:
        doors.stripe.takes_other = {"amount": 9_999}
        order = await doors.top_up("stripe")
        doors.stripe.pay(order.reference)
        assert await doors.post("/webhooks/stripe", *doors.stripe.outbox[0]) == (200, {"state": "mismatch"})
        (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert "asks for 10000 KRW, and 9999 KRW was paid" in record.getMessage()

    live(tmp_path, play)


def test_strangers_learn_nothing(tmp_path: Path) -> None:
    unknown = b'{"eventType":"PAYMENT_STATUS_CHANGED","data":{"orderId":"ord_x","status":"DONE"}}'

    async def play(doors: Doors) -> None:
        for path, headers, body, status in (
            ("/webhooks/nobody", {}, b"{}", 404),
            ("/webhooks/stripe", {}, b"", 403),
            ("/webhooks/stripe", {"stripe-signature": "t=1,v1=\xe9"}, b"{}", 403),
            ("/webhooks/toss", {}, b"[" * 100_000, 400),
            ("/webhooks/toss", {}, b"x" * (WEBHOOK_BYTES_MAX + 1), 413),
            (
                "/webhooks/toss",
                {},
                unknown,
                200,
            ),
        ):
            answered, said = await doors.post(path, dict(headers), body)
            assert answered == status, said
        assert (await doors.get("/webhooks/stripe"))[0] == 405
        assert doors.toss.seen == [], "nobody made us ask Toss"

    live(tmp_path, play)


def test_a_silent_processor_has_the_webhook_sent_again(tmp_path: Path) -> None:
    async def play(doors: Doors) -> None:
        order = await doors.top_up("stripe")
        doors.stripe.pay(order.reference)
        doors.stripe.troubles.append(Trouble(times=2, fails=500))
        status, said = await doors.post("/webhooks/stripe", *doors.stripe.outbox[0])
        assert (status, said["error"]["code"]) == (502, "processor_unavailable")
        assert (await doors.post("/webhooks/stripe", *doors.stripe.outbox[0]))[0] == 200
        assert await doors.till.wallet() == 10_000

    live(tmp_path, play)
