"""What every cluster must keep to, as checks that the author of another runs too.

Supply a cluster; then `for check in CHECKS: check(cluster, folder)`, and APART too where its hands are other processes.
One that fails raises AssertionError and says what was expected. folder: an empty one that all hands see.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from solvent.clusters.port import Cluster, Kept
from solvent.values.errors import Invalid, SolventError, Unavailable

Check = Callable[[Cluster, Path], None]


def keeps_the_order_of_jobs(cluster: Cluster, _folder: Path) -> None:
    """Also where the first ends last; each is told as done once."""
    told: list[int] = []
    found = cluster.run(_late, [0.2, 0.0, 0.1, 0.0], told.append)
    assert found == [0.2, 0.0, 0.1, 0.0], f"results came in the order {found}"
    assert sorted(told) == [0, 1, 2, 3], f"jobs {told} were told as done"
    assert cluster.run(_late, [], told.append) == [], "no jobs have no results"
    assert cluster.hands >= 1, "nobody works"


def hands_out_what_is_kept(cluster: Cluster, _folder: Path) -> None:
    """Every job takes it whole, as often as it likes."""
    value = {"numbers": list(range(1000)), "words": "되돌림"}
    kept = cluster.keep(value)
    assert cluster.run(_taken, [kept] * 3, _nothing) == [value] * 3, "what was taken is not what was kept"


def brings_back_errors(cluster: Cluster, _folder: Path) -> None:
    """As they were raised, the first job's first; and goes on working afterwards."""
    refused = _raised(cluster, _refuses, [3, 1, 2])
    assert isinstance(refused, Invalid), f"{refused!r} was raised"
    found = (refused.code, refused.message, refused.param)
    assert found == ("bad_trace", "no 3", "n"), f"{found} came back"
    assert cluster.run(_late, [0.0], _nothing) == [0.0], "it does not work after an error"


def does_again_what_died(cluster: Cluster, folder: Path) -> None:
    """A job whose process dies is done again, and only so often."""
    file = str(folder / "died")
    found = cluster.run(_dies_once, [file], _nothing)
    assert found == [file], f"{found} came of a job that died once"
    wrong = _raised(cluster, _dies, [1])
    assert isinstance(wrong, Unavailable), f"{wrong!r} came of a job that always dies"
    assert wrong.code == "cluster_failed", wrong.code
    assert cluster.run(_late, [0.0], _nothing) == [0.0], "it does not work after a death"


CHECKS: tuple[Check, ...] = (keeps_the_order_of_jobs, hands_out_what_is_kept, brings_back_errors)
APART: tuple[Check, ...] = (does_again_what_died,)


def _raised(cluster: Cluster, work: Callable[[int], None], jobs: list[int]) -> SolventError | None:
    try:
        cluster.run(work, jobs, _nothing)
    except SolventError as wrong:
        return wrong
    return None


def _late(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def _taken(kept: Kept[Any]) -> Any:
    return kept.take()


def _refuses(n: int) -> None:
    raise Invalid("bad_trace", f"no {n}", param="n")


def _dies_once(file: str) -> str:
    if not Path(file).exists():
        Path(file).touch()
        os._exit(1)
    return file


def _dies(_n: int) -> None:
    os._exit(1)


def _nothing(_place: int) -> None:
    pass
