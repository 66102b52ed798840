"""A Ray cluster: machines that stand ready already. What is kept lies in Ray's object store, which spills to disk."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, Final, Generic

from solvent import __version__
from solvent.clusters.port import J, Kept, R, T
from solvent.values.errors import Invalid, Unavailable
from solvent.values.limits import SPREAD_TRIES

_LISTENING_S: Final = 5.0


class _InStore(Generic[T]):
    def __init__(self, ref: Any) -> None:
        self._ref = ref

    def take(self) -> T:
        import ray

        value: T = ray.get(self._ref)
        return value


class RayCluster:
    """One of its processors works at one job."""

    def __init__(self, address: str) -> None:
        """address: HOST:PORT, ray://HOST:PORT, or auto for the cluster that this machine is part of.

        Raises Invalid where Ray is not installed, or its machines have another solvent, and Unavailable where the
        cluster cannot be reached.
        """
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "2")  # or it waits for a quarter of an hour
        try:
            import ray
        except ImportError:
            message = "spreading over a cluster needs Ray; install it with: pip install 'solvent[cluster]'"
            raise Invalid("no_extra", message, param="spread") from None
        self._ray = ray
        if ":" in address:
            _demand_listening(address)
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except Exception as wrong:
            raise _unusable(address, wrong) from None
        try:
            self._demand_same()
            self.hands = max(1, int(ray.cluster_resources().get("CPU", 1)))
        except BaseException:
            ray.shutdown()
            raise

    def _demand_same(self) -> None:
        """Another version would not answer alike."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        nodes = [node["NodeID"] for node in self._ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
        asked = [
            self._ray.remote(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False))(
                versions
            ).remote()
            for node in nodes
        ]
        ours = versions()
        for theirs in self._got(asked):
            if theirs != ours:
                message = f"a machine of the cluster has {theirs} and this one {ours}; install the same on both"
                raise Invalid("bad_cluster", message, param="spread")

    def _got(self, refs: Sequence[Any]) -> list[Any]:
        try:
            return list(self._ray.get(list(refs)))
        except self._ray.exceptions.RayTaskError as wrong:
            cause = wrong.cause
            if isinstance(cause, ImportError):
                message = f"a machine of the cluster lacks what this one has: {cause}; install the same solvent there"
                raise Invalid("bad_cluster", message, param="spread") from None
            raise (cause if isinstance(cause, Exception) else wrong) from None
        except self._ray.exceptions.RayError as wrong:
            first = str(wrong).strip().splitlines()[0][:300]
            message = f"the cluster lost its work {SPREAD_TRIES} times: {first}"
            raise Unavailable("cluster_failed", message) from None

    def keep(self, value: T) -> Kept[T]:
        """See `Cluster`."""
        return _InStore(self._ray.put(value))

    def run(self, work: Callable[[J], R], jobs: Sequence[J], done: Callable[[int], None]) -> list[R]:
        """See `Cluster`."""
        remote = self._ray.remote(num_cpus=1, max_retries=SPREAD_TRIES - 1)(work)
        refs = [remote.remote(job) for job in jobs]
        places = {ref: place for place, ref in enumerate(refs)}
        waiting = refs
        try:
            while waiting:
                ended, waiting = self._ray.wait(waiting, num_returns=1)
                for ref in ended:
                    done(places[ref])
            return [one for ref in refs for one in self._got([ref])]
        except BaseException:
            for ref in waiting:
                self._ray.cancel(ref, force=True)
            raise

    def close(self) -> None:
        """See `Cluster`."""
        self._ray.shutdown()


def _demand_listening(address: str) -> None:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), _LISTENING_S).close()
    except (OSError, OverflowError) as wrong:
        raise _unusable(address, wrong) from None


def _unusable(address: str, wrong: Exception) -> Unavailable:
    first = (str(wrong).strip() or type(wrong).__name__).splitlines()[0][:300]
    message = f"the Ray cluster {address} cannot be used: {first}; start one with: ray start --head"
    return Unavailable("cluster_failed", message)


def versions() -> str:
    """What must be the same on all machines."""
    return f"solvent {__version__}, numpy {version('numpy')}, Python {platform.python_version()}"
