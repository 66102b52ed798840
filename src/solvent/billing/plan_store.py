"""The table of plans: every version of every plan that was ever published; none of them is ever changed."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Literal

import msgspec
from sqlalchemy import BigInteger, Column, Connection, LargeBinary, Table, Text, and_, func, insert, select, update

from solvent.billing.plan import Plan, terms
from solvent.db.tables import metadata
from solvent.values.errors import Conflict, Invalid

# digest: of the terms, to tell versions apart. source: where this version was written.
# withdrawn_us: since when nobody new is taken on this plan, 0 while it is on sale; alike on all versions of a name.
# moves_us: whoever is on an older version comes onto this one with the first period that begins then or later; 0 for
# nobody.
plan_versions = Table(
    "plan_versions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("published_us", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("withdrawn_us", BigInteger, nullable=False),
    Column("moves_us", BigInteger, nullable=False),
    Column("terms", LargeBinary, nullable=False),
)

Source = Literal["file", "api"]
Terms = tuple[str, int]  # a plan's name and version


class Move(msgspec.Struct, frozen=True):
    """Everybody on an older version of this plan comes onto `version` with a period that begins at from_us or later."""

    version: int
    from_us: int


class Published(msgspec.Struct, frozen=True):
    """One version as it was published. withdrawn_us, moves_us: 0 for never."""

    plan: Plan
    published_us: int
    source: Source
    withdrawn_us: int
    moves_us: int


def digest(plan: Plan) -> str:
    """The same for the same terms."""
    return sha256(msgspec.json.encode(terms(plan))).hexdigest()


def publish(connection: Connection, plan: Plan, source: Source, at_us: int) -> Plan:
    """Put a plan on sale; with other terms than before it is a new version. Returns it with its version."""
    last = latest(connection, plan.name)
    if last is not None and terms(last.plan) == terms(plan):
        set_withdrawn(connection, plan.name, 0)
        return last.plan
    version = last.plan.version + 1 if last else 1
    connection.execute(
        insert(plan_versions).values(
            name=plan.name, version=version, published_us=at_us, source=source, digest=digest(plan),
            withdrawn_us=0, moves_us=0, terms=msgspec.json.encode(terms(plan)),
        )
    )  # fmt: skip
    set_withdrawn(connection, plan.name, 0)
    return msgspec.structs.replace(plan, version=version)


def latest(connection: Connection, name: str) -> Published | None:
    """The newest version of a plan, whether or not it is on sale."""
    chosen = select(plan_versions).where(plan_versions.c.name == name)
    row = connection.execute(chosen.order_by(plan_versions.c.version.desc()).limit(1)).first()
    return None if row is None else _read(row)


def demand_unchanged(connection: Connection, plan: Plan, version: int) -> None:
    """Raises Conflict where other terms than these were published after a version of the plan; 0 for none at all."""
    last = latest(connection, plan.name)
    if last is None or last.plan.version == version or terms(last.plan) == terms(plan):
        return
    known = f"version {version}" if version else "no version"
    message = f"plan {plan.name!r} is at version {last.plan.version}, and this was made of {known}; look at it again"
    raise Conflict("plan_changed", message, param="plan")


def last_from_file(connection: Connection, name: str) -> str:
    """The digest of what was last published of a plan from a file; "" for nothing."""
    mine = and_(plan_versions.c.name == name, plan_versions.c.source == "file")
    chosen = select(plan_versions.c.digest).where(mine).order_by(plan_versions.c.version.desc()).limit(1)
    return str(connection.execute(chosen).scalar() or "")


def demand_on_sale(connection: Connection, name: str) -> Plan:
    """The newest version of a plan that is on sale. Raises Invalid naming those that are."""
    found = latest(connection, name)
    if found is not None and not found.withdrawn_us:
        return found.plan
    known = ", ".join(plan.name for plan in on_sale(connection))
    message = f"there is no plan {name[:100]!r} on sale; plans are: {known}"
    raise Invalid("unknown_plan", message, param="plan")


def on_sale(connection: Connection) -> list[Plan]:
    """The newest versions of the plans on sale, by name."""
    return [found.plan for found in newest(connection) if not found.withdrawn_us]


def newest(connection: Connection) -> list[Published]:
    """The newest version of every plan, by name."""
    top = select(plan_versions.c.name, func.max(plan_versions.c.version).label("version")).group_by(
        plan_versions.c.name
    )
    last = top.subquery()
    same = and_(plan_versions.c.name == last.c.name, plan_versions.c.version == last.c.version)
    rows = connection.execute(select(plan_versions).join(last, same).order_by(plan_versions.c.name))
    return [_read(row) for row in rows]


def versions(connection: Connection, name: str) -> list[Published]:
    """Every version of a plan, newest first."""
    chosen = select(plan_versions).where(plan_versions.c.name == name)
    return [_read(row) for row in connection.execute(chosen.order_by(plan_versions.c.version.desc()))]


def plan_at(connection: Connection, name: str, version: int) -> Plan:
    """The terms of one version."""
    return plans_at(connection, [(name, version)])[name, version]


def plans_at(connection: Connection, wanted: Iterable[Terms]) -> dict[Terms, Plan]:
    """The terms of some versions. There are far fewer plans than customers, so this is one small question."""
    keys = set(wanted)
    names = {name for name, _ in keys}
    rows = connection.execute(select(plan_versions).where(plan_versions.c.name.in_(names)))
    found = {(row.name, row.version): row for row in rows}
    missing = keys - found.keys()
    assert not missing, f"{missing} were sold, so they were published"
    return {key: _read(found[key]).plan for key in keys}


def moves(connection: Connection) -> dict[str, Move]:
    """Of each plan the newest version that everybody is to come onto."""
    chosen = select(plan_versions.c.name, plan_versions.c.version, plan_versions.c.moves_us)
    rows = connection.execute(chosen.where(plan_versions.c.moves_us > 0).order_by(plan_versions.c.version))
    return {row.name: Move(row.version, row.moves_us) for row in rows}


def set_withdrawn(connection: Connection, name: str, at_us: int) -> None:
    """Take a plan off sale, or with 0 put it back."""
    connection.execute(update(plan_versions).where(plan_versions.c.name == name).values(withdrawn_us=at_us))


def set_moves(connection: Connection, name: str, version: int, from_us: int) -> None:
    """Let everybody on an older version come onto this one from an instant on."""
    mine = and_(plan_versions.c.name == name, plan_versions.c.version == version)
    connection.execute(update(plan_versions).where(mine).values(moves_us=from_us))


def _read(row: Any) -> Published:
    plan = msgspec.json.decode(bytes(row.terms), type=Plan)
    versioned = msgspec.structs.replace(plan, version=row.version)
    return Published(versioned, row.published_us, row.source, row.withdrawn_us, row.moves_us)


def demand_afterwards(connection: Connection, plan: Plan, beside: Iterable[Plan]) -> None:
    """Raises Invalid unless the plan that follows this one is free to be on, and known.

    beside: plans that are published together with it.
    """
    if not plan.afterwards:
        return
    following = next((other for other in beside if other.name == plan.afterwards), None)
    if following is None:
        found = latest(connection, plan.afterwards)
        following = found.plan if found and not found.withdrawn_us else None
    if following is None or following.price.grains:
        what = "costs something" if following else "is not on sale"
        message = f"plan {plan.name!r}: afterwards names {plan.afterwards!r}, which {what}; name one without a price"
        raise Invalid("bad_plan", message, param=f"plans.{plan.name}.afterwards")
