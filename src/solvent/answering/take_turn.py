"""Take a turn at an upstream whose key may be asked only so fast: at the first that has one, or after a short wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from solvent.answering.desk import Desk
from solvent.answering.elsewhere import alternatives, enter
from solvent.answering.route import Route
from solvent.answering.settlement import Opened
from solvent.values.errors import Unavailable
from solvent.values.instant import US_PER_S
from solvent.values.limits import UPSTREAM_TURN_S_MAX, UPSTREAM_TURN_STEP_S


async def take_turn(opened: Opened, tried: Sequence[Route], desk: Desk) -> Opened:
    """The question as it goes to the first of its upstreams whose key may be asked now, at whose pace it then counts.

    tried: those that are not asked again. Raises Unavailable upstream_busy when no turn comes soon; then it counts
    nowhere.
    """
    steps = int(UPSTREAM_TURN_S_MAX / UPSTREAM_TURN_STEP_S)
    while True:
        waits_us = []
        for choice in (opened, *alternatives(opened, tried, desk)):
            entered = enter(choice, desk)
            if isinstance(entered, Opened):
                return entered
            waits_us.append(entered.wait_us)
        steps -= 1
        if steps < 0 or min(waits_us) > UPSTREAM_TURN_S_MAX * US_PER_S:
            wait_s = -(-min(waits_us) // US_PER_S)
            message = f"all our keys for the model are asked as fast as they may be; ask again in {wait_s} s"
            raise Unavailable("upstream_busy", message, retry_after_s=wait_s)
        await asyncio.sleep(UPSTREAM_TURN_STEP_S)
