"""Ten thousand clients that send half a request and wait: the others are answered as if they were not there."""

from __future__ import annotations

import resource
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from tests.doors.server import Solvent, question

SLOW = 10_000
SPARE = 500  # files that the test itself and pytest have open
PROMPTLY_S = 1.0

HALF_HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer "


@pytest.fixture
def files() -> Iterator[int]:
    """How many sockets this process may open, raised to what the machine allows for the test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = SLOW + SPARE
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    yield most - SPARE
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def ask_promptly(solvent: Solvent, times: int) -> float:
    """Ask a few questions; the median of their seconds."""
    taken = []
    for _ in range(times):
        began_s = time.monotonic()
        assert solvent.send("POST", "/v1/chat/completions", question()).status == 200
        taken.append(time.monotonic() - began_s)
    return statistics.median(taken)


def test_ten_thousand_slow_connections_do_not_slow_the_others(solvent: Solvent, files: int) -> None:
    where = urlsplit(solvent.url)
    half_body = HALF_HEAD + solvent.key.encode() + b"\r\ncontent-length: 500\r\n\r\n" + b'{"model": "scripted", '
    with ExitStack() as crowd:
        for n in range(files):
            slow = crowd.enter_context(socket.create_connection((where.hostname or "", where.port or 0), timeout=30))
            slow.sendall(half_body if n % 2 else HALF_HEAD)
            if n % 1000 == 999:
                assert ask_promptly(solvent, 1) < 5 * PROMPTLY_S
        assert ask_promptly(solvent, 15) < PROMPTLY_S
    print(f"answered promptly beside {files} slow connections; {SLOW} are wanted, this machine allows that many")
    assert solvent.wallet()["held"] == "0"
    assert solvent.process is not None
    assert solvent.process.poll() is None
