"""A file as its customer knows it: a name, a purpose and so many bytes, until its time is over."""

from __future__ import annotations

from typing import Literal

import msgspec

from solvent.values.ids import CustomerId

Purpose = Literal["batch", "batch_output"]
# arriving: not whole yet. gone: deleted, or over; its bytes follow.
State = Literal["arriving", "kept", "gone"]


class File(msgspec.Struct, frozen=True):
    """Its fields are the columns of `files`, in their order.

    size: in bytes. expires_us: it is deleted then. uses: how many batches still need it.
    """

    id: str
    customer: CustomerId
    purpose: Purpose
    name: str
    size: int
    created_us: int
    expires_us: int
    state: State = "arriving"
    uses: int = 0
