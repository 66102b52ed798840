"""Claim a question that carries an `Idempotency-Key`, so that no other process answers it too."""

from __future__ import annotations

from collections.abc import Callable

from solvent.answering import repeat_store, store
from solvent.answering.repeat import Claim, Known
from solvent.db.port import Connection, Database
from solvent.ledger.store import open_holds
from solvent.values.errors import Conflict
from solvent.values.ids import AnswerId
from solvent.values.instant import DAY_US

_NAME = "Idempotency-Key"


async def claim_repeat(claim: Claim, database: Database, is_alive: Callable[[str], bool]) -> bytes | None:
    """None when it is this process's to answer; else what was told. is_alive: whether a holder's process still runs.

    Raises Conflict when the key was used for another request, when another process answers it just now, and when it
    was answered and what was told is not to be had any more.
    """

    def work(connection: Connection) -> bytes | None:
        known = repeat_store.known(connection, claim.key, claim.given)
        if known is not None and claim.asked_us - known.claim.asked_us < DAY_US:
            told = _told(connection, known)
            if told is not None:
                return told
        repeat_store.put(connection, claim)
        return None

    def _told(connection: Connection, known: Known) -> bytes | None:
        before = known.claim
        if before.fingerprint != claim.fingerprint:
            message = "this idempotency key was used before, for another request; use a new one"
            raise Conflict("idempotency_key_conflict", message, param=_NAME)
        if known.told is not None:
            return known.told
        if not known.is_told and before.holder != claim.holder and is_alive(before.holder):
            message = "the same question is being answered just now; ask again in a moment"
            raise Conflict("idempotency_in_flight", message, param=_NAME, retry_after_s=1)
        receipt = store.receipt(connection, before.answer)
        if receipt is None and _is_pledged(connection, before.answer):
            message = (
                f"this was begun as {before.answer} and goes on, and what was told is not kept; "
                "look for it among what you ordered, or use a new idempotency key to order it anew"
            )
            raise Conflict("idempotency_answer_gone", message, param=_NAME)
        if known.is_told or (receipt is not None and receipt.outcome != "failed"):
            message = (
                f"this was answered and charged as {before.answer}, and what was told is not kept; "
                "to ask it anew use a new idempotency key"
            )
            raise Conflict("idempotency_answer_gone", message, param=_NAME)
        return None  # its process ended before it was charged

    return await database.write(work)


def _is_pledged(connection: Connection, answer: AnswerId) -> bool:
    """Whether something is set aside for an answer that goes on without the process that began it."""
    return any(not hold.holder for hold in open_holds(connection, f"{answer}.", f"{answer}/"))
