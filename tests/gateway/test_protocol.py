"""Slow and endless requests are ended in time; here the limits are short enough to wait for."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from tests.gateway.listening import listening

from solvent.app import http
from solvent.app.http import Receive, Scope, Send, read_body, respond
from solvent.app.problems import refuse
from solvent.gateway import protocol
from solvent.values.errors import SolventError
from solvent.values.limits import REQUEST_HEAD_S_MAX, REQUEST_HEADER_BYTES_MAX

HEAD_S, BODY_S = 0.4, 0.6
SOON_S = 9.0  # before what bounds others, and time enough for a busy machine
POST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n"


async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
    """Sends back the body it was sent."""
    try:
        await respond(send, 200, await read_body(receive))
    except SolventError as problem:
        await refuse(send, problem)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server with our protocol, and limits of less than a second."""
    monkeypatch.setattr(protocol, "REQUEST_HEAD_S_MAX", HEAD_S)
    monkeypatch.setattr(protocol, "REQUEST_BODY_S_MAX", BODY_S)
    monkeypatch.setattr(http, "REQUEST_BODY_S_MAX", BODY_S)
    with listening(echo) as found:
        yield found


def converse(port: int, *pieces: bytes, pause_s: float = 0.0) -> tuple[bytes, float]:
    """All that the server says until it closes, and after how many seconds that was."""
    began_s = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        said = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause_s)
            while part := connection.recv(65536):
                said += part
        except ConnectionError:
            pass
    return said, time.monotonic() - began_s


@pytest.mark.parametrize("head", [b"", b"P", b"POST / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nhost: x\r\nx: y"])
def test_half_a_head_is_closed_in_time(port: int, head: bytes) -> None:
    said, after_s = converse(port, head)
    assert said == b""
    assert HEAD_S - 0.2 < after_s < SOON_S


def test_a_head_that_drips_is_closed_all_the_same(port: int) -> None:
    drops = [b"POST / HTTP/1.1\r\n", *(b"x: y\r\n" for _ in range(300))]
    _, after_s = converse(port, *drops, pause_s=0.1)
    assert after_s < SOON_S


def test_a_second_head_on_the_same_connection_has_a_limit_too(port: int) -> None:
    said, after_s = converse(port, POST + b"0123456789", b"POST / HT", pause_s=0.1)
    assert said.endswith(b"0123456789")
    assert after_s < SOON_S


def test_a_head_without_end_is_closed_before_its_time_is_over() -> None:
    with listening(echo) as port:
        said, after_s = converse(port, b"POST / HTTP/1.1\r\nx: ", b"y" * (2 * REQUEST_HEADER_BYTES_MAX))
    assert said == b""
    assert after_s < SOON_S < REQUEST_HEAD_S_MAX


def test_an_announced_body_that_never_comes_is_closed(port: int) -> None:
    said, after_s = converse(port, POST)
    assert said == b""
    assert BODY_S - 0.1 < after_s < SOON_S


def test_half_a_body_is_told_that_it_is_too_slow(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(POST + b"01234")
        said = connection.recv(65536)
    assert said.startswith(b"HTTP/1.1 408")
    assert b"body_too_slow" in said


def test_a_slow_body_that_keeps_coming_is_read(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_s = 2.0  # that no stall of a busy machine comes up to
    monkeypatch.setattr(protocol, "REQUEST_BODY_S_MAX", limit_s)
    monkeypatch.setattr(http, "REQUEST_BODY_S_MAX", limit_s)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for piece in (POST, b"01", b"23", b"45", b"67", b"89"):
            connection.sendall(piece)
            time.sleep(limit_s / 4.5)
        assert connection.recv(65536).endswith(b"0123456789")


def test_an_idle_connection_between_two_requests_is_left_alone(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for _ in range(2):
            connection.sendall(POST + b"0123456789")
            said = b""
            while not said.endswith(b"0123456789"):
                said += connection.recv(65536)
            time.sleep(3 * HEAD_S)
