"""Who sent a request: whoever its key belongs to, if that key may be used from where it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from solvent.app.http import Scope, presented_key
from solvent.identity.address import Network, client_address
from solvent.identity.caller import Caller, caller_of, demand_address


def calling(scope: Scope, callers: Mapping[bytes, Caller], now_us: int, trusted: Sequence[Network]) -> Caller:
    """trusted: the proxies whose word on whom they ask for counts.

    Raises Unauthenticated, and Refused for a key that may not be used from there.
    """
    caller = caller_of(presented_key(scope), callers, now_us)
    if caller.addresses:
        demand_address(caller, client_address(_peer(scope), _forwarded(scope), trusted))
    return caller


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _forwarded(scope: Scope) -> list[str]:
    """Through whom it came, of every header of that name, the last one last."""
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [hop for value in values for hop in value.split(",")]
