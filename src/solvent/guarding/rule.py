"""The operator's rules: which guard looks at which questions or answers, and what comes of what it finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import msgspec

from solvent.guarding.acts import Acts
from solvent.guards.port import Found, Guard
from solvent.values.errors import Refused
from solvent.values.money import Money

When = Literal["before", "after", "both"]
Action = Literal["block", "mask", "note"]
OnFailure = Literal["closed", "open"]


class For(msgspec.Struct, frozen=True):
    """Whose answers; an empty part means all."""

    models: frozenset[str] = frozenset()
    plans: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()

    def applies(self, model: str, plan: str, key: str) -> bool:
        """Whether an answer is meant."""
        parts = ((self.models, model), (self.plans, plan), (self.keys, key))
        return all(not named or one in named for named, one in parts)


class Rule(msgspec.Struct, frozen=True):
    """One guard and what it is for. timeout_s: for one look. is_charged: answers that it blocks."""

    name: str
    guard: Guard
    when: When
    action: Action
    on_failure: OnFailure = "closed"
    timeout_s: float = 2.0
    is_charged: bool = True
    whose: For = For()

    @property
    def holds_back(self) -> bool:
        """Whether the end of a stream waits for its word."""
        return self.action != "note" and self.guard.sees == "stretches"

    def act(self, found: Sequence[Found], acts: Acts) -> None:
        """Account for what was found. Raises Refused where that is blocked; its words never repeat what was found."""
        if not found:
            return
        acts.add(self.name, self.action, len(found))
        if self.action == "block":
            acts.is_free = not self.is_charged
            kinds = ", ".join(sorted({one.kind.replace("_", " ") for one in found}))
            raise Refused("guard_blocked", f"guard {self.name!r} stops this for what is in it: {kinds}")


class Ceiling(msgspec.Struct, frozen=True):
    """The most that one answer may be charged. does_clamp: it is asked for less output where that helps."""

    name: str
    charge_most: Money
    does_clamp: bool = True
    whose: For = For()


class Rules(msgspec.Struct, frozen=True):
    """All of them, in their order, and what they did since the process started."""

    rules: tuple[Rule, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    total: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.rules or self.ceilings)

    def of(self, model: str, plan: str, key: str) -> tuple[tuple[Rule, ...], tuple[Ceiling, ...]]:
        """Those for one answer."""
        return (
            tuple(rule for rule in self.rules if rule.whose.applies(model, plan, key)),
            tuple(ceiling for ceiling in self.ceilings if ceiling.whose.applies(model, plan, key)),
        )


NO_RULES = Rules()


class Guarded(msgspec.Struct, frozen=True):
    """What goes with a guarded question to its end: the rules for its answer, and what was done."""

    after: tuple[Rule, ...]
    acts: Acts
