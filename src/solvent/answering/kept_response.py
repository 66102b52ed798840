"""A response that is kept, so that its customer can go on from it without sending it all again."""

from __future__ import annotations

import msgspec

from solvent.values.ids import AnswerId, CustomerId


class KeptResponse(msgspec.Struct, frozen=True):
    """One turn of a conversation. Its fields are the columns of `kept_responses`, in their order.

    id: of its answer. previous: of the response it goes on from; "" for none. until_us: it is deleted then.
    items: a JSON array: what was asked in this turn, and what was answered.
    """

    id: AnswerId
    customer: CustomerId
    previous: str
    until_us: int
    items: str
