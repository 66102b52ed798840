"""The table of kept runs. Lists leave their papers where they are."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, Table, Text, delete, func, insert, select
from sqlalchemy import tuple_ as pair

from solvent.db.tables import metadata
from solvent.simulation.kept_run import KeptRun, Papers
from solvent.values.errors import Conflict, NotFound

simulation_runs = Table(
    "simulation_runs",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("is_dated", BigInteger, nullable=False),
    Column("command", Text, nullable=False),
    Column("brief", LargeBinary, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("said", LargeBinary, nullable=False),
    Column("report", LargeBinary, nullable=False),
    Index("ix_simulation_runs_at_us", "at_us"),
)
_OF: Final = simulation_runs.c
_LISTED: Final = select(*(_OF[name] for name in KeptRun.__struct_fields__))


def add_run(connection: Connection, run: KeptRun, papers: Papers) -> None:
    """Keep one. See `demand_free`."""
    fields = {name: getattr(run, name) for name in KeptRun.__struct_fields__}
    connection.execute(insert(simulation_runs).values(**fields, said=papers.said, report=papers.report))


def demand_free(connection: Connection, name: str) -> None:
    """Raises Conflict where a run of this name is kept."""
    if has_run(connection, name):
        message = f"there is a run {name!r} already; remove it first, or choose another name"
        raise Conflict("run_exists", message, param="keep")


def has_run(connection: Connection, name: str) -> bool:
    """Whether a run of this name is kept."""
    return connection.execute(select(_OF.name).where(_OF.name == name)).first() is not None


def run_by_name(connection: Connection, name: str) -> KeptRun:
    """Raises NotFound for none."""
    row = connection.execute(_LISTED.where(_OF.name == name)).first()
    if row is None:
        message = f"there is no run {name[:80]!r}; `solvent simulate runs list` names those that are kept"
        raise NotFound("no_such_run", message, param="run")
    return _read(row)


def papers_of(connection: Connection, name: str) -> Papers:
    """The documents of a run that is kept. Raises NotFound for none."""
    row = connection.execute(select(_OF.said, _OF.report).where(_OF.name == name)).first()
    if row is None:
        run_by_name(connection, name)  # says that there is none
        raise AssertionError(name)
    return Papers(bytes(row.said), bytes(row.report))


def runs_page(connection: Connection, count: int, before: tuple[int, str] | None) -> list[KeptRun]:
    """Newest first. before: instant and name of a run; only those after it in this order."""
    chosen = _LISTED if before is None else _LISTED.where(pair(_OF.at_us, _OF.name) < before)
    rows = connection.execute(chosen.order_by(_OF.at_us.desc(), _OF.name.desc()).limit(count))
    return [_read(row) for row in rows]


def count_runs(connection: Connection, *, is_dated: bool) -> int:
    """How many are kept under a date, or under a name of their own."""
    chosen = select(func.count()).select_from(simulation_runs).where(_OF.is_dated == int(is_dated))
    return int(connection.execute(chosen).scalar_one())


def remove_run(connection: Connection, name: str) -> None:
    """Forget one, papers and all."""
    connection.execute(delete(simulation_runs).where(_OF.name == name))


def remove_oldest_dated(connection: Connection, count: int) -> None:
    """Forget so many that were kept by themselves, the oldest."""
    chosen = select(_OF.name).where(_OF.is_dated == 1).order_by(_OF.at_us, _OF.name).limit(count)
    names = [row.name for row in connection.execute(chosen)]
    connection.execute(delete(simulation_runs).where(_OF.name.in_(names)))


def _read(row: Any) -> KeptRun:
    fields = {name: getattr(row, name) for name in KeptRun.__struct_fields__}
    return KeptRun(**fields | {"brief": bytes(row.brief)})
