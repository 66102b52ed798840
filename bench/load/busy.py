"""How much of this machine's cores other work took meanwhile: without it, a time by the clock says little."""

import os
import time
from pathlib import Path


class Busy:
    """Counts from its making on."""

    def __init__(self) -> None:
        self._began = (_all_seconds(), _own_seconds(), time.perf_counter())

    def other_cores(self) -> float:
        """Cores that were busy on average with what is neither this process nor its ended children."""
        busy, own, at = _all_seconds(), _own_seconds(), time.perf_counter()
        before_busy, before_own, before = self._began
        return max(0.0, (busy - before_busy) - (own - before_own)) / max(1e-9, at - before)


def _all_seconds() -> float:
    user, nice, system, _idle, _waiting, irq, softirq, *_ = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
