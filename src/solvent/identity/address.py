"""Where a request comes from, and whether that is among some addresses: IPv4 and IPv6, one by one or as networks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from solvent.values.errors import Invalid
from solvent.values.limits import KEY_ADDRESSES_MAX, NAME_CHARACTERS_MAX

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def read_networks(texts: Iterable[str], param: str) -> tuple[Network, ...]:
    """Addresses and networks such as 203.0.113.7, 10.0.0.0/8 and 2001:db8::/32, each once.

    Raises Invalid for what is none, for a network with bits beyond its mask, and for too many.
    """
    found: dict[Network, None] = {}
    for text in texts:
        try:
            if "%" in text:
                raise ValueError("an interface is none of the address")
            found[ip_network(text)] = None
        except ValueError as wrong:
            words = f"{param}: {text[:NAME_CHARACTERS_MAX]!r} is no address or network (10.0.0.0/8): {wrong}"
            raise Invalid("bad_request", words[:400], param=param) from None
    if len(found) > KEY_ADDRESSES_MAX:
        raise Invalid("bad_request", f"{param}: at most {KEY_ADDRESSES_MAX} addresses and networks", param=param)
    return tuple(found)


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    """Whether an address is in one of some networks."""
    return any(address in network for network in networks)


def client_address(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> Address | None:
    """Who asked. peer: who is connected. forwarded: through whom it came, as each proxy added it, the last one last.

    A word in `forwarded` counts only when whoever added it is trusted, for anybody can send any. None: unknown.
    """
    address = _read(peer)
    for hop in reversed(forwarded):
        if address is None or not is_within(address, trusted):
            break
        address = _read(hop)
    return address


def _read(text: str) -> Address | None:
    """An address; one of IPv4 in the clothes of IPv6 is what it is."""
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
