"""What plans and packs earned goes into the roll-ups of its day, beside what answers did: under no model."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from solvent.margin.line import MarginKey, MarginSums
from solvent.margin.store import add

Earned = tuple[int, str, str, int]  # day, customer, plan, grains of the operator's currency

PLANS = ""  # in place of a model


def add_earned(connection: Connection, earned: Iterable[Earned]) -> None:
    """Add to the roll-ups; what is below zero was given back."""
    lines = [
        (MarginKey(day, customer, plan, PLANS), MarginSums(earned_grains=grains))
        for day, customer, plan, grains in earned
        if grains
    ]
    if lines:
        add(connection, lines)
