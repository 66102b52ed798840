"""Have a question looked at by the guards that it is for, before anything is held or asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from solvent.answering.desk import Desk
from solvent.answering.opening import Case
from solvent.billing.admission import Ask
from solvent.guarding.acts import Acts
from solvent.guarding.guard_question import guard_question
from solvent.guarding.rule import Ceiling, Guarded
from solvent.values.errors import Refused
from solvent.values.money import plain

_OF_WORDS: Final = ("chat", "completions")  # tasks whose answers guards can read


async def guard_case(case: Case, desk: Desk) -> Case:
    """The case, masked and bounded where guards say so; it takes the rules for its answer with it.

    Raises Refused where it is blocked, Unavailable where a guard fails: nothing is held for it then.
    """
    rules, ceilings = desk.guards.of(case.route.model, case.customer.plan, case.caller.key)
    if not rules and not ceilings:
        return case
    acts = Acts(desk.guards.total)
    question, ask = case.question, case.ask
    before = [rule for rule in rules if rule.when != "after"]
    members = await guard_question(question.members, before, acts)
    longer = max(0, _bytes(members) - _bytes(question.members)) if members is not question.members else 0
    ask = msgspec.structs.replace(ask, input_tokens_most=ask.input_tokens_most + longer)
    after = tuple(rule for rule in rules if rule.when != "before" and question.task in _OF_WORDS)
    question = msgspec.structs.replace(
        question, members=members, input_tokens_most=question.input_tokens_most + longer, guarded=Guarded(after, acts)
    )
    return msgspec.structs.replace(case, question=question, ask=_bounded(ask, ceilings, acts))


def _bounded(ask: Ask, ceilings: Sequence[Ceiling], acts: Acts) -> Ask:
    """As much output as is worth no more than each ceiling. Raises Refused where that is none, or all is asked for."""
    for ceiling in ceilings:
        if ask.value(ask.output_tokens_asked).grains <= ceiling.charge_most.grains:
            continue
        affords = ask.affordable(ceiling.charge_most.currency, ceiling.charge_most.grains)
        if not ceiling.does_clamp or affords < ask.choices:
            acts.add(ceiling.name, "block", 1)
            most, could = plain(ceiling.charge_most), plain(ask.value(ask.output_tokens_asked))
            message = f"guard {ceiling.name!r}: an answer may come to {most} {ask.card.currency} here, and this one "
            raise Refused("guard_blocked", f"{message}to {could}; ask for fewer tokens, or send less")
        acts.add(ceiling.name, "clamp", 1)
        ask = msgspec.structs.replace(ask, output_tokens_asked=affords)
    return ask


def _bytes(members: Mapping[str, msgspec.Raw]) -> int:
    return sum(len(bytes(raw)) for raw in members.values())
