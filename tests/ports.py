"""A port for whoever must name it beforehand, or come back to it: the system gives nobody else the same meanwhile."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

# Below those that the system itself gives to connections and to whoever asks for any (32768 and more on Linux).
PORTS = range(20_000, 32_000)


def unused_port() -> int:
    """One of 127.0.0.1 that nobody uses."""
    for port in random.SystemRandom().sample(PORTS, 100):
        with suppress(OSError), socket.socket() as tried:
            tried.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a hundred ports are all taken")
