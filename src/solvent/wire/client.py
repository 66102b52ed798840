"""One way to ask an origin something, straight or through a proxy: the same calls, replies, limits and faults."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Protocol

from solvent.values.limits import UPSTREAM_CONNECTIONS_MAX
from solvent.wire.origin import Origin
from solvent.wire.pool import Pool, Timeouts
from solvent.wire.proxy import proxy_for
from solvent.wire.reply import Reply

__all__ = ["Client", "open_client"]


class Client(Protocol):
    """See `Pool`."""

    async def send(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Reply:
        """Send one request and return when the head of its answer is here. Read or close the reply."""
        ...

    async def close(self) -> None:
        """Close every connection and turn callers away."""
        ...


def open_client(
    origin: Origin,
    proxies: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
    connections_max: int = UPSTREAM_CONNECTIONS_MAX,
    timeouts: Timeouts | None = None,
    tls: ssl.SSLContext | None = None,
) -> Client:
    """proxies: what `proxy_for` reads. Raises Invalid proxy_invalid."""
    proxy = proxy_for(origin, proxies)
    if proxy is None:
        return Pool(origin, headers=headers, connections_max=connections_max, timeouts=timeouts, tls=tls)
    from solvent.wire.proxied import ProxiedPool  # aiohttp takes its time, and few need it

    return ProxiedPool(origin, proxy, headers=headers, connections_max=connections_max, timeouts=timeouts, tls=tls)
