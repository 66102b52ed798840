"""A batch as its customer knows it, and its lines as they are asked."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from solvent.values.ids import AnswerId, CustomerId, KeyId

ENDPOINTS: Final = ("/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings")
WINDOW: Final = "24h"

# finalizing, cancelling: nothing more is asked, and what came of it is written.
State = Literal[
    "validating", "in_progress", "finalizing", "cancelling", "completed", "failed", "expired", "cancelled",
]  # fmt: skip
UNFINISHED: Final = ("validating", "in_progress", "finalizing", "cancelling")
End = Literal["completed", "failed", "expired", "cancelled"]
# asked: under an answer's id, and nobody knows yet what came of it.
LineState = Literal["waiting", "asked", "answered", "failed"]


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with a batch. line: of its file, from 1 on, and param: its field; None for all of it."""

    code: str
    message: str
    line: int | None = None
    param: str | None = None


class Batch(msgspec.Struct, frozen=True):
    """Its fields are the columns of `batches`, in their order.

    key: that it was made with, and whose limits it keeps. metadata: the customer's own words, as JSON. kept_us: how
    long its output is kept. expires_us: what is not asked by then is not asked any more. ends: how it will end, once
    that is known. holder: the process that runs it; "" for nobody. charge_grains: what its answers came to. faults: as
    JSON. *_us: when that began; 0 for not yet.
    """

    id: str
    customer: CustomerId
    key: KeyId
    endpoint: str
    input_file: str
    metadata: str
    kept_us: int
    created_us: int
    expires_us: int
    state: State = "validating"
    ends: End | Literal[""] = ""
    holder: str = ""
    total: int = 0
    completed: int = 0
    failed: int = 0
    charge_grains: int = 0
    in_progress_us: int = 0
    finalizing_us: int = 0
    cancelling_us: int = 0
    ended_us: int = 0
    output_file: str = ""
    error_file: str = ""
    faults: str = "[]"


class Line(msgspec.Struct, frozen=True):
    """Its fields are the columns of `batch_lines`, in their order.

    number: in its file, from 1 on. starts, size: its place in the file, in bytes. answer: under which it was asked
    last. result: what stands in the output or error file.
    """

    batch: str
    number: int
    custom_id: str
    starts: int
    size: int
    answer: AnswerId = AnswerId("")
    state: LineState = "waiting"
    result: bytes = b""
