"""Responses as they go out on a socket: framed, kept open or not, one after the other, and never broken by a header."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from tests.gateway.listening import listening
from uvicorn.protocols.http.flow_control import FlowControl

from solvent.app.http import ClientGone, Receive, Scope, Send, body_parts, read_body, respond, until_gone
from solvent.gateway.exchange import Exchange, Outgoing

LEFT: list[str] = []  # paths whose client was seen to leave


async def served(scope: Scope, receive: Receive, send: Send) -> None:
    """What is asked for by its path."""
    path = scope["path"]
    start = {"type": "http.response.start", "status": 200}
    if path == "/echo":
        await respond(send, 200, await read_body(receive), [(b"x-query", scope["query_string"])])
    elif path == "/parts":
        await send({**start, "headers": []})
        for part in (b"one", b"", b"two"):
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"three"})
    elif path == "/head-first":
        await send({**start, "headers": []})
        await until_gone(receive)
        LEFT.append(path)
    elif path == "/wait":
        await asyncio.sleep(0.1)
        await respond(send, 200, b"waited")
    elif path == "/patient":
        await until_gone(receive)
        LEFT.append(path)
    elif path == "/slowly":
        try:
            got = [part async for part in body_parts(receive, 100, 10)]
        except ClientGone:
            LEFT.append(path)
            return
        await respond(send, 200, b"|".join(part for part in got if part))
    elif path == "/none":
        await send({**start, "status": 204, "headers": []})
        await send({"type": "http.response.body"})
    elif path == "/close":
        await respond(send, 200, b"bye", [(b"connection", b"Keep-Alive, Close")])
    elif path == "/smuggled":
        await respond(send, 200, b"", [(b"x", b"y\r\nset-cookie: z")])
    elif path == "/too-long":
        await send({**start, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"abc"})
    elif path == "/too-short":
        await send({**start, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"abc"})
    elif path == "/trailed":
        await read_body(receive)
        await respond(send, 200, b"%d" % len(scope["headers"][1:]))
    elif path == "/breaks":
        raise ValueError("broken")
    elif path == "/twice":
        await respond(send, 200, b"once")
        await respond(send, 200, b"twice")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server with our protocol."""
    with listening(served, server_header=False, date_header=False) as found:
        yield found


def get(path: str, method: str = "GET", version: str = "1.1", more: str = "") -> bytes:
    return f"{method} {path} HTTP/{version}\r\nhost: x\r\n{more}\r\n".encode()


LAST = get("/echo", more="connection: close\r\n")


def said_to(port: int, *requests: bytes, pause_s: float = 0.0) -> bytes:
    """All that is said until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for request in requests:
            connection.sendall(request)
            time.sleep(pause_s)
        said = b""
        while part := connection.recv(65536):
            said += part
    return said


def bodies(said: bytes) -> list[bytes]:
    """The bodies of responses of known length."""
    found = []
    while said:
        head, _, said = said.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        found.append(said[:length])
        said = said[length:]
    return found


def gone_from(path: str) -> bool:
    """Whether the application has seen the client leave, within a while."""
    until_s = time.monotonic() + 5
    while path not in LEFT and time.monotonic() < until_s:
        time.sleep(0.01)
    return path in LEFT


def test_a_whole_response_has_its_length_and_the_last_one_says_that_it_is(port: int) -> None:
    post = b"POST /echo?a=b%20c HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello"
    said = said_to(port, post, LAST)
    first, _, rest = said.partition(b"hello")
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"x-query: a=b%20c\r\n" in first
    assert b"connection" not in first
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n")
    assert rest.count(b"connection: close\r\n") == 1


def test_each_request_of_a_connection_is_read_for_itself(port: int) -> None:
    post = b"POST /echo?a HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi"
    said = said_to(port, get("/echo?a"), post, get("/echo?b"), get("/echo?b", "HEAD"), get("/wait"), LAST)
    found = re.findall(rb"x-query: (.*)\r\ncontent-length: (\d)", said)
    assert found == [(b"a", b"0"), (b"a", b"2"), (b"b", b"0"), (b"b", b"0")]
    assert b"waited" in said


def test_requests_that_come_at_once_are_answered_one_after_the_other(port: int) -> None:
    three = get("/wait") + b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\ntwo" + get("/wait")
    assert bodies(said_to(port, three + LAST)) == [b"waited", b"two", b"waited", b""]


def test_a_body_may_come_in_chunks_and_slowly(port: int) -> None:
    head = b"POST /slowly HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    said = said_to(port, head, b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n", pause_s=0.05)
    assert bodies(said) == [b"abc|de"]


def test_parts_without_a_length_are_chunks(port: int) -> None:
    said = said_to(port, get("/parts", more="connection: close\r\n"))
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert body == b"3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n"


def test_a_head_without_a_length_does_not_wait_for_its_body(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(get("/head-first"))
        assert b"200 OK" in connection.recv(65536)
    assert gone_from("/head-first")


def test_a_client_that_waits_to_send_its_body_is_told_to(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        head = b"POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-Continue\r\ncontent-length: 2\r\n\r\n"
        connection.sendall(head)
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"ok")
        assert connection.recv(65536).endswith(b"\r\n\r\nok")


def test_a_head_is_answered_with_the_head_alone(port: int) -> None:
    said = said_to(port, get("/wait", "HEAD"), get("/parts", "HEAD"), get("/none"), LAST)
    assert [head.split(b"\r\n")[0] for head in said.split(b"\r\n\r\n")[:-1]] == [
        b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK", b"HTTP/1.1 204 No Content", b"HTTP/1.1 200 OK",
    ]  # fmt: skip
    assert b"content-length: 6" in said
    assert b"waited" not in said
    assert b"chunked" not in said


@pytest.mark.parametrize("request_", [get("/wait", version="1.0"), get("/close")])
def test_the_connection_ends_when_either_side_says_so(port: int, request_: bytes) -> None:
    said = said_to(port, request_)
    assert said.endswith((b"waited", b"bye"))
    assert said.lower().count(b"close") == 1


def test_an_absolute_address_and_a_fragment_are_understood(port: int) -> None:
    said = said_to(port, get("http://x/%65cho?q#f"), LAST)
    assert b"x-query: q\r\n" in said


@pytest.mark.parametrize("path", ["/smuggled", "/too-long", "/too-short", "/breaks", "/nothing", "/twice"])
def test_a_broken_application_breaks_no_framing(port: int, path: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, logger="uvicorn.error"):
        said = said_to(port, get(path), pause_s=0.05)
    assert b"set-cookie" not in said
    if path in ("/breaks", "/nothing"):
        assert said.startswith(b"HTTP/1.1 500 ")
        assert said.endswith(b"\r\n\r\nInternal Server Error")
    elif path == "/twice":
        assert bodies(said) == [b"once"]
    else:
        assert b"abc" not in said or path == "/too-short"


def test_an_application_sees_that_its_client_left(port: int) -> None:
    for path in ("/patient", "/slowly"):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc".encode())
            time.sleep(0.05)
        assert gone_from(path)


def test_who_leaves_with_another_request_waiting_is_seen_to_leave(port: int) -> None:
    LEFT.clear()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(get("/patient") + get("/echo"))
        time.sleep(0.05)
    assert gone_from("/patient")


CHUNKED = get("/trailed", "POST", more="transfer-encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n"


def test_what_stands_behind_a_body_is_no_header_of_the_request(port: int) -> None:
    assert bodies(said_to(port, CHUNKED + b"authorization: Bearer late\r\n\r\n" + LAST))[0] == b"1"


def test_lines_without_end_behind_a_body_end_the_connection(port: int) -> None:
    line = b"x: " + b"y" * 60_000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(CHUNKED)
        sent = 0
        with suppress(OSError):  # reset, or a pipe that is broken: as it comes
            for sent in range(100):  # noqa: B007
                connection.sendall(line)
                time.sleep(0.005)
    assert sent < 99


def test_a_body_of_many_small_chunks_is_whole(port: int) -> None:
    body = b"".join(b"1\r\n%c\r\n" % (97 + n % 26) for n in range(30_000)) + b"0\r\n\r\n"
    asked = get("/echo", "POST", more="transfer-encoding: chunked\r\n")
    found = bodies(said_to(port, asked, *(body[at : at + 10_000] for at in range(0, len(body), 10_000)), LAST))
    assert len(found[0]) == 30_000


class Wire(asyncio.Transport):
    """What was written on it, call by call."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return False


def test_events_of_one_turn_of_the_loop_go_out_together() -> None:
    async def told() -> list[bytes]:
        wire = Wire()
        scope = {"type": "http", "method": "GET"}
        exchange = Exchange(scope, wire, FlowControl(wire), [], Outgoing(), lambda: None)
        await exchange.send({"type": "http.response.start", "status": 200, "headers": []})
        for events in ((b"a", b"b"), (b"c",)):
            for event in events:
                await exchange.send({"type": "http.response.body", "body": event, "more_body": True})
            await asyncio.sleep(0)
        await exchange.send({"type": "http.response.body", "body": b"d"})
        return wire.written

    first, second, last = asyncio.run(told())
    assert (first.partition(b"\r\n\r\n")[2], second, last) == (
        b"1\r\na\r\n1\r\nb\r\n", b"1\r\nc\r\n", b"1\r\nd\r\n0\r\n\r\n",
    )  # fmt: skip


def test_what_is_pushed_goes_out_with_its_turn_and_in_its_order_or_not_at_all() -> None:
    async def told() -> tuple[list[bool], list[bytes]]:
        wire = Wire()
        scope = {"type": "http", "method": "POST"}
        flow = FlowControl(wire)
        exchange = Exchange(scope, wire, flow, [], Outgoing(), lambda: None)
        could = [exchange.push(b"too early")]
        await exchange.send({"type": "http.response.start", "status": 200, "headers": []})
        await exchange.send({"type": "http.response.body", "body": b"a", "more_body": True})
        could.append(exchange.push(b"b"))  # behind what waits for the end of the turn
        await asyncio.sleep(0)
        could.append(exchange.push(b"c"))
        await asyncio.sleep(0)
        flow.pause_writing()
        could.append(exchange.push(b"the client does not read"))
        flow.resume_writing()
        await exchange.send({"type": "http.response.body", "body": b"d"})
        could.append(exchange.push(b"too late"))
        return could, wire.written

    could, written = asyncio.run(told())
    assert could == [False, True, True, False, False]
    first = written[0].partition(b"\r\n\r\n")[2]
    assert [first, *written[1:]] == [b"1\r\na\r\n1\r\nb\r\n", b"1\r\nc\r\n", b"1\r\nd\r\n0\r\n\r\n"]


class Broken(Wire):
    """Cannot be written on."""

    def write(self, data: Any) -> None:
        raise OSError(f"{len(data)} bytes lost")


def test_one_that_cannot_be_written_on_keeps_no_other_back() -> None:
    async def told() -> list[bytes]:
        loop, out, wire = asyncio.get_running_loop(), Outgoing(), Wire()
        loop.set_exception_handler(lambda *_: None)
        scope = {"type": "http", "method": "POST"}
        for each in (Broken(), wire):
            exchange = Exchange(scope, each, FlowControl(each), [], out, lambda: None)
            await exchange.send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3):
            await asyncio.sleep(0)
        return wire.written

    assert len(asyncio.run(told())) == 1
