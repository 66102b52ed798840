"""The funds of one customer as one process knows them: pots in drawing order, its purses, and the terms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from solvent.billing.admission import Admitted, Source
from solvent.billing.standing import Standing
from solvent.ledger.pot import Pot, drawing_order, is_good, limits
from solvent.ledger.purse import Purse
from solvent.values.instant import NEVER_US

Purses = dict[str, Purse]


class Funds:
    """Changed in place as answers come and go; its pots are taken in anew whenever the database is asked.

    good_until_us: until then the pots are those of the database, as far as this process has heard; 0 when they are
    not known. scopes: whose budgets are known. standing: None for whoever is on no plan.
    turn: held by whoever asks the database for them; one at a time. looks: how often it was asked; found: what it
    said last. changes: how often something was heard to have changed beside the answers.
    """

    __slots__ = (
        "_shared", "budgets", "changes", "found", "good_until_us", "looks", "pots", "purses", "scopes", "standing",
        "turn",
    )  # fmt: skip

    def __init__(self, shared: Purses | None = None) -> None:
        """shared: the purses of pots that belong to no customer alone, the same for all funds of a process."""
        self.pots: list[Pot] = []
        self.budgets: list[Pot] = []
        self.purses: Purses = {}
        self.scopes: set[str] = set()
        self.standing: Standing | None = None
        self.good_until_us = 0
        self.turn: Any = None
        self.looks = 0
        self.found: Any = None
        self.changes = 0
        self._shared = {} if shared is None else shared

    def take_in(self, pots: Iterable[Pot], standing: Standing | None, scopes: Iterable[str], at_us: int) -> None:
        """The pots and terms that there are at an instant; of budgets, those of some scopes."""
        found = sorted(pots, key=drawing_order)
        self.pots = [pot for pot in found if not limits(pot)]
        known = {pot.account for pot in found}
        others = [pot for pot in self.budgets if pot.account not in known and pot.expires_us > at_us]
        self.budgets = [pot for pot in found if limits(pot)] + others
        self.scopes.update(scopes)
        if standing is not None and self.standing is not None and standing.period == self.standing.period:
            standing.told = self.standing.told
        self.standing = standing
        self.good_until_us = min((pot.expires_us for pot in (*self.pots, *self.budgets)), default=NEVER_US)

    def forget(self) -> None:
        """Something changed beside the answers: ask the database before the next one."""
        self.changes += 1
        self.good_until_us = 0
        self.budgets.clear()
        self.scopes.clear()
        for purse in self.purses.values():
            purse.dry_until_us = 0

    def is_known(self, scopes: Iterable[str], at_us: int) -> bool:
        """Whether an answer now can be opened without asking the database."""
        return at_us < self.good_until_us and (not self.is_ruled or self.scopes.issuperset(scopes))

    @property
    def is_ruled(self) -> bool:
        """Whether budgets may limit an answer, so that it matters whose they are."""
        standing = self.standing
        return standing is not None and bool(
            standing.plan.limits.budgets or standing.overrides or standing.plan.seats is not None
        )

    def purse(self, pot: Pot) -> Purse:
        """This process's purse of one pot; an empty one when it never had any."""
        purses = self.purses if pot.customer else self._shared
        purse = purses.get(pot.account)
        if purse is None:
            purse = purses[pot.account] = Purse(0, pot.unit)
        return purse

    def sources(self, model_class: str, at_us: int) -> list[Source]:
        """What pays for a model of this class now, in drawing order."""
        return [self._source(pot, at_us) for pot in self.pots if is_good(pot, model_class, at_us)]

    def limits(self, scopes: Iterable[str], at_us: int) -> list[Source]:
        """The budgets of some scopes that are in force now."""
        named = tuple(f"budget:{scope}:" for scope in scopes)
        return [
            self._source(pot, at_us)
            for pot in self.budgets
            if pot.opens_us <= at_us < pot.expires_us and pot.account.startswith(named)
        ]

    def hold(self, admitted: Admitted, at_us: int) -> None:
        """Set aside what an answer may come to."""
        for draw in admitted.draws:
            purse = self.purse(draw.pot)
            purse.hold(draw.grains)
            purse.used_us = at_us

    def _source(self, pot: Pot, at_us: int) -> Source:
        purse = self.purse(pot)
        return pot, purse.spare, at_us < purse.dry_until_us
