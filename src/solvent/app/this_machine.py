"""This machine as hardware: its memory, measured in a moment, and what its cores can compute, from their count."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from solvent.capacity.hardware import Hardware

_BLOCK_BYTES: Final = 32 * 1024 * 1024  # more than any cache holds for long
_ROUNDS: Final = 8
_FLOPS_PER_CYCLE: Final = 32.0  # of a core with 256-bit fused multiply-adds on two ports, in single precision
_HERTZ: Final = 2.5e9  # where the machine does not tell
_WATTS_PER_CORE: Final = 10.0  # of servers of this decade: 280 W for 64 cores and what stands around them
_OVERHEAD: Final = 0.05  # calling a function against launching a kernel: an assumption that calibrating replaces


@cache
def measure_cpu() -> Hardware:
    """The whole machine as one device. Takes some hundredths of a second."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    flops = cores * _hertz() * _FLOPS_PER_CYCLE
    return Hardware(
        name="cpu",
        kind="cpu",
        bytes_per_s=_memory_bytes_per_s(),
        flops={"bf16": flops},
        memory_bytes=float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")),
        watts=cores * _WATTS_PER_CORE,
        link_bytes_per_s=10e9,
        overhead=_OVERHEAD,
        source=f"this machine: {cores} cores, memory measured by copying",
        checked=datetime.now(UTC).date().isoformat(),
    )


def _memory_bytes_per_s() -> float:
    """Read and written while a block is copied: the best of some rounds, by one core, which llama.cpp reaches too."""
    block, into = bytes(_BLOCK_BYTES), bytearray(_BLOCK_BYTES)
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        into[:] = block
        best = min(best, time.perf_counter() - began)
    return 2 * _BLOCK_BYTES / best


def _hertz() -> float:
    try:
        told = Path("/proc/cpuinfo").read_text()
    except OSError:
        return _HERTZ
    found = [line.partition(":")[2] for line in told.splitlines() if line.startswith("cpu MHz")]
    try:
        return max(map(float, found)) * 1e6 if found else _HERTZ
    except ValueError:
        return _HERTZ
