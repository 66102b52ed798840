"""How much power the machine draws: read from it where it says so, else worked out from rated power."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

RAPL = Path("/sys/class/powercap/intel-rapl:0/energy_uj")  # the first processor package
_READ_EVERY_S = 0.2


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
            now_uj = self._read()
            if now_uj >= self._read_uj:  # the counter wraps now and then: keep the last figure over that
                self._milliwatts = int((now_uj - self._read_uj) / (now_s - self._read_s) / 1000)
            self._read_uj, self._read_s = now_uj, now_s
        return self._milliwatts

    def _read(self) -> int:
        return int(self._counter.read_text())


def power(rated_watts: int, threads: int, cores: int) -> Power:
    """The best source this machine offers."""
    try:
        return PackagePower()
    except (OSError, ValueError):
        return RatedPower(rated_watts, threads, cores)
