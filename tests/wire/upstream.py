"""A local HTTP/1.1 upstream that behaves exactly as badly as a test's script says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from solvent.wire.origin import Origin
from solvent.wire.pool import Pool, Timeouts

HELLO = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello"

BRIEF = Timeouts(connect_s=2.0, first_byte_s=2.0, silence_s=2.0, total_s=10.0)


class Peer:
    """One request as the script sees it. number: of this request on its connection, from 0."""

    def __init__(self, request: bytes, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self.number = number
        self.reader = reader
        self.writer = writer

    async def say(self, data: bytes, *, bytes_at_once: int = 0) -> None:
        step = bytes_at_once or len(data) or 1
        for start in range(0, len(data), step):
            self.writer.write(data[start : start + step])
            await self.writer.drain()
            if bytes_at_once:
                await asyncio.sleep(0)

    def hang_up(self) -> None:
        self.writer.close()

    async def until_gone(self) -> None:
        """Wait until the client has closed the connection."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            pass


Script = Callable[[Peer], Awaitable[None]]


def saying(data: bytes, *, bytes_at_once: int = 0) -> Script:
    """Answer every request with `data` and keep the connection open."""

    async def script(peer: Peer) -> None:
        await peer.say(data, bytes_at_once=bytes_at_once)

    return script


def saying_and_closing(data: bytes) -> Script:
    async def script(peer: Peer) -> None:
        await peer.say(data)
        peer.hang_up()

    return script


class Upstream:
    """`async with Upstream(script) as upstream`: a server on a free port of 127.0.0.1."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None, reads_body: bool = True) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.gone = asyncio.Event()  # set whenever a client's connection has ended
        self.port = 0
        self._script = script
        self._tls = tls
        self._reads_body = reads_body
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    def pool(self, *, timeouts: Timeouts = BRIEF, connections_max: int = 64, tls: ssl.SSLContext | None = None) -> Pool:
        scheme = "https" if self._tls else "http"
        return Pool(
            Origin.parse(f"{scheme}://localhost:{self.port}/v1"),
            headers={"authorization": "Bearer top-secret"},
            timeouts=timeouts,
            connections_max=connections_max,
            tls=tls,
        )

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = 0
        try:
            while not writer.is_closing():
                request = await reader.readuntil(b"\r\n\r\n")
                if self._reads_body:
                    request += await reader.readexactly(_content_length(request))
                self.requests.append(request)
                await self._script(Peer(request, number, reader, writer))
                number += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.gone.set()
            writer.transport.abort()


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
