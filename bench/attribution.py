"""Attribution: what splitting a shared batch exactly costs, beside sampling and brute force, and that sums are exact.

Run alone: `.venv/bin/python bench/attribution.py` (minutes); `--smoke` only shows that the harness works.
Writes docs/benchmarks/attribution.{md,json}.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.load.page import write_page

from solvent.capacity.attribution import attribute, error_of, usual_errors
from solvent.capacity.made_load import make_load
from solvent.values.shared_clock import SharedClock, Stay

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = 200  # orders that a sampling estimate draws (Han et al., ISCA 2025; facts/ECONOMICS.md 1.5)
STEPS = 20
Step = tuple[int, list[int]]  # what is paid once; what each adds


def exact_batches(batches: int) -> int:
    """How many of so many random batches had shares that do not sum to their busy time; anybody may leave any time."""
    random, wrong = Random(1), 0
    for _ in range(batches):
        clock, stays, paid = SharedClock(), list[Stay](), 0
        for _ in range(random.randrange(1, 24)):
            turn = random.random()
            if turn < 0.5 or not stays:
                stays.append(clock.come(is_reading=turn < 0.25))
            elif turn < 0.7:
                clock.begin(stays[-1])
            else:
                paid += clock.leave(stays.pop(random.randrange(len(stays))))
            clock.spend(random.getrandbits(30))
            if stays:
                clock.own(stays[0], random.getrandbits(20))
        paid += sum(map(clock.leave, stays))
        wrong += paid != clock.busy
    return wrong


def clock_ns(members: int, changes: int) -> float:
    """Nanoseconds of processor time for an answer and a step change: its own work, and its part of what is shared.

    One member leaves and another comes at each step; every member is told its own work of it.
    """
    clock = SharedClock()
    stays = [clock.come() for _ in range(members)]
    began = time.process_time_ns()
    for change in range(changes):
        clock.leave(stays[change % members])
        stays[change % members] = clock.come()
        for stay in stays:
            clock.own(stay, 1_000)
        clock.spend(1_000_000)
    return (time.process_time_ns() - began) / (changes * members)


def made_steps(members: int) -> list[Step]:
    """Steps of one batch whose members stay."""
    random = Random(2)
    return [(random.getrandbits(24), [random.getrandbits(20) for _ in range(members)]) for _ in range(STEPS)]


def by_clock(steps: Sequence[Step], members: int) -> list[int]:
    """Shares by the shared clock."""
    clock = SharedClock()
    stays = [clock.come() for _ in range(members)]
    for once, own in steps:
        clock.spend(once)
        for stay, amount in zip(stays, own, strict=True):
            clock.own(stay, amount)
    return [clock.leave(stay) for stay in stays]


def by_orders(steps: Sequence[Step], orders: Sequence[Sequence[int]], members: int) -> list[float]:
    """Shares by what each adds to who is there already, averaged over some orders of coming, step by step."""
    added = [0] * members
    for once, own in steps:
        for order in orders:
            for position, who in enumerate(order):
                added[who] += own[who] + (once if position == 0 else 0)
    return [total / len(orders) for total in added]


def compare(members: int, samples: int) -> dict[str, float]:
    """Nanoseconds for an answer and a step, and how far sampling is off at the median."""
    random, steps = Random(3), made_steps(members)
    each = STEPS * members
    drawn = [random.sample(range(members), members) for _ in range(samples)]
    spent, shares = _timed(lambda: by_clock(steps, members))
    sampled_ns, sampled = _timed(lambda: by_orders(steps, drawn, members))
    errors = sorted(abs(guess / share - 1) for guess, share in zip(sampled, shares, strict=True))
    figures = {
        f"clock_ns_at_{members}": spent / each, f"sampling_ns_at_{members}": sampled_ns / each,
        f"sampling_error_median_at_{members}": errors[len(errors) // 2],
    }  # fmt: skip
    if members <= 8:
        forced_ns, forced = _timed(lambda: by_orders(steps, list(permutations(range(members))), members))
        figures[f"brute_force_ns_at_{members}"] = forced_ns / each
        assert all(abs(one - share) < 1 for one, share in zip(forced, shares, strict=True)), "the clock is wrong"
    return figures


def _timed(work: object) -> tuple[int, list[float]]:
    began = time.process_time_ns()
    found = work()  # type: ignore[operator]
    return time.process_time_ns() - began, found


def rule_errors(answers: int) -> dict[str, float]:
    """How far each rule is from the exact shares at the median, on made-up loads."""
    figures = {}
    for per_second in (0.5, 2, 5, 8):
        made = make_load(per_second, answers, Random(0))
        errors = usual_errors(made.log, made.shares)
        phases = error_of("phases", attribute(made.log).shares, made.shares, made.log)
        for error in (*errors, phases):
            if error is not None:
                figures[f"error_median_{error.rule}_at_{per_second:g}_per_second"] = error.median
    return figures


def short(value: float) -> float:
    """Three digits that count."""
    return float(f"{value:.3g}") if value < 1_000 else round(value)


def main() -> None:
    """Measure, print, and write the table and the figures unless it was a smoke run."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--batches", type=int, default=1_000_000)
    reader.add_argument("--smoke", action="store_true")
    said = reader.parse_args()
    batches = 200 if said.smoke else said.batches
    changes = 200 if said.smoke else 20_000
    speeds = {members: clock_ns(members, changes) for members in (1, 8, 32, 128)}
    figures = {
        "ns_per_answer_per_step_change": short(max(speeds.values())),
        **{f"ns_per_answer_per_step_change_at_{members}": short(ns) for members, ns in speeds.items()},
    }
    samples = 20 if said.smoke else SAMPLES
    for members in (4,) if said.smoke else (8, 32):
        figures |= {name: short(value) for name, value in compare(members, samples).items()}
    figures |= {"batches": batches, "batches_with_inexact_sums": exact_batches(batches)}
    figures |= {name: short(value) for name, value in rule_errors(60 if said.smoke else 3_000).items()}
    print(json.dumps(figures, indent=2))
    if not said.smoke:
        write(figures)


def write(figures: dict[str, float]) -> None:
    """The table for people and the file for programs."""
    about = (
        "`ns_per_answer_per_step_change*` is processor time of the shared clock, one of the batch leaving and another "
        "coming at each step; `clock_*`, `sampling_*` (200 orders drawn, the same for all steps) and `brute_force_*` "
        "(all orders) split the same steps, in nanoseconds for an answer and step; `error_median_*` is how far a rule "
        "is from the exact shares on a made-up load of so many answers a second (`phases`: by first tokens)."
    )
    write_page("attribution", "Attribution", about, figures)


if __name__ == "__main__":
    main()
