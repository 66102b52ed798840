"""Whose an operation is: the customer it names, who must be open when something new is begun for them."""

from __future__ import annotations

from typing import Any

from solvent.audit.store import is_known
from solvent.console.operation import Asked
from solvent.db.port import Connection
from solvent.identity.store import known_customer
from solvent.values.errors import Conflict
from solvent.values.ids import CustomerId


async def whose(asked: Asked[Any, Any], name: str | None = None) -> CustomerId:
    """The customer named in the path, or `name`. Raises NotFound, and Conflict for one that is closed.

    A repetition is let through: it changes nothing, and gets the first answer whatever happened since.
    """
    id = CustomerId(asked.path["customer"] if name is None else name)

    def look(connection: Connection) -> None:
        customer = known_customer(connection, id)
        if customer.state == "closed" and not is_known(connection, asked.act):
            message = f"{id} is closed for good, and nothing is begun for them; open a new customer"
            raise Conflict("customer_closed", message, param="customer")

    await asked.business.database.read(look)
    return id
