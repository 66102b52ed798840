"""Stories of a shared batch, drawn from a seed: who comes, reads, writes, adds its own, and leaves."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations
from random import Random

import msgspec

from solvent.values.shared_clock import SharedClock, Stay


class Told(msgspec.Struct):
    """shares: (who, share) in the order of leaving. spent: (amount, who it was for) as it happened."""

    clock: SharedClock
    shares: list[tuple[int, int]]
    spent: list[tuple[int, frozenset[int]]]


def tell(random: Random, people: int, most: int = 10**6, unit: int = 1) -> Told:
    """A batch of `people`, from its first who comes to its last who leaves; anybody may leave at any moment."""
    clock, told_shares, spent = SharedClock(unit), list[tuple[int, int]](), list[tuple[int, frozenset[int]]]()
    stays: dict[int, Stay] = {}
    coming = list(range(people))
    while coming or stays:
        turn = random.random()
        if coming and (turn < 0.25 or not stays):
            stays[who := coming.pop()] = clock.come(is_reading=random.random() < 0.5)
        elif turn < 0.45:
            who = random.choice(list(stays))
            told_shares.append((who, clock.leave(stays.pop(who))))
        elif turn < 0.6:
            clock.begin(random.choice(list(stays.values())))
        elif turn < 0.75:
            who, amount = random.choice(list(stays)), random.randrange(most)
            clock.own(stays[who], amount)
            spent.append((amount, frozenset([who])))
        else:
            amount = random.randrange(most)
            readers = frozenset(who for who, stay in stays.items() if stay.is_reading)
            clock.spend(amount)
            spent.append((amount, readers or frozenset(stays)))
    return Told(clock, told_shares, spent)


def shapley(spent: list[tuple[int, frozenset[int]]], people: int) -> list[Fraction]:
    """By brute force: what each adds to who is there already, averaged over every order of coming.

    A group costs what is spent for any of it: a step's fixed time is needed as soon as one of them is in it.
    """
    masks = [(amount, sum(1 << who for who in payers)) for amount, payers in spent]
    value = [sum(amount for amount, mask in masks if mask & group) for group in range(1 << people)]
    added, orders = [0] * people, 0
    for order in permutations(range(people)):
        group, orders = 0, orders + 1
        for who in order:
            added[who] += value[group | 1 << who] - value[group]
            group |= 1 << who
    return [Fraction(total, orders) for total in added]


def running(shares: list[tuple[int, int]], exact: list[Fraction]) -> Iterator[tuple[int, Fraction]]:
    """After each who leaves: what all of them have paid, and what they owe exactly."""
    paid, owed = 0, Fraction(0)
    for who, share in shares:
        paid, owed = paid + share, owed + exact[who]
        yield paid, owed
