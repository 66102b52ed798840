"""Who sent a request: whoever its key belongs to, if that key may be used from where it came, and for that."""

from __future__ import annotations

from collections.abc import Sequence

from solvent.app.config import Config, trusted_proxies
from solvent.app.http import Scope, header, presented_key
from solvent.identity.address import Address, Network, client_address
from solvent.identity.caller import Caller, Callers, asking_for, caller_of, demand_address
from solvent.identity.permission import demand_use


def calling(scope: Scope, callers: Callers, now_us: int, trusted: Sequence[Network]) -> Caller:
    """trusted: the proxies whose word on whom they ask for counts.

    Raises Unauthenticated, Refused for a key that may not be used from there or for that, and Invalid for a user
    who is no name.
    """
    caller = caller_of(presented_key(scope), callers, now_us)
    if caller.addresses:
        demand_address(caller, address_of(scope, trusted))
    if caller.uses:
        demand_use(caller, scope["path"])
    return asking_for(caller, header(scope, caller.user_header.encode())) if caller.user_header else caller


def address_of(scope: Scope, trusted: Sequence[Network]) -> Address | None:
    """Where a request came from; None where nobody can say. trusted: as in `calling`."""
    return client_address(_peer(scope), _forwarded(scope), trusted)


def place_of(scope: Scope, config: Config) -> str:
    """The same as a text, for who tries what how often."""
    return str(address_of(scope, trusted_proxies(config)) or "unknown")


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _forwarded(scope: Scope) -> list[str]:
    """Through whom it came, of every header of that name, the last one last."""
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [hop for value in values for hop in value.split(",")]
