"""llama.cpp inside this process, through the xllamacpp wheel: its own server on a loopback port.

It batches, streams and counts by itself; we hold its seats, so that waiting is seen and never billed.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any

from solvent.engines.busy_clock import BusyClock
from solvent.engines.port import Effort, Engine, Level, Settings, Upkeep
from solvent.engines.power import Power, power
from solvent.values.errors import Invalid, Unavailable

SEATS_MAX = 16  # answers at once
WAITING_MAX = 256  # answers waiting for a seat; more are told to come back


class LlamaCpp:
    """One GGUF file, some answers at once."""

    # Timings in every event, so that an answer cut short is still counted to the token.
    members: Mapping[str, object] = {"timings_per_token": True, "cache_prompt": True}

    def __init__(self, settings: Settings) -> None:
        if not 1 <= settings.seats <= SEATS_MAX:
            message = f"seats = {settings.seats}: an engine has 1 to {SEATS_MAX}"
            raise Invalid("bad_seats", message, param="seats")
        if not settings.file.is_file():
            message = f"{settings.file} is not there; `solvent models pull` downloads models"
            raise Invalid("no_such_model_file", message, param="file")
        cores = os.cpu_count() or 1
        threads = settings.threads or max(1, cores // 2)
        self.key = token_urlsafe(24)
        self._server = _server(settings, threads, self.key)
        self._seats = asyncio.Semaphore(settings.seats)
        self._waiting = 0
        self._power: Power = power(settings.rated_watts, threads, cores, with_gpu=settings.gpu_layers > 0)
        estimated, shared_by = self._power.estimated, settings.shared_by
        self._clock = BusyClock(time.monotonic_ns(), estimated=estimated, shared_by=shared_by)

    @property
    def base_url(self) -> str:
        """See `Engine.base_url`."""
        return f"{self._server.listening_address}/v1"

    async def sit(self) -> LlamaSeat:
        """See `Engine.sit`."""
        if self._waiting >= WAITING_MAX:
            message = f"{WAITING_MAX} answers are waiting for the local engine already; ask again soon"
            raise Unavailable("engine_busy", message, retry_after_s=5)
        self._waiting += 1
        try:
            await self._seats.acquire()
        finally:
            self._waiting -= 1
        return LlamaSeat(self)

    def upkeep(self) -> Upkeep:
        """See `Engine.upkeep`."""
        return self._clock.upkeep(time.monotonic_ns(), self._power.milliwatts())

    def close(self) -> None:
        """See `Engine.close`."""
        del self._server


class LlamaSeat:
    """See `Seat`."""

    __slots__ = ("_engine", "_present")

    def __init__(self, engine: LlamaCpp) -> None:
        self._engine = engine
        self._present = engine._clock.come(time.monotonic_ns(), engine._power.milliwatts())

    def begin(self, level: Level = "phases") -> None:
        """See `Seat.begin`."""
        engine = self._engine
        engine._clock.begin(self._present, time.monotonic_ns(), engine._power.milliwatts(), level)

    def leave(self) -> Effort:
        """See `Seat.leave`."""
        engine = self._engine
        effort = engine._clock.leave(self._present, time.monotonic_ns(), engine._power.milliwatts())
        engine._seats.release()
        return effort


def open_engine(settings: Settings) -> Engine:
    """See `OpenEngine`."""
    return LlamaCpp(settings)


def _server(settings: Settings, threads: int, key: str) -> Any:
    try:
        import xllamacpp  # 100 MB of native code: loaded only by who runs an engine
    except ImportError as missing:
        message = (
            f"llama.cpp cannot be loaded: {missing}; on Debian: apt-get install libgomp1. "
            "To serve without local models, set house_model = false"
        )
        raise Invalid("engine_unusable", message) from None
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(settings.file)
    parameters.n_parallel = settings.seats
    parameters.n_ctx = settings.context_tokens * settings.seats  # llama.cpp counts the context of all seats together
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    parameters.api_keys = [key]
    parameters.verbosity = 0
    parameters.n_gpu_layers = settings.gpu_layers
    parameters.fit_params = False
    parameters.warmup = True
    parameters.endpoint_metrics = True
    try:
        return xllamacpp.Server(parameters)
    except RuntimeError as wrong:
        raise Invalid("bad_model_file", f"{settings.file} could not be loaded: {wrong}") from None
