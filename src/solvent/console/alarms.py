"""The operation that tells what a person must look at."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from solvent.audit import alarm_store
from solvent.audit.alarm import Alarm, Kind
from solvent.console.members import WORD
from solvent.console.operation import Asked, Nothing, Page, PageQuery, page_of, read_at, reading
from solvent.values.instant import iso
from solvent.values.period import first_day, start_of_day


class AlarmBody(msgspec.Struct, kw_only=True):
    """One alarm. subject: the customer, order, provider, model or month it is about. details: its arithmetic."""

    object: Literal["alarm"] = "alarm"
    id: str
    at: str
    kind: Kind
    subject: str
    details: dict[str, Any]


class AlarmQuery(PageQuery, forbid_unknown_fields=True, kw_only=True):
    """Which alarms."""

    kind: Annotated[Kind | None, Meta(description="of one kind")] = None
    subject: Annotated[str, WORD, Meta(description="about whom or what: an id")] = ""
    since: Annotated[str, WORD, Meta(description="days like 7d (today counts), or a date in the books' zone")] = ""


async def alarms(asked: Asked[AlarmQuery, Nothing]) -> Page[AlarmBody]:
    """List what a person must look at, newest first. Each is raised once for what it is about."""
    query, business = asked.query, asked.business
    since_us = 0
    if query.since:
        since_us = start_of_day(first_day(query.since, business.now_us(), business.time_zone), business.time_zone)
    look = partial(
        alarm_store.newest_alarms, since_us=since_us, kind=query.kind or "", subject=query.subject,
        count=query.limit + 1, before=read_at(query.cursor) if query.cursor else None,
    )  # fmt: skip
    found = await business.database.read(look)
    rows, cursor = page_of(found, query.limit, lambda one: f"{one.at_us}-{one.id}")
    return Page([_body(one) for one in rows], cursor)


def _body(one: Alarm) -> AlarmBody:
    details = msgspec.json.decode(one.words, type=dict[str, Any])
    return AlarmBody(id=one.id, at=iso(one.at_us), kind=one.kind, subject=one.subject, details=details)


LIST = reading("/v1/alarms", "audit.read", alarms, AlarmQuery, Page[AlarmBody])
OPERATIONS = (LIST,)
