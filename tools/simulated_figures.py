"""What docs/simulation.md and docs/capacity.md say of figures, made of what benches wrote."""

from __future__ import annotations

from chapters import bench_run, with_chapter

COSTS = (0.002, 0.02, 0.05, 0.2)
SHAPES = ("flat", "capped", "two_part", "three_part")
_WHOLE = "step_time_error_p90_one_point_believed_whole"


def tariffs(page: str, text: str) -> str:
    """docs/simulation.md, its table of shapes of tariff made anew."""
    run = bench_run("tariffs")
    figures = run["figures"]
    rows = [
        f"| {cost * 100:g} ¢ | {' | '.join(_cell(figures, shape, cost) for shape in SHAPES)} |" for cost in COSTS
    ]  # fmt: skip
    made = [
        f"`{run['command']}` (dollars, seed {run['seed']}, {run['draws']} draws, 3.4 % fee; found {run['date']} at"
        f" commit {run['commit']} by `bench/tariffs.py`):",
        "", "| an answer costs | flat | capped flat | two-part | three-part |", "|---|---|---|---|---|", *rows, "",
        f"At 5 ¢ capped flat leaves {_percent(figures, 'capped_at_0.05_more_low')} to"
        f" {_percent(figures, 'capped_at_0.05_more_high')} % more than flat in nine of ten draws, because what flat"
        " leaves hangs on a handful of heavy users.",
        "",
    ]  # fmt: skip
    return with_chapter(page, text, "tariffs", "\n".join(made))


def _cell(figures: dict[str, float], shape: str, cost: float) -> str:
    start = f"{shape}_at_{cost:g}"
    if f"{start}_profit" not in figures:
        return "never profitable"
    more, profit = figures.get(f"{start}_more"), f"${figures[f'{start}_profit']:.2f}"
    told = profit if more is None else f"{more / 10:+.0f} %"
    if shape == "flat":
        return f"{profit} at ${figures[f'{start}_fee']:.2f}, {figures[f'{start}_losing'] / 10:.1f} % lose money"
    if shape == "capped":
        return f"{told} ({figures[f'{start}_allowance']:.0f})"
    if shape == "two_part":
        return told
    fee, price = figures[f"{start}_fee"], figures[f"{start}_price"] * 100
    return f"{told} (${fee:.2f}, {figures[f'{start}_allowance']:.0f} incl., {price:.3g} ¢)"


def _percent(figures: dict[str, float], name: str) -> str:
    return f"{figures[name] / 10:+.0f}"


def accuracy(page: str, text: str) -> str:
    """docs/capacity.md, what it says of how far estimates are off made anew."""
    run = bench_run("capacity")
    figures = run["figures"]
    own = [value for name, value in figures.items() if name.startswith(f"{_WHOLE}_own_")]
    off = {
        name: f"{100 * figures[f'step_time_error_{name}']:.0f} %"
        for name in ("median_bare", "median_one_point", "p90_one_point")
    }  # fmt: skip
    made = [
        "[How far estimates are off](benchmarks/capacity.md), against measured points, each family of models left out"
        f" of the fit that predicts it: {off['median_bare']} at the median with nothing measured,"
        f" {off['median_one_point']} with one point, and nine of ten within {off['p90_one_point']}"
        f" (`bench/capacity.py`, {run['date']}, commit {run['commit']}).",
        "",
        "The constants were fitted on H100 and B200 together, and B200 is off most. A term of its own for each"
        f" generation is tried in the same run: {len(own)} in turn, for layers, layers with experts, caches,"
        " arithmetic, sequences and exchange, families left out as ever. With one point, believed whole, the worst"
        f" tenth is then off by {100 * min(own):.1f} to {100 * max(own):.1f} %, against {100 * figures[_WHOLE]:.1f} %"
        " with the same constants for both.",
        "",
    ]
    return with_chapter(page, text, "accuracy", "\n".join(made))
