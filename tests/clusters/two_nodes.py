"""A Ray cluster of two nodes on this machine, each with one processor, its own processes and its own object store."""

from __future__ import annotations

import atexit
import os
from functools import cache

MIB = 1 << 20


@cache
def two_nodes() -> str:
    """Its address. It is shut down with the process that asked for it first."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 80 * MIB}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    atexit.register(cluster.shutdown)
    cluster.add_node(num_cpus=1, object_store_memory=80 * MIB)
    return str(cluster.address)
