"""A place of a door: its path, who may go there, and what answers. All places of a door stand in one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec
from starlette.responses import Response

from solvent.identity.permission import Action
from solvent.pages.visit import Visit

# anybody: strangers too. person: whoever is signed in as somebody, not with a key. customer: whoever is signed in for a
# customer. operator: whoever helps to run the place. Else an operator who may do that.
Who = Literal["anybody", "person", "customer", "operator"] | Action


class Place(msgspec.Struct, frozen=True):
    """Where a page is. path: with {names} in it. A POST carries the form token, always."""

    method: Literal["GET", "POST"]
    path: str
    who: Who
    answer: Callable[[Visit], Awaitable[Response]]
    bytes_max: int = 0  # of what may be sent there; 0 for what a form may be
