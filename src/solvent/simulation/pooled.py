"""Answers drawn from a pool of clients: each with its rate in every ten minutes, its gaps and its lengths.

Source: Xiang et al., ServeGen: Workload Characterization and Generation of Large Language Model Serving in Production
(arXiv 2505.09999, 2025): traffic composed of clients, gaps between requests as Gamma or Weibull, by window. Here a
window has the requests that were counted in it, and its gaps are scaled to fit it, so rates are kept exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from solvent.simulation.note import note
from solvent.simulation.trace import Block, Trace, Whole

WINDOW_S: Final = 600
BINS_PER_DECADE: Final = 24  # of the histograms of lengths
PATTERNS: Final = ("", "Gamma", "Weibull")  # "" for gaps of no shape of their own: exponential
_US: Final = 10**6
Real = npt.NDArray[np.float64]


class Histogram(msgspec.Struct, frozen=True):
    """Lengths of one kind of tokens of one client from `from_s` on. bins: floor(24 log10 tokens), -1 for none."""

    from_s: int
    bins: Whole
    cumulated: Real


class Pool(msgspec.Struct, frozen=True):
    """clients: (model, client). Windows as columns, in the order of time: second, place of the client, counted
    requests, place in PATTERNS, shape of the gaps. lengths: by client and "input" or "output": one list of histograms
    in the order of time for each kind of tokens that are summed.
    """

    source: str
    clients: tuple[tuple[str, str], ...]
    second: Whole
    client: Whole
    requests: Real
    pattern: Whole
    shape: Real
    lengths: Mapping[tuple[int, str], tuple[tuple[Histogram, ...], ...]]
    notes: tuple[str, ...] = ()


def trace_from(pool: Pool, answers_most: int, start_us: int, seed: int) -> Trace:
    """About so many answers at most: all clients ask less by the same factor where they asked more.

    The same seed draws the same answers. The pool holds a window with a request at least.
    """
    scale = min(1.0, answers_most / float(pool.requests.sum()))
    counts = np.floor(pool.requests * scale + np.random.default_rng([seed, 0]).random(len(pool.requests)))
    counts = counts.astype(np.int64)
    edges = np.append(np.flatnonzero(np.diff(pool.second, prepend=-1)), len(pool.second))
    models = tuple(dict.fromkeys(model for model, _ in pool.clients))
    model_of = np.array([models.index(model) for model, _ in pool.clients], np.int64)

    def read() -> Iterator[Block]:
        for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            rows = first + np.flatnonzero(counts[first:last])
            if len(rows):
                yield _window(pool, rows, counts, model_of, start_us, np.random.default_rng([seed, 1, first]))

    customers = tuple(f"{model}/{client}" for model, client in pool.clients)
    until_us = start_us + (int(pool.second[-1]) + WINDOW_S) * _US
    notes = (*pool.notes, note("pool", count=len(customers), of=f"{1 / scale:,.0f}"))
    return Trace(pool.source, customers, models, int(counts.sum()), start_us, until_us, read, notes)


def _window(
    pool: Pool, rows: Whole, counts: Whole, model_of: Whole, start_us: int, chance: np.random.Generator
) -> Block:  # fmt: skip
    begin = int(pool.second[rows[0]])
    seconds, whose, lengths = [], [], {"input": [], "output": []}  # type: ignore[var-annotated]
    for row in rows.tolist():
        client, count = int(pool.client[row]), int(counts[row])
        seconds.append(WINDOW_S * _places(PATTERNS[pool.pattern[row]], float(pool.shape[row]), count, chance))
        whose.append(np.full(count, client))
        for kind, drawn in lengths.items():
            drawn.append(_lengths(pool.lengths[client, kind], begin, count, chance))
    at_us = start_us + begin * _US + (np.concatenate(seconds) * _US).astype(np.int64)
    order = np.argsort(at_us, kind="stable")
    client_of = np.concatenate(whose)[order]
    used = {f"{kind}_tokens": np.concatenate(drawn)[order] for kind, drawn in lengths.items()}
    return Block(at_us[order], client_of, model_of[client_of], used)


def _places(pattern: str, shape: float, count: int, chance: np.random.Generator) -> Real:
    """Where in a window, from 0 to below 1, so many requests fall, rising."""
    if pattern == "Gamma":
        gaps = chance.gamma(shape, size=count + 1)
    elif pattern == "Weibull":
        gaps = chance.weibull(shape, size=count + 1)
    else:
        gaps = chance.exponential(size=count + 1)
    reached: Real = np.cumsum(gaps)
    if not 0 < reached[-1] < np.inf:  # gaps too wild for a float
        return np.sort(chance.random(count))
    places: Real = np.minimum(reached[:-1] / reached[-1], 1 - 2**-30)
    return places


def _lengths(kinds: tuple[tuple[Histogram, ...], ...], at_s: int, count: int, chance: np.random.Generator) -> Whole:
    whole = np.zeros(count, np.int64)
    for histograms in kinds:
        known = [one for one in histograms if one.from_s <= at_s] or histograms[:1]
        chosen = known[-1]
        place = np.searchsorted(chosen.cumulated, chance.random(count) * chosen.cumulated[-1], side="right")
        bins = chosen.bins[np.minimum(place, len(chosen.bins) - 1)]
        tokens = np.rint(10 ** ((bins + chance.random(count)) / BINS_PER_DECADE))
        whole += np.where(bins < 0, 0, tokens).astype(np.int64)
    return whole
