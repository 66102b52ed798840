"""A purse: the slice of one pot that this process may promise, decided in memory without waiting.

Behind it is a lease in the database, so that several processes, and whoever pays in or out beside them, never
promise the same money twice.
"""

from __future__ import annotations


class Purse:
    """spare: grains of `unit` that are leased and neither spent nor set aside. under_way: holds that have not ended.

    has_lease: whether there is a lease to give back. slice: what to lease at once next time; it grows while leases
    are used up quickly. looked: the number of the last look into the database for it. dry_until_us: until then the
    database has no more to lease. is_elsewhere: it has, once others give theirs back. used_us: the last hold.
    """

    __slots__ = (
        "dry_until_us",
        "has_lease",
        "is_elsewhere",
        "looked",
        "slice",
        "spare",
        "under_way",
        "unit",
        "used_us",
    )

    def __init__(self, spare: int = 0, unit: str = "") -> None:
        self.unit = unit
        self.spare = spare
        self.under_way = 0
        self.slice = 0
        self.used_us = 0
        self.dry_until_us = 0
        self.has_lease = spare > 0
        self.looked = 0
        self.is_elsewhere = False

    def lease(self, grains: int, at_us: int) -> None:
        """So much more of the pot is this process's to promise."""
        assert grains >= 0, "a lease adds"
        self.spare += grains
        self.has_lease = self.has_lease or grains > 0
        self.used_us = at_us

    def give_back(self) -> int:
        """Whatever is spare goes back; returns how much that is. The lease itself ends when nothing is under way."""
        given, self.spare, self.slice = self.spare, 0, 0
        self.dry_until_us = 0  # what was given may be leased again
        self.has_lease = self.under_way > 0
        return given

    def hold(self, grains: int) -> None:
        """Set grains aside. The caller has seen that they are spare."""
        assert 0 <= grains <= self.spare, "a hold never exceeds what is spare"
        self.spare -= grains
        self.under_way += 1

    def settle(self, held: int, spent: int) -> None:
        """End a hold: `spent` of it is gone, the rest is spare again."""
        assert 0 <= spent <= held, "a hold ends for at most what was held"
        assert self.under_way > 0, "a hold ends once"
        self.spare += held - spent
        self.under_way -= 1

    def forfeit(self, grains: int) -> None:
        """What was thought to be spare again is not: the books still hold it. It may have been promised meanwhile."""
        self.spare = max(0, self.spare - grains)
