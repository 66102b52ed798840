"""How much power the machine draws: read from it where it says so, else worked out from rated power."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

RAPL = Path("/sys/class/powercap/intel-rapl:0/energy_uj")  # the first processor package
_READ_EVERY_S = 0.005  # the counter moves every millisecond


class Power(Protocol):
    """A source of power figures."""

    estimated: bool

    def milliwatts(self) -> int:
        """Power drawn now, in thousandths of a watt."""
        ...


class RatedPower:
    """Thermal design power of the share of the processor that the engine's threads can use."""

    estimated = True

    def __init__(self, watts: int, threads: int, cores: int) -> None:
        self._milliwatts = watts * 1000 * min(threads, cores) // max(1, cores)

    def milliwatts(self) -> int:
        """See `Power.milliwatts`."""
        return self._milliwatts


class PackagePower:
    """The processor's own energy counter (RAPL), averaged over the time since the last reading."""

    estimated = False

    def __init__(self, counter: Path = RAPL) -> None:
        self._counter = counter
        self._read_uj, self._read_s = self._read(), time.monotonic()
        self._milliwatts = 0

    def milliwatts(self) -> int:
        """See `Power.milliwatts`."""
        now_s = time.monotonic()
        if now_s - self._read_s >= _READ_EVERY_S:
            try:
                now_uj = self._read()
            except (OSError, ValueError):
                return self._milliwatts  # an answer is not lost for want of a figure
            if now_uj >= self._read_uj:  # the counter wraps now and then: keep the last figure over that
                self._milliwatts = int((now_uj - self._read_uj) / (now_s - self._read_s) / 1000)
            self._read_uj, self._read_s = now_uj, now_s
        return self._milliwatts

    def _read(self) -> int:
        return int(self._counter.read_text())


class GpuPower:
    """What NVIDIA's driver says all its cards draw (NVML); needs the extra `gpu`."""

    estimated = False

    def __init__(self) -> None:
        """Raises OSError when there is no driver, or no card."""
        try:
            import pynvml
        except ImportError as missing:
            raise OSError("nvidia-ml-py is not installed") from missing
        self._trouble: type[Exception] = pynvml.NVMLError
        try:
            pynvml.nvmlInit()
            cards = [pynvml.nvmlDeviceGetHandleByIndex(n) for n in range(pynvml.nvmlDeviceGetCount())]
            self._read = partial(_sum, pynvml.nvmlDeviceGetPowerUsage, cards)
            self._milliwatts, self._read_s = self._read(), time.monotonic()
        except pynvml.NVMLError as wrong:
            raise OSError(str(wrong)) from None
        if not cards:
            raise OSError("there is no NVIDIA card")

    def milliwatts(self) -> int:
        """See `Power.milliwatts`."""
        if time.monotonic() - self._read_s >= _READ_EVERY_S:
            self._read_s = time.monotonic()
            with suppress(self._trouble):  # the card may be gone: keep the last figure
                self._milliwatts = self._read()
        return self._milliwatts


def _sum(power_usage: Callable[[Any], int], cards: list[Any]) -> int:
    return sum(int(power_usage(card)) for card in cards)


class SummedPower:
    """Several sources at once; as sure as the least sure of them."""

    def __init__(self, parts: tuple[Power, ...]) -> None:
        self._parts = parts
        self.estimated = any(part.estimated for part in parts)

    def milliwatts(self) -> int:
        """See `Power.milliwatts`."""
        return sum(part.milliwatts() for part in self._parts)


def power(rated_watts: int, threads: int, cores: int, *, with_gpu: bool = False) -> Power:
    """The best sources this machine offers. with_gpu: the engine uses its cards, so their power counts too."""
    processor: Power
    try:
        processor = PackagePower()
    except (OSError, ValueError):
        processor = RatedPower(rated_watts, threads, cores)
    if not with_gpu:
        return processor
    try:
        return SummedPower((processor, GpuPower()))
    except OSError:
        return processor
