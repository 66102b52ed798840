"""A run that was asked for as the words of `solvent simulate` and the files beside it. What can be seen to be wrong
before it runs is refused at once."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

import msgspec

from solvent.app.cards import documents_of
from solvent.console.asked_bodies import NewRun
from solvent.simulation.assumption import assumed
from solvent.simulation.demand_assumption import demand_assumed, split_assumed
from solvent.simulation.kept_run import run_name
from solvent.simulation.traffic import Traffic, traffic_said
from solvent.values.errors import Invalid
from solvent.values.limits import ASKED_FILE_BYTES_MAX, MIB

_ENDINGS: Final = (".csv", ".csv.gz", ".json", ".json.gz", ".jsonl", ".jsonl.gz", ".parquet")
_PLAIN: Final = re.compile(r"[^\w.-]+")
_NAME_MAX: Final = 80
PLANS, SCENARIOS = "plans.yaml", "scenarios.yaml"


class Asking(msgspec.Struct, frozen=True):
    """words: after `solvent`. files: what they name, by name."""

    words: list[str]
    files: dict[str, bytes]


def asking(of: NewRun) -> Asking:
    """Raises Invalid naming the member."""
    _demand_sound(of)
    files: dict[str, bytes] = {}
    if of.source == "file":
        files[_file_name(of)] = _content(of)
    traffic = [f"--trace={name}" for name in files] + [f"--generate={of.generate}"] * (of.source == "generated")
    if of.source == "books" and of.since != "30d":
        traffic.append(f"--since={of.since}")
    traffic += [f"--start={of.start}"] * bool(of.start and of.source != "books")
    traffic += [f"--model={of.model}"] * bool(of.model) + ["--sort"] * of.sort
    words = ["simulate", *(["optimise"] * (of.kind == "optimise")), *traffic]
    words += [f"--share={one}" for one in of.shares] + [f"--assume={one}" for one in of.assumptions]
    words += _of_search(of) if of.kind == "optimise" else _of_scenarios(of, files)
    words += [f"--seed={of.seed}"] * (of.seed != 1) + [f"--keep={of.keep}"] * bool(of.keep)
    return Asking(words, files)


def _of_search(of: NewRun) -> list[str]:
    return [f"--cost={one}" for one in of.costs]


def _of_scenarios(of: NewRun, files: dict[str, bytes]) -> list[str]:
    words = [f"--plan={name}" for name in of.plans]
    for option, name, text in (("plans", PLANS, of.written_plans), ("scenarios", SCENARIOS, of.scenarios)):
        if text.strip():
            files[name] = text.encode()
            words.append(f"--{option}={name}")
    words += [f"--cached={of.cached}"] if of.cached is not None else []
    words += ["--react"] * of.react + ["--year"] * of.year
    return words + [f"--draws={of.draws}"] * (of.year and of.draws != 1000)


def _demand_sound(of: NewRun) -> None:
    if of.keep:
        run_name(of.keep)
    of_year, of_demand = split_assumed(tuple(of.assumptions))
    assumed(of_year)
    demand_assumed(of_demand)
    if of.source == "generated":
        if "=" not in of.generate.partition(",")[0]:  # the command would read a file of that name
            message = f"generate: {of.generate[:60]!r}: write it like customers=1000,days=30"
            raise Invalid("bad_traffic", message, param="generate")
        traffic_said(of.generate, Traffic())
    if of.scenarios.strip():
        _demand_own_folder(of.scenarios)


def _demand_own_folder(text: str) -> None:
    """What a form says reads no folder of this machine."""
    try:
        found = documents_of(text, SCENARIOS)
    except Invalid as wrong:
        raise Invalid("bad_scenario", wrong.message, param="scenarios") from None
    entries = [one for of in found for one in (of if isinstance(of, list) else [of])]
    if any(isinstance(one, dict) and one.get("prices") for one in entries):
        message = "scenarios: a folder of prices is read by the command alone; here name rate cards under `cards`"
        raise Invalid("bad_scenario", message, param="scenarios")


def _file_name(of: NewRun) -> str:
    """The name that it was sent under, as far as it is plain, so that the run says which file it was."""
    name = _PLAIN.sub("-", of.file_name.rpartition("/")[2].rpartition("\\")[2]).lstrip("-.")[-_NAME_MAX:]
    if not name.lower().endswith(_ENDINGS):
        message = f"file: {of.file_name[:60]!r} is no {', '.join(_ENDINGS)}; the ending says what it is"
        raise Invalid("bad_trace", message, param="file")
    return name


def _content(of: NewRun) -> bytes:
    try:
        content = base64.b64decode(of.file, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("bad_trace", "file: this is no base64 of a file", param="file") from None
    if not content:
        raise Invalid("bad_trace", "file: choose a file of traffic; this one is empty", param="file")
    if len(content) > ASKED_FILE_BYTES_MAX:
        message = f"file: it is larger than {ASKED_FILE_BYTES_MAX // MIB} MiB; pack it with gzip, or use the command"
        raise Invalid("bad_trace", message, param="file")
    return content
