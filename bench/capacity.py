"""How far estimates of step time and energy are off: each family of models predicted by constants fitted without it.

Run alone: `.venv/bin/python bench/capacity.py`. Reads ../shared/data/mlenergy; takes minutes. Beside it in the same
table stand what else could be used: a roofline of data sheets, a constant share of their arithmetic, and EcoLogits.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import shlex
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from bench.load.capacity_fit import NAMES, fit, leave_one_out, leave_one_out_by_generation, table
from bench.load.capacity_rows import ASSUMED_INPUT_TOKENS, ELSEWHERE, FILE, Point, elsewhere, file, points
from bench.load.machine import ROOT, commit, describe

from solvent.capacity.calibration import CHANCE, calibrate, corrected
from solvent.capacity.energy import board_joules_per_token
from solvent.capacity.step import FITTED, Constants, Terms, parts, terms, weight_bytes

BILLION = 1e9
OWN = ("layers", "moe_layers", "cache_s", "compute_s", "sequences", "exchange_s")  # tried by generation of hardware
CHANCES = (0.0, 0.1, 0.2, 0.3)
LARGE_DENSE = "step_time_error_median_bare_of_llama_3.3_70b"
ECO_BATCH_MAX, ECO_BILLIONS_MAX = 512, 200  # what EcoLogits was fitted on, as published

Errors = list[float]


def off(predicted: float, measured: float) -> float:
    """How far a prediction is off, as a share of what was measured."""
    return abs(predicted / measured - 1)


def quantile(errors: Iterable[float], share: float) -> float:
    """Interpolated between the nearest."""
    return float(np.quantile(list(errors), share))


def mid_points(all_points: Sequence[Point]) -> dict[tuple[str, ...], tuple[int, list[int]]]:
    """Of each series its point of middle batch, and the others; series of one point have nothing to predict."""
    series: dict[tuple[str, ...], list[int]] = {}
    for index, point in enumerate(all_points):
        series.setdefault(point.series, []).append(index)
    found = {}
    for name, members in series.items():
        members.sort(key=lambda index: all_points[index].load.batch)
        middle = members[len(members) // 2]
        if len(members) > 1:
            found[name] = (middle, [index for index in members if index != middle])
    return found


def one_point(all_points: Sequence[Point], predicted: Sequence[Terms], chance: float = CHANCE) -> Errors:
    """What is left when one point of each series, of middle batch, has corrected the formula for the others."""
    errors = []
    for middle, others in mid_points(all_points).values():
        factors = calibrate(predicted[middle], all_points[middle].step_s, chance)
        errors += [off(corrected(predicted[i], factors).total_s, all_points[i].step_s) for i in others]
    return errors


def stretched(all_points: Sequence[Point], predicted: Sequence[float]) -> Errors:
    """The same for a formula of one number, which a point can only stretch."""
    errors = []
    for middle, others in mid_points(all_points).values():
        factor = all_points[middle].step_s / predicted[middle]
        errors += [off(predicted[i] * factor, all_points[i].step_s) for i in others]
    return errors


def roofline(point: Point) -> float:
    """The data sheet's word: the longer of reading all weights and computing all tokens."""
    fleet = point.fleet
    reads = weight_bytes(point.shape, point.precision) / fleet.bytes_per_s
    return max(reads, arithmetic(point))


def arithmetic(point: Point) -> float:
    """Seconds of all operations at the data sheet's speed."""
    operations = 2 * point.shape.active_parameters * point.load.batch
    return operations / (point.fleet.count * point.fleet.device.flops_at(point.precision))


def constant_share(all_points: Sequence[Point]) -> list[float]:
    """One share of the data sheet's arithmetic for all, the median of what other families reached."""
    shares = [arithmetic(p) / p.step_s for p in all_points]
    by = {
        family: statistics.median(s for s, p in zip(shares, all_points, strict=True) if p.family != family)
        for family in {p.family for p in all_points}
    }
    return [arithmetic(p) / by[p.family] for p in all_points]


def eco_step(point: Point) -> float:
    """EcoLogits 0.8: seconds a token. Source: ecologits/impacts/llm.py, LATENCY_ALPHA, BETA and GAMMA (2026-11)."""
    return 6.785088e-4 * point.shape.active_parameters / BILLION + 3.119310e-4 * point.load.batch + 1.9473718e-2


def eco_joules(point: Point) -> float:
    """EcoLogits 0.8: joules a token. Source: the same file, GPU_ENERGY_ALPHA, BETA and GAMMA, in Wh a board."""
    watt_hours = 1.1665273e-6 * math.exp(-0.011205921 * point.load.batch) * point.shape.active_parameters / BILLION
    return (watt_hours + 4.0529281e-5) * 3_600 * point.fleet.count


def in_eco_domain(point: Point) -> bool:
    """What EcoLogits was fitted on."""
    billions = point.shape.stored_parameters / BILLION
    on_h100 = point.fleet.device.name == "H100"
    return on_h100 and point.load.batch <= ECO_BATCH_MAX and billions <= ECO_BILLIONS_MAX


def joules(all_points: Sequence[Point], steps: Sequence[float]) -> list[float]:
    """By a step's time and what boards draw."""
    return [board_joules_per_token(p.fleet, s, p.load.batch) for p, s in zip(all_points, steps, strict=True)]


def errors_of(all_points: Sequence[Point], predicted: Sequence[float]) -> Errors:
    return [off(value, point.step_s) for value, point in zip(predicted, all_points, strict=True)]


def measure(all_points: Sequence[Point], left_out: Sequence[Terms]) -> tuple[dict[str, float], list[str]]:
    """The figures, and the lines of the table."""
    ours = [t.total_s for t in left_out]
    sheet, share = [roofline(p) for p in all_points], constant_share(all_points)
    inside = [p for p in all_points if in_eco_domain(p)]
    eco, eco_all = [eco_step(p) for p in inside], [eco_step(p) for p in all_points]
    figures: dict[str, float] = {"points": len(all_points), "families": len({p.family for p in all_points})}
    lines = []

    def row(name: str, title: str, bare: Errors, calibrated: Errors, energy: Errors) -> None:
        told = {
            "step_time_error_median_bare": quantile(bare, 0.5),
            "step_time_error_p90_bare": quantile(bare, 0.9),
            "step_time_error_median_one_point": quantile(calibrated, 0.5),
            "step_time_error_p90_one_point": quantile(calibrated, 0.9),
            "energy_error_median": quantile(energy, 0.5),
        }
        figures.update({f"{name}{figure}": round(value, 4) for figure, value in told.items()})
        lines.append(f"| {title} | " + " | ".join(f"{value:.1%}" for value in told.values()) + " |")

    def energy(steps: Sequence[float]) -> Errors:
        return [off(j, p.joules) for j, p in zip(joules(all_points, steps), all_points, strict=True)]

    row("", "**Solvent**, family left out", errors_of(all_points, ours), one_point(all_points, left_out), energy(ours))
    row(
        "roofline_",
        "roofline of data sheets",
        errors_of(all_points, sheet),
        stretched(all_points, sheet),
        energy(sheet),
    )
    row(
        "constant_mfu_", "constant share of arithmetic", errors_of(all_points, share), stretched(all_points, share),
        energy(share),
    )  # fmt: skip
    row(
        "ecologits_", f"EcoLogits, its domain ({len(inside)} points)", errors_of(inside, eco), stretched(inside, eco),
        [off(eco_joules(p), p.joules) for p in inside],
    )  # fmt: skip
    row(
        "ecologits_all_", "EcoLogits, all points", errors_of(all_points, eco_all), stretched(all_points, eco_all),
        [off(eco_joules(p), p.joules) for p in all_points],
    )  # fmt: skip
    return figures, [*lines, *group_lines(all_points, left_out)]


def group_lines(all_points: Sequence[Point], left_out: Sequence[Terms]) -> list[str]:
    """Lines of the table for parts of the points."""
    lines = []
    groups: dict[str, Callable[[Point], bool]] = {
        "EcoLogits' domain": in_eco_domain,
        "H100, dense": lambda p: p.fleet.device.name == "H100" and not p.shape.experts,
        "H100, experts": lambda p: p.fleet.device.name == "H100" and p.shape.experts > 0,
        "B200, dense": lambda p: p.fleet.device.name == "B200" and not p.shape.experts,
        "B200, experts": lambda p: p.fleet.device.name == "B200" and p.shape.experts > 0,
    }
    for title, belongs in groups.items():
        some = [(p, t) for p, t in zip(all_points, left_out, strict=True) if belongs(p)]
        there, by = [p for p, _ in some], [t for _, t in some]
        bare = errors_of(there, [t.total_s for t in by])
        near = one_point(there, by)
        drawn = [off(j, p.joules) for j, p in zip(joules(there, [t.total_s for t in by]), there, strict=True)]
        told = [
            quantile(bare, 0.5),
            quantile(bare, 0.9),
            quantile(near, 0.5),
            quantile(near, 0.9),
            quantile(drawn, 0.5),
        ]
        lines.append(f"| Solvent, {title} ({len(there)}) | " + " | ".join(f"{value:.1%}" for value in told) + " |")
    return lines


def others_of(there: Sequence[Point], by: Constants) -> tuple[dict[str, float], str]:
    """Points that others measured, by constants fitted without their family: figures, and a line of the table."""
    predicted = [terms(parts(p.shape, p.fleet, p.precision, p.load), by) for p in there]
    bare, near = errors_of(there, [t.total_s for t in predicted]), one_point(there, predicted)
    figures = {"elsewhere_points": float(len(there))}
    told = []
    for name, errors in (("bare", bare), ("one_point", near)):
        for share, title in ((0.5, "median"), (0.9, "p90")):
            figures[f"elsewhere_step_time_error_{title}_{name}"] = round(quantile(errors, share), 4)
            told.append(f"{quantile(errors, share):.1%}")
    return figures, f"| Solvent, measured elsewhere ({len(there)}) | {' | '.join(told)} | – |"


def without(all_points: Sequence[Point], family: str) -> Constants:
    """Constants fitted without a family."""
    rest = [p for p in all_points if p.family != family]
    return fit(table(rest), np.array([p.step_s for p in rest]))


def smoke(all_points: Sequence[Point]) -> dict[str, float]:
    """The figures that take seconds: of one family left out, of what was measured elsewhere, and of other formulas."""
    there, _ = elsewhere()
    (family,) = {p.family for p in there}
    by, mine = without(all_points, family), [p for p in all_points if p.family == family]
    ours = errors_of(mine, [terms(parts(p.shape, p.fleet, p.precision, p.load), by).total_s for p in mine])
    found = {LARGE_DENSE: round(quantile(ours, 0.5), 4)} | others_of(there, by)[0]
    for name, formula in (("roofline", roofline), ("ecologits_all", eco_step)):
        errors = errors_of(all_points, [formula(p) for p in all_points])
        found[f"{name}_step_time_error_median_bare"] = round(quantile(errors, 0.5), 4)
    return found


def constants_lines(all_points: Sequence[Point]) -> list[str]:
    """The constants in use, and what a fit over all points comes to now."""
    fitted = fit(table(all_points), np.array([p.step_s for p in all_points]))
    return [f"| {name} | {getattr(FITTED, name):g} | {getattr(fitted, name):.3g} |" for name in NAMES]


def chance_lines(all_points: Sequence[Point], left_out: Sequence[Terms]) -> list[str]:
    """How much of a point is put down to chance, and what that does to the others of its series."""
    lines = []
    for chance in CHANCES:
        errors = one_point(all_points, left_out, chance)
        lines.append(f"| {chance:g} | {quantile(errors, 0.5):.1%} | {quantile(errors, 0.9):.1%} |")
    return lines


def generation_figures(all_points: Sequence[Point], left_out: Sequence[Terms]) -> dict[str, float]:
    """What the worst tenth with one point, believed whole, would be off if one constant were each generation's own."""
    found = {"": left_out} | {f"_own_{own}": leave_one_out_by_generation(all_points, own) for own in OWN}
    return {
        f"step_time_error_p90_one_point_believed_whole{own}": round(quantile(one_point(all_points, by, 0.0), 0.9), 4)
        for own, by in found.items()
    }


def generation_lines(figures: Mapping[str, float]) -> list[str]:
    """One of each constant that was tried, and of none."""
    start = "step_time_error_p90_one_point_believed_whole"
    return [
        f"| {name.removeprefix(start).removeprefix('_own_') or 'none'} | {value:.1%} |"
        for name, value in figures.items() if name.startswith(start)
    ]  # fmt: skip


def page(
    result: dict[str, object], lines: Sequence[str], constants: Sequence[str], chances: Sequence[str]
) -> str:  # fmt: skip
    """The page for people."""
    inputs = ", ".join(f"{task} {tokens:,}" for task, tokens in ASSUMED_INPUT_TOKENS.items())
    figures = result["figures"]
    assert isinstance(figures, dict)
    return "\n".join(
        [
            "# How far estimates are off", "", "Written by `bench/capacity.py`; do not edit.", "",
            f"- {result['date']}, commit {result['commit']}", f"- {result['machine']}", f"- `{result['command']}`", "",
            f"{figures['points']} measured points of {figures['families']} families of models on H100 and B200"
            " (ML.ENERGY leaderboard v3, vLLM). Errors are |predicted / measured - 1|. A family's own points are never"
            " in the fit that predicts it. With one point: of each series, a model on hardware at growing batches, the"
            " point of middle batch corrects the formula for the others; formulas of one number are stretched by it.",
            "",
            "| formula | step, median | step, p90 | one point, median | one point, p90 | energy, median |",
            "|---|---:|---:|---:|---:|---:|", *lines, "",
            f"The leaderboard does not tell how long questions were; assumed: {inputs} tokens. Energy is of the boards"
            " alone. The worst points are B200 at long answers, where that version of vLLM took some 33 ms for whatever"
            " model, and attention split by data: software, which no formula of hardware knows.", "",
            f"Measured elsewhere: of ../{ELSEWHERE} the points that are not this leaderboard's own and whose batch is"
            " told (Llama-3.3-70B on 4xH100, 1 to 8 answers at once, 2,035 and 16,000 tokens read); none of them is in"
            f" a fit. Its other {figures['elsewhere_points_without_batch']:.0f} are of servers at saturation (MLPerf,"
            " TensorRT-LLM): how many answers were under way is not told, so their throughput says nothing of a step."
            " Those that may be passed on come with the package, as rows that estimates are near to.", "",
            f"A point is believed but for chance: it is taken to scatter by {CHANCE:g} of a logarithm around what its"
            " terms come to, and at most a tenth of what is off is put down to that. This was chosen on these points,"
            " so here is what others would do:", "",
            "| chance | one point, median | one point, p90 |", "|---:|---:|---:|", *chances, "",
            "One constant, another for H100 than for B200, families left out and one point believed whole:", "",
            "| a generation's own | one point, p90 |", "|---|---:|", *generation_lines(figures), "",
            "| constant | in use | fitted now |", "|---|---:|---:|", *constants, "",
        ]
    )  # fmt: skip


def main() -> int:
    """Exit code 0; 2 where the points are not there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "benchmarks", help="directory of the page")
    parser.add_argument("--smoke", action="store_true", help="print the figures that take seconds, and write nothing")
    options = parser.parse_args()
    if not file().exists():
        print(f"{FILE} is not beside this checkout: there is nothing to measure against", file=sys.stderr)
        return 2
    all_points = points()
    if options.smoke:
        print(json.dumps(smoke(all_points), indent=2))
        return 0
    left_out = leave_one_out(all_points)
    figures, lines = measure(all_points, left_out)
    there, saturated = elsewhere()
    others, line = others_of(there, without(all_points, there[0].family))
    figures |= generation_figures(all_points, left_out)
    figures |= others | {"elsewhere_points_without_batch": saturated, LARGE_DENSE: smoke(all_points)[LARGE_DENSE]}
    lines.append(line)
    result: dict[str, object] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(ROOT),
        "commit": commit(),
        "command": shlex.join(["bench/capacity.py", *sys.argv[1:]]),
        "versions": {"Python": platform.python_version(), "numpy": np.__version__},
        "figures": figures,
    }
    options.to.mkdir(parents=True, exist_ok=True)
    (options.to / "capacity.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    (options.to / "capacity.md").write_text(
        page(result, lines, constants_lines(all_points), chance_lines(all_points, left_out)), encoding="utf-8"
    )
    print(json.dumps(figures, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
