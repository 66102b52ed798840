"""Operations on runs of the simulator that a running service carries out: asking for one, how far it is, cancelling."""

from __future__ import annotations

import shlex
from functools import partial

from solvent.console.asked_bodies import AskedBody, AskedList, NewRun, asked_body
from solvent.console.asked_words import asking
from solvent.console.operation import Asked, Nothing, Operation, reading
from solvent.simulation import asked_run_store as store
from solvent.simulation.ask_run import ask_run
from solvent.simulation.asked_run import AskedRun, files_packed
from solvent.simulation.cancel_run import cancel_run
from solvent.values.ids import new_id
from solvent.values.limits import ASKED_BODY_BYTES_MAX, ASKED_RUNS_KEPT_MAX
from solvent.values.period import first_day


async def ask(asked: Asked[Nothing, NewRun]) -> AskedBody:
    """Ask the service for a run of the simulator. It begins within a second; one runs at a time.

    What it finds is kept, under the name given or its date. It survives whoever asked, and ends when the service does.
    """
    business, body = asked.business, asked.body
    said = asking(body)
    if body.source == "books":
        first_day(body.since, asked.act.at_us, business.time_zone)
    id = new_id("sim", asked.act.at_us, business.entropy())
    return _told(await ask_run(id, said.words, files_packed(said.files), body.keep, asked.act, business.database))


async def runs(asked: Asked[Nothing, Nothing]) -> AskedList:
    """List the runs that were asked for, newest first: the one that runs, and how the last ones ended."""
    found = await asked.business.database.read(partial(store.newest, count=ASKED_RUNS_KEPT_MAX))
    return AskedList(data=[_told(one) for one in found])


async def show(asked: Asked[Nothing, Nothing]) -> AskedBody:
    """Show how far a run is that was asked for, or how it ended."""
    return _told(await asked.business.database.read(partial(store.by_id, id=asked.path["asked"])))


async def cancel(asked: Asked[Nothing, Nothing]) -> AskedBody:
    """Cancel a run that was asked for: nothing of it is kept. It ends within a moment."""
    return _told(await cancel_run(asked.path["asked"], asked.act, asked.business.database))


def _told(run: AskedRun) -> AskedBody:
    return asked_body(run, shlex.join(["solvent", *run.words]))


_ALL, _ONE = "/v1/simulations/asked", "/v1/simulations/asked/{asked}"
ASK = Operation(
    "POST", "/v1/simulations", "simulations.write", ask, Nothing, NewRun, AskedBody, body_bytes_max=ASKED_BODY_BYTES_MAX
)
LIST = reading(_ALL, "simulations.read", runs, Nothing, AskedList)
SHOW = reading(_ONE, "simulations.read", show, Nothing, AskedBody)
CANCEL = Operation("POST", f"{_ONE}/cancel", "simulations.write", cancel, Nothing, Nothing, AskedBody)
OPERATIONS = (ASK, LIST, SHOW, CANCEL)
