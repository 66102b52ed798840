"""The funds of one customer as one process knows them: pots in drawing order, its purses, and the terms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from solvent.billing.admission import Draw, Source
from solvent.billing.plan import AtBreakEven, is_free
from solvent.billing.quota import is_of_pack
from solvent.billing.standing import EVERY_KIND, Standing, kinds_now
from solvent.ledger.pot import Pot, drawing_order, is_good, limits
from solvent.ledger.purse import Purse
from solvent.ledger.unit import TOKENS
from solvent.values.instant import NEVER_US

Purses = dict[str, Purse]


class Paying(msgspec.Struct, frozen=True):
    """The pots that pay for a class of model in drawing order, with their purses: where the plan says this of the next
    answer, with or without those of tokens, and from when until when."""

    pots: tuple[tuple[Pot, Purse], ...]
    what_now: AtBreakEven
    but_tokens: bool
    since_us: int
    until_us: int


def source(pot: Pot, purse: Purse, at_us: int) -> Source:
    """A pot as admission asks for it."""
    return pot, purse.spare, at_us < purse.dry_until_us


class Funds:
    """Changed in place as answers come and go; its pots are taken in anew whenever the database is asked.

    good_until_us: until then the pots are those of the database, as far as this process has heard; 0 when they are
    not known. scopes: whose budgets are known. standing: None for whoever is on no plan.
    turn: held by whoever asks the database for them; one at a time. looks: how often it was asked; found: what it
    said last. changes: how often something was heard to have changed beside the answers.
    is_ruled: whether budgets may limit an answer, so that it matters whose they are. on_free_plan: whether the terms
    ask for nothing.
    """

    __slots__ = (
        "_paying", "_shared", "budgets", "changes", "found", "good_until_us", "is_ruled", "looks", "on_free_plan",
        "pots", "purses", "scopes", "standing", "turn",
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
        self.is_ruled = self.on_free_plan = False
        self._paying: dict[str, Paying] = {}  # by class of model; as it was found for the last answer
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
        self.is_ruled = standing is not None and bool(
            standing.plan.limits.budgets or standing.overrides or standing.plan.seats is not None
        )
        self.on_free_plan = standing is not None and is_free(standing.plan)
        self._paying.clear()
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

    def purse(self, pot: Pot) -> Purse:
        """This process's purse of one pot; an empty one when it never had any."""
        purses = self.purses if pot.customer else self._shared
        purse = purses.get(pot.account)
        if purse is None:
            purse = purses[pot.account] = Purse(0, pot.unit)
        return purse

    def paying(
        self, model_class: str, at_us: int, what_now: AtBreakEven = "go_on", *, but_tokens: bool = False
    ) -> tuple[tuple[Pot, Purse], ...]:
        """What pays for a model of this class now, in drawing order. what_now: see `standing.action`. but_tokens: not
        what counts tokens, out of which what is not all tokens would come for next to nothing."""
        known = self._paying.get(model_class)
        if (
            known is None
            or not known.since_us <= at_us < known.until_us
            or known.what_now != what_now
            or known.but_tokens is not but_tokens
        ):
            known = self._paying[model_class] = self._pay(model_class, at_us, what_now, but_tokens=but_tokens)
        return known.pots

    def _pay(self, model_class: str, at_us: int, what_now: AtBreakEven, *, but_tokens: bool) -> Paying:
        kinds = EVERY_KIND if self.standing is None else kinds_now(what_now, self.standing.plan)
        pots = tuple([
            (pot, self.purse(pot))
            for pot in self.pots
            if is_good(pot, model_class, at_us) and (pot.kind in kinds or is_of_pack(pot))
            and not (but_tokens and pot.unit == TOKENS)
        ])  # fmt: skip
        edges = [edge for pot in self.pots for edge in (pot.opens_us, pot.expires_us)]
        since_us = max([edge for edge in edges if edge <= at_us], default=at_us)
        until_us = min([edge for edge in edges if edge > at_us], default=NEVER_US)
        return Paying(pots, what_now, but_tokens, since_us, until_us)

    def limits(self, scopes: Iterable[str], at_us: int) -> list[Source]:
        """The budgets of some scopes that are in force now."""
        named = tuple(f"budget:{scope}:" for scope in scopes)
        return [
            source(pot, self.purse(pot), at_us)
            for pot in self.budgets
            if pot.opens_us <= at_us < pot.expires_us and pot.account.startswith(named)
        ]

    def hold(self, draws: Iterable[Draw], at_us: int) -> None:
        """Set aside what an answer may come to."""
        for draw in draws:
            purse = self.purse(draw.pot)
            purse.hold(draw.grains)
            purse.used_us = at_us
