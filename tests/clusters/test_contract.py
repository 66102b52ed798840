"""The contract of clusters, kept by this process, by others of this machine, and by Ray on two nodes of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clusters.two_nodes import two_nodes

from solvent.app.clusters import open_cluster
from solvent.clusters.contract import APART, CHECKS, Check
from solvent.clusters.port import Cluster
from solvent.values.errors import Invalid, Unavailable

pytestmark = pytest.mark.xdist_group("ray")  # they share its two nodes


@pytest.fixture(scope="module", params=["1", "2", "ray"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    said = two_nodes() if request.param == "ray" else request.param
    with open_cluster(said) as opened:
        assert opened.hands == (1 if said == "1" else 2)
        yield opened


@pytest.mark.parametrize("check", [*CHECKS, *APART], ids=lambda check: check.__name__)
def test_keeps_the_contract(cluster: Cluster, check: Check, tmp_path: Path) -> None:
    if check in APART and cluster.hands == 1:
        return  # its death would be ours
    check(cluster, tmp_path)


@pytest.mark.parametrize("said", ["0", "257", "", "-1", "ray:", "http://host:1", "host", "2.5"])
def test_what_names_no_cluster_is_refused(said: str) -> None:
    with pytest.raises(Invalid) as refused, open_cluster(said):
        raise AssertionError("there is none")
    assert refused.value.code == "bad_cluster"


def test_a_cluster_that_is_not_there_is_named() -> None:
    with (
        pytest.raises(Unavailable, match=r"the Ray cluster 127\.0\.0\.1:9 cannot be used"),
        open_cluster("127.0.0.1:9"),
    ):
        raise AssertionError("there is none")
