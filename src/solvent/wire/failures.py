"""What can go wrong on the way to an upstream, one function per code.

Each message names the origin and what to do next, never a header: those hold keys.
"""

from __future__ import annotations

from solvent.values.errors import Unavailable
from solvent.wire.origin import Origin

__all__ = [
    "body_too_large",
    "busy",
    "closed",
    "cut_off",
    "garbage",
    "head_too_large",
    "proxy_refused",
    "timeout",
    "unreachable",
    "untrusted",
]

RETRY_SOON_S = 1
RETRY_LATER_S = 5


def unreachable(origin: Origin, reason: str) -> Unavailable:
    return Unavailable(
        "upstream_unreachable",
        f"No connection to {origin.authority}: {reason}. Check that it runs and that this host may reach it.",
        retry_after_s=RETRY_LATER_S,
    )


def proxy_refused(origin: Origin, proxy: str, status: int) -> Unavailable:
    """proxy: its host and port, never its password."""
    return Unavailable(
        "upstream_unreachable",
        f"The proxy {proxy} does not let us through to {origin.authority}: it answers with status {status}. "
        "Check its user name and password, and where it may connect to.",
        retry_after_s=RETRY_LATER_S,
    )


def untrusted(origin: Origin, reason: str) -> Unavailable:
    return Unavailable(
        "upstream_unreachable",
        f"The TLS handshake with {origin.authority} failed: {reason}. "
        "Check its certificate, or give the CA that signed it.",
    )


def timeout(origin: Origin, what: str, limit_s: float, status: int | None = None) -> Unavailable:
    return Unavailable(
        "upstream_timeout",
        f"{origin.authority} {what} within {limit_s:g} s. Try again, or raise the timeout for this upstream.",
        retry_after_s=RETRY_LATER_S,
        upstream_status=status,
    )


def busy(origin: Origin, connections_max: int) -> Unavailable:
    return Unavailable(
        "upstream_busy",
        f"All {connections_max} connections to {origin.authority} are in use. "
        "Try again soon, or raise its connections_max.",
        retry_after_s=RETRY_SOON_S,
    )


def garbage(origin: Origin, reason: str, status: int | None = None) -> Unavailable:
    return Unavailable(
        "upstream_garbage",
        f"{origin.authority} did not answer in HTTP/1.1: {reason}. Check the base URL, port and scheme.",
        upstream_status=status,
    )


def cut_off(origin: Origin, what: str, status: int | None = None) -> Unavailable:
    return Unavailable(
        "upstream_cut_off",
        f"{origin.authority} closed the connection {what}. Try again.",
        retry_after_s=RETRY_SOON_S,
        upstream_status=status,
    )


def head_too_large(origin: Origin, limit: str) -> Unavailable:
    return Unavailable(
        "upstream_head_too_large",
        f"{origin.authority} sent more than {limit} of headers or framing. Check what answers at this address.",
    )


def body_too_large(origin: Origin, bytes_max: int, status: int | None) -> Unavailable:
    return Unavailable(
        "upstream_body_too_large",
        f"{origin.authority} sent a body of more than {bytes_max} bytes. Ask for less at a time.",
        upstream_status=status,
    )


def closed(origin: Origin, what: str, status: int | None = None) -> Unavailable:
    return Unavailable(
        "upstream_closed",
        f"The {what} for {origin.authority} was closed on this side; nothing more can be read from it.",
        upstream_status=status,
    )
