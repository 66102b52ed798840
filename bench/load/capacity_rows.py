"""The measured points of ../shared/data/mlenergy as loads on hardware: what the formulas are held against."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

from bench.load.machine import ROOT

from solvent.app.capacity_data import find_fleet, find_model
from solvent.capacity.hardware import Fleet, precision_named
from solvent.capacity.model_shape import Shape
from solvent.capacity.step import Load

FILE = Path("shared/data/mlenergy/energy_configs.csv.gz")
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
