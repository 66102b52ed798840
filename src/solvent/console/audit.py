"""The operation that tells who changed what."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from solvent.audit import store as audit_store
from solvent.audit.act import Change
from solvent.console.members import WORD
from solvent.console.operation import Asked, Nothing, Page, PageQuery, page_of, read_at, reading
from solvent.db.port import Connection
from solvent.identity import person_store
from solvent.identity import store as identity_store
from solvent.identity.key import Key
from solvent.identity.person import Person
from solvent.values.instant import NEVER_US, iso
from solvent.values.period import first_day, start_of_day


class ChangeBody(msgspec.Struct, kw_only=True):
    """One change. actor: a key's or person's id, "system" for a job, or who used the command line. result: what came of
    it.
    """

    object: Literal["change"] = "change"
    id: str
    at: str
    actor: str
    actor_name: str | None
    actor_role: str | None
    action: str
    subject: str
    idempotency_key: str
    result: Any


class AuditQuery(PageQuery, forbid_unknown_fields=True, kw_only=True):
    """Which changes."""

    subject: Annotated[str, WORD, Meta(description="to whom or what: an id")] = ""
    actor: Annotated[str, WORD, Meta(description="by whom: a key's or person's id, or system")] = ""
    since: Annotated[str, WORD, Meta(description="days like 7d (today counts), or a date in the books' zone")] = ""


async def audit(asked: Asked[AuditQuery, Nothing]) -> Page[ChangeBody]:
    """List who changed what, newest first."""
    query, business = asked.query, asked.business
    from_us = 0
    if query.since:
        from_us = start_of_day(first_day(query.since, business.now_us(), business.time_zone), business.time_zone)
    before = read_at(query.cursor) if query.cursor else None

    def look(connection: Connection) -> tuple[list[Change], dict[str, Key], dict[str, Person]]:
        found = audit_store.changes_between(
            connection, from_us, NEVER_US, subject=query.subject, actor=query.actor, count=query.limit + 1,
            before=before,
        )  # fmt: skip
        actors = [change.actor for change in found]
        return found, identity_store.keys_among(connection, actors), person_store.among(connection, actors)

    found, keys, people = await business.database.read(look)
    rows, cursor = page_of(found, query.limit, lambda change: f"{change.at_us}-{change.id}")
    return Page([_body(change, keys.get(change.actor), people.get(change.actor)) for change in rows], cursor)


def _body(change: Change, key: Key | None, person: Person | None) -> ChangeBody:
    actor = key or person
    hint = f"...{key.hint}" if key else person.email if person else None
    return ChangeBody(
        id=change.id, at=iso(change.at_us), actor=change.actor,
        actor_name=(actor.name or hint) if actor else None, actor_role=actor.role if actor else None,
        action=change.action, subject=change.subject, idempotency_key=change.key, result=msgspec.Raw(change.result),
    )  # fmt: skip


LIST = reading("/v1/audit", "audit.read", audit, AuditQuery, Page[ChangeBody])
OPERATIONS = (LIST,)
