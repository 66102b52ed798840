"""The hours of today and yesterday. What is over stays as it was, so each hour is read from the books once."""

from __future__ import annotations

from functools import partial
from typing import Final

from solvent.answering.hours_store import Hour, hours
from solvent.db.port import Database
from solvent.values.instant import DAY_US, HOUR_US

_SETTLED_US: Final = 60_000_000  # so long after an hour is over nothing more is booked in it
_KEPT_US: Final = 3 * DAY_US


class Hours:
    """One process's memory of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[int, Hour] = {}

    async def between(self, start_us: int, until_us: int, now_us: int) -> list[Hour]:
        """Every hour from `start_us`, the last as far as `until_us`."""
        starts = range(start_us, until_us, HOUR_US)
        # From here on all is read: also an hour that is known as a whole, of which only a part is asked for.
        unknown = next((at for at in starts if at not in self._known or at + HOUR_US > until_us), until_us)
        found: dict[int, Hour] = {}
        if unknown < until_us:
            read = await self._database.read(partial(hours, start_us=unknown, until_us=until_us))
            found = {hour.start_us: hour for hour in read}
        every = [self._known[at] if at < unknown else found.get(at, Hour(at)) for at in starts]
        over = min(until_us, now_us - _SETTLED_US)
        self._known = {start: hour for start, hour in self._known.items() if start > now_us - _KEPT_US}
        self._known.update((hour.start_us, hour) for hour in every if hour.start_us + HOUR_US <= over)
        return every
