"""In which order the upstreams of a model are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from solvent.routing.health import Health

# order: the first that is well, as they are written. weighted: by chance, each as often as its weight says.
# fastest: who begins to answer soonest, and now and then another, to know.
Policy = Literal["order", "weighted", "fastest"]
EXPLORE_EVERY: Final = 20


class Candidate(msgspec.Struct, frozen=True):
    """One upstream that may be asked. weight: 1 or more."""

    health: Health
    weight: int = 1


def order_of(candidates: Sequence[Candidate], policy: Policy, roll: int, now_us: int) -> list[int]:
    """Places of candidates, the one to ask first in front; those that are shut come last, the soonest to open first.

    roll: a random number of many bits.
    """
    is_open = [candidate.health.is_open(now_us) for candidate in candidates]
    well = [n for n, opens in enumerate(is_open) if opens]
    shut = sorted((n for n, opens in enumerate(is_open) if not opens), key=lambda n: candidates[n].health.shut_until_us)
    if len(well) > 1 and policy != "order":
        first = _first(well, candidates, policy, roll)
        well.remove(first)
        well.insert(0, first)
    return well + shut


def _first(well: Sequence[int], candidates: Sequence[Candidate], policy: Policy, roll: int) -> int:
    explores, roll = roll % EXPLORE_EVERY == 0, roll // EXPLORE_EVERY
    if policy == "fastest" and not explores:
        return min(well, key=lambda n: candidates[n].health.latency_us)  # of whom nobody knows is asked first
    point = roll % sum(candidates[n].weight for n in well)
    for n in well:
        point -= candidates[n].weight
        if point < 0:
            return n
    raise AssertionError("the point lies within the weights")
