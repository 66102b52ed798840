"""The measured points of ../shared/data as loads on hardware: what the formulas are held against."""

from __future__ import annotations

import csv
import gzip
import math
from dataclasses import dataclass
from pathlib import Path

from bench.load.machine import ROOT

from solvent.app.capacity_data import find_fleet, find_model
from solvent.capacity.hardware import Fleet, precision_named
from solvent.capacity.model_shape import Shape
from solvent.capacity.step import Load

FILE = Path("shared/data/mlenergy/energy_configs.csv.gz")
# Servers at saturation, of which nobody says how many answers were under way, so that
# their throughput says nothing of a step; the same leaderboard again; and these few, whose batch is told.
ELSEWHERE = Path("shared/data/economics/measured_throughput_energy.csv")
KNOWN_ELSEWHERE = {"Llama-3.3-70B": "meta-llama/Llama-3.3-70B-Instruct"}
# Tokens of a question, which the leaderboard does not tell: chats are short, code comes with its file.
ASSUMED_INPUT_TOKENS = {"lm-arena-chat": 200, "gpqa": 300, "sourcegraph-fim": 1_500}


@dataclass(frozen=True)
class Point:
    """One measured point. family: of models with the same shape, left out together. step_s: batch over tokens a second.

    joules: a token, of the boards alone.
    """

    family: str
    model: str
    task: str
    shape: Shape
    fleet: Fleet
    precision: str
    load: Load
    step_s: float
    joules: float

    @property
    def series(self) -> tuple[str, ...]:
        """Points that differ by their batch alone."""
        return (self.task, self.model, self.fleet.name, self.precision)


def file() -> Path:
    """Where the points lie, if they are there: beside the checkout."""
    return ROOT.parent / FILE


def points() -> list[Point]:
    """Every text point whose batch and precision are known."""
    with gzip.open(file(), "rt", encoding="utf-8") as lines:
        return [
            _point(line)
            for line in csv.DictReader(lines)
            if line["task"] in ASSUMED_INPUT_TOKENS and line["weight_precision"] and line["avg_batch_size"]
        ]


def elsewhere() -> tuple[list[Point], int]:
    """The points of ELSEWHERE whose batch is told, without those that `points` has; and how many others there are."""
    with (ROOT.parent / ELSEWHERE).open(encoding="utf-8") as lines:
        rows = [line for line in csv.DictReader(lines) if not line["source"].startswith("ML.ENERGY")]
    told = [line for line in rows if line["batch_or_conc"].isdecimal()]
    return [_other(line) for line in told], len(rows) - len(told)


def _other(line: dict[str, str]) -> Point:
    found, batch = find_model(KNOWN_ELSEWHERE[line["model"]]), float(line["batch_or_conc"])
    return Point(
        family=found.shape.name, model=line["model"], task=f"{line['isl']} tokens", shape=found.shape,
        fleet=find_fleet(f"{line['n_gpus']}x{line['gpu']}"), precision=precision_named(line["precision"]),
        load=Load(batch, float(line["isl"]), float(line["osl"])), step_s=batch / float(line["output_tok_s_total"]),
        joules=math.nan,
    )  # fmt: skip


def _point(line: dict[str, str]) -> Point:
    found = find_model(line["model_id"])
    batch, tokens_per_s = float(line["avg_batch_size"]), float(line["output_throughput_tokens_per_sec"])
    return Point(
        family=found.shape.name,
        model=line["model_id"],
        task=line["task"],
        shape=found.shape,
        fleet=find_fleet(f"{line['num_gpus']}x{line['gpu_model']}"),
        precision=precision_named(line["weight_precision"]),
        load=Load(batch, ASSUMED_INPUT_TOKENS[line["task"]], float(line["avg_output_len"])),
        step_s=batch / tokens_per_s,
        joules=float(line["energy_per_token_joules"]),
    )
