"""Puts the request log together: what masks before anything is written, and who writes."""

from __future__ import annotations

import logging
from functools import cache, partial

from solvent.answering.logbook import Logbook
from solvent.answering.logged import Redact
from solvent.answering.write_log import write_log
from solvent.app.background import Background
from solvent.app.plan_entries import RequestLogEntry, log_terms
from solvent.db.port import Database
from solvent.guarding.masking import masked_start
from solvent.guards.personal import FINDERS
from solvent.guards.pii import Pii
from solvent.guards.secrets import secrets

log = logging.getLogger("solvent.app")


def open_logbook(entry: RequestLogEntry, background: Background, database: Database) -> Logbook:
    """The log of one process. Raises Invalid."""

    async def write() -> None:
        dropped = logbook.dropped
        await write_log(logbook, database)
        if logbook.dropped > dropped:
            log.warning("%s answers are not in the request log: no time, or no books", logbook.dropped - dropped)

    def start() -> None:
        background.start(write())

    logbook = Logbook(log_terms(entry), redacts, start)
    return logbook


@cache
def redacts(kinds: tuple[str, ...]) -> Redact:
    """What masks these kinds of personal data; and keys, tokens and the like whatever is asked for."""
    pii = Pii({"secret": secrets} | {kind: FINDERS[kind] for kind in kinds if kind in FINDERS})
    return partial(masked_start, find=partial(pii.look, 0), unsure=pii.unsure)
