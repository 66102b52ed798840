"""What stands in the output or error file for one line, as OpenAI's clients read it."""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.batching.asking import Told
from solvent.batching.batch import Batch, Fault, Line
from solvent.values.errors import Conflict, NotFound, SolventError
from solvent.values.ids import AnswerId

_encode = msgspec.json.encode
_decode_faults: Final = msgspec.json.Decoder(list[Fault]).decode


def answered(line: Line, told: Told) -> bytes:
    """A line that was asked, whatever its answer's status."""
    response = {"status_code": told.status, "request_id": line.answer, "body": msgspec.Raw(told.body)}
    return _result(line, response, None)


def unasked(line: Line, why: SolventError | Fault) -> bytes:
    """A line that nobody has answered, or whose answer is lost."""
    return _result(line, None, {"code": why.code, "message": why.message})


def lost(answer: AnswerId) -> SolventError:
    """An answer that is on the books, and of which nothing else is left."""
    message = (
        f"the process ended between the answer {answer} and its writing: it is on the books and charged as its receipt "
        "says, and what it said is lost; it is not asked again"
    )
    return Conflict("answer_lost", message)


def why_unasked(batch: Batch) -> SolventError | Fault:
    """Why the lines that are left of a batch are not asked any more."""
    if batch.ends == "expired":
        return Conflict("batch_expired", "it was not asked before the window of its batch was over")
    faults = faults_of(batch)
    if batch.ends == "failed" and faults:
        return faults[0]
    return Conflict("batch_cancelled", "it was not asked before its batch was cancelled")


def faults_of(batch: Batch) -> list[Fault]:
    """What is wrong with a batch."""
    return _decode_faults(batch.faults)


def no_such_batch(id: str) -> NotFound:
    """For whoever else has it too."""
    return NotFound("no_such_batch", f"there is no batch {id[:40]!r}", param="batch_id")


def _result(line: Line, response: object, error: object) -> bytes:
    id = f"{line.batch.replace('batch_', 'batch_req_', 1)}_{line.number}"
    return _encode({"id": id, "custom_id": line.custom_id, "response": response, "error": error}) + b"\n"
