"""Begins an answer, and overhears it for the request log where anything of it is to be kept."""

from __future__ import annotations

from contextlib import aclosing
from typing import Final

import msgspec

from solvent.answering.answer import answer
from solvent.answering.desk import Desk
from solvent.answering.heard import Heard
from solvent.answering.logbook import Logbook
from solvent.answering.question import Question
from solvent.answering.settlement import Opened
from solvent.app.http import Scope, headers_of
from solvent.gateway.telling import Answering
from solvent.identity.caller import Caller, off_log
from solvent.providers.port import Chunk, PassOn

_STORE: Final = b"x-solvent-store"
_FALSE: Final = msgspec.Raw(b"false")


def begun(question: Question, caller: Caller, desk: Desk, push: PassOn | None = None) -> Answering:
    """See `answer`. One of which nothing is kept is that and no more."""
    if not desk.may_log(caller) or question.members.get("store") == _FALSE:
        return answer(question, caller, desk, push)
    return _overheard(answer(question, caller, desk), desk.logbook)  # which hears only what is yielded


def as_wished(caller: Caller, desk: Desk, scope: Scope) -> Caller:
    """The caller, off the log where the request says so."""
    wish = headers_of(scope).get(_STORE)
    if wish and wish.strip().lower() == b"false" and desk.may_log(caller):
        return off_log(caller)
    return caller


async def _overheard(answering: Answering, logbook: Logbook) -> Answering:
    heard: Heard | None = None
    async with aclosing(answering):
        try:
            async for step in answering:
                if isinstance(step, Opened) and heard is None:
                    heard = logbook.begin(step)
                yield step
                if heard is not None and isinstance(step, Chunk):  # it was told: whoever leaves has not heard it
                    heard.hear(step)
        finally:
            if heard is not None:
                logbook.put(heard)
