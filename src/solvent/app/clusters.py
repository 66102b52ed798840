"""What a simulation is spread over: this process, some of this machine, or a Ray cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from solvent.clusters.here import Here
from solvent.clusters.port import Cluster
from solvent.clusters.processes import Processes
from solvent.values.errors import Invalid
from solvent.values.limits import SPREAD_HANDS_MAX

_ADDRESS: Final = re.compile(r"(ray://)?[\w.-]+:\d{1,5}")


@contextmanager
def open_cluster(said: str) -> Iterator[Cluster]:
    """said: a number of processes, `ray` for the cluster that this machine is part of, or a cluster's address.

    Raises Invalid and Unavailable.
    """
    cluster = _opened(said)
    try:
        yield cluster
    finally:
        cluster.close()


def _opened(said: str) -> Cluster:
    if said.isdecimal():
        if not 1 <= int(said) <= SPREAD_HANDS_MAX:
            message = f"--spread {said}: so many processes are not 1 to {SPREAD_HANDS_MAX}"
            raise Invalid("bad_cluster", message, param="spread")
        return Processes(int(said)) if int(said) > 1 else Here()
    if said != "ray" and not _ADDRESS.fullmatch(said):
        message = f"--spread {said[:60]!r}: write a number of processes, ray, HOST:PORT or ray://HOST:PORT"
        raise Invalid("bad_cluster", message, param="spread")
    from solvent.clusters.ray import RayCluster  # seconds to load, and an extra

    return RayCluster("auto" if said == "ray" else said)
