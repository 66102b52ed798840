"""A caller: whoever holds a key, and the customer whose wallet pays."""

from __future__ import annotations

from typing import Literal

import msgspec

from solvent.values.errors import Refused
from solvent.values.ids import CustomerId, KeyId

Role = Literal["customer", "operator"]


class Customer(msgspec.Struct, frozen=True):
    """Who pays. plan: the name of a plan in the configuration."""

    id: CustomerId
    name: str
    plan: str
    created_us: int


class Caller(msgspec.Struct, frozen=True):
    """Who asks. An operator's key has no customer and therefore no wallet."""

    key: KeyId
    role: Role
    customer: Customer | None = None


def demand_customer(caller: Caller) -> Customer:
    """The customer who pays for this call. Raises Refused for an operator's key."""
    if caller.customer is None:
        message = "an operator key has no wallet to answer from; use a customer's key"
        raise Refused("customer_key_needed", message)
    return caller.customer


def demand_operator(caller: Caller) -> None:
    """Raises Refused unless the caller runs this service."""
    if caller.role != "operator":
        raise Refused("operator_key_needed", "this needs the operator key, written at first run")
