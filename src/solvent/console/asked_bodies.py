"""What a run of the simulator may be asked for over the API and by a form, and what is told of one that was."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from solvent.console.members import DATE, PATH, PERMILLE, WORD
from solvent.simulation.asked_run import AskedRun, State
from solvent.values.instant import iso
from solvent.values.limits import (
    ASKED_FILE_SENT_CHARACTERS_MAX,
    ASKED_TEXT_CHARACTERS_MAX,
    ASKED_WORDS_MAX,
    DRAWS_MAX,
    FILE_NAME_CHARACTERS_MAX,
    RUN_NAME_CHARACTERS_MAX,
    SEED_MAX,
)

Asking = Literal["simulate", "optimise"]
Source = Literal["books", "generated", "file"]
_TEXT = Meta(max_length=ASKED_TEXT_CHARACTERS_MAX)
_WORDS = Meta(max_length=ASKED_WORDS_MAX)
_Words = Annotated[list[Annotated[str, PATH]], _WORDS]


class NewRun(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What `solvent simulate` is asked, as its options say it."""

    kind: Annotated[Asking, Meta(description="simulate compares plans, optimise searches the best tariff")] = "simulate"
    source: Annotated[Source, Meta(description="whose traffic: that of the books, generated, or of a file")] = "books"
    since: Annotated[str, DATE, Meta(description="of the books: days like 30d, or a date")] = "30d"
    generate: Annotated[str, PATH, Meta(description="traffic nobody asked: customers=1000,days=30")] = ""
    file: Annotated[
        str, Meta(max_length=ASKED_FILE_SENT_CHARACTERS_MAX, description="CSV, JSON or Parquet, as base64")
    ] = ""
    file_name: Annotated[str, Meta(max_length=FILE_NAME_CHARACTERS_MAX, description="its ending says what it is")] = ""
    start: Annotated[str, DATE, Meta(description="moves other traffic than the books' to begin on this day")] = ""
    model: Annotated[str, PATH, Meta(description="of all answers, where no column names it")] = ""
    sort: Annotated[bool, Meta(description="rows may be in any order")] = False
    plans: Annotated[_Words, Meta(description="by name; all when left out")] = []
    written_plans: Annotated[str, _TEXT, Meta(description="more plans, as YAML")] = ""
    scenarios: Annotated[str, _TEXT, Meta(description="scenarios with cards, mixes, shares and caches, as YAML")] = ""
    shares: Annotated[_Words, Meta(description="asked=instead:250: so many in 1000 come from another")] = []
    cached: Annotated[
        Annotated[int, PERMILLE] | None, Meta(description="so many in 1000 of what is read come from a cache")
    ] = None
    year: Annotated[bool, Meta(description="draw the year to come")] = False
    react: Annotated[bool, Meta(description="customers leave, move and ask less")] = False
    assumptions: Annotated[_Words, Meta(description="churn=0.02:0.05:0.1 and the like")] = []
    draws: Annotated[int, Meta(ge=1, le=DRAWS_MAX, description="how many years")] = 1000
    seed: Annotated[int, Meta(ge=0, le=SEED_MAX, description="the same seed is the same luck")] = 1
    costs: Annotated[_Words, Meta(description="of optimise: what an answer costs; as replayed when left out")] = []
    keep: Annotated[str, Meta(max_length=RUN_NAME_CHARACTERS_MAX, description="its name; its date when left out")] = ""


class AskedBody(msgspec.Struct, kw_only=True):
    """A run that was asked for. stage: what it does now, of which `done` of `whole`; whole is 0 where nobody knows.

    run: the name it is kept under, once it is done. code, fault: why it failed.
    """

    object: Literal["simulation.asked"] = "simulation.asked"
    id: Annotated[str, WORD]
    at: str
    by: str
    command: str
    state: State
    stage: str
    done: int
    whole: int
    ended: str | None
    run: str
    code: str
    fault: str


class AskedList(msgspec.Struct, kw_only=True):
    """Those that were asked for, newest first; of those that have ended the newest alone."""

    object: Literal["list"] = "list"
    data: list[AskedBody]


def asked_body(run: AskedRun, command: str) -> AskedBody:
    """One as JSON."""
    return AskedBody(
        id=run.id, at=iso(run.at_us), by=run.actor, command=command, state=run.state, stage=run.stage, done=run.done,
        whole=run.whole, ended=iso(run.ended_us) if run.ended_us else None, run=run.run, code=run.code, fault=run.fault,
    )  # fmt: skip
