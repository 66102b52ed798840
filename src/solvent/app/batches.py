"""Runs batches beside the answers: some lines at once, and none while many people wait for their own answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

from solvent.answering import store as receipts_store
from solvent.app import problems
from solvent.app.build import App, now_us
from solvent.batching.asking import Booking, Hands, Told
from solvent.batching.claim_batch import claim_batch
from solvent.batching.run_batch import run_batch
from solvent.db.port import Connection
from solvent.identity.caller import Caller, caller_still
from solvent.identity.permission import demand_use
from solvent.values.errors import SolventError
from solvent.values.ids import AnswerId, KeyId
from solvent.values.limits import BATCHES_AT_ONCE

log = logging.getLogger("solvent.app")

# The surface, who asks, the answer's id and the body. Tells every problem as a client would be told.
AskInside = Callable[[str, Caller, AnswerId, bytes], Awaitable[Told]]
_LOOK_S = 0.1


class Batches:
    """The batches that this process runs."""

    def __init__(self, app: App, ask: AskInside) -> None:
        """ask: as the gateway's surfaces answer."""
        self._app = app
        self._ask_inside = ask
        self._running: set[str] = set()
        self._seats = asyncio.Semaphore(max(1, app.config.batch_lines_at_once))
        self._asking = 0
        desk = app.desk
        self._hands = Hands(
            app.database, now_us, desk.entropy, desk.holder, self._turn, self._ask, _booked,
            app.config.batch_lines_at_once, lambda: app.stopping,
        )  # fmt: skip

    async def tend(self) -> None:
        """Every now and then: begin with what waits."""
        if not self._app.config.batch_lines_at_once:
            return
        while len(self._running) < BATCHES_AT_ONCE and not self._app.stopping:
            presence = self._app.presence
            found = await claim_batch(presence.holder, self._running, presence.is_alive, self._app.database)
            if found is None:
                return
            self._running.add(found.id)
            self._app.background.start(self._run(found.id))

    async def _run(self, id: str) -> None:
        try:
            await run_batch(id, self._hands)
        except Exception:  # it is claimed again in a moment
            log.exception("batch %s broke off; that is tried again", id)
        finally:
            self._running.discard(id)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        async with self._seats:
            while self._is_busy() and not self._app.stopping:  # noqa: ASYNC110  # two reasons to end
                await asyncio.sleep(_LOOK_S)
            self._asking += 1
            try:
                yield
            finally:
                self._asking -= 1

    def _is_busy(self) -> bool:
        """Whether so many answers that people wait for are under way that batches are to wait."""
        most = self._app.config.batch_yields_at
        return bool(most) and self._app.desk.under_way - self._asking >= most

    async def _ask(self, endpoint: str, body: bytes, key: KeyId, id: AnswerId) -> Told:
        desk = self._app.desk
        try:
            caller = caller_still(key, desk.callers, desk.now_us())
            demand_use(caller, endpoint)
        except SolventError as problem:
            return told(problem, self._app.config.top_up_url)
        return await self._ask_inside(endpoint, msgspec.structs.replace(caller, in_batch=True), id, body)


def told(problem: SolventError, top_up_url: str) -> Told:
    """A problem, as a client is told it."""
    status, _ = problems.status_and_type(problem)
    return Told(status, msgspec.json.encode(problems.body(problem, top_up_url)), problem)


def _booked(connection: Connection, id: AnswerId) -> Booking | None:
    receipt = receipts_store.receipt(connection, id)
    return None if receipt is None else Booking(receipt.outcome == "failed", receipt.charge_grains)
