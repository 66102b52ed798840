"""A local HTTP proxy: tunnels (CONNECT) and plain requests, with a password, or as badly as a test says."""

from __future__ import annotations

import asyncio
import base64
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

USER, PASSWORD = "solvent", "p@ss:word%42"
URL = "http://solvent:p%40ss%3Aword%2542@127.0.0.1:{port}"


class LocalProxy:
    """`async with LocalProxy() as proxy`. says: sent instead of an answer, then it hangs up; None for silence."""

    def __init__(self, *, demands_password: bool = True, says: bytes | None = b"") -> None:
        self.heads: list[bytes] = []
        self.port = 0
        self._demands_password = demands_password
        self._says = says
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Its address, with the password it demands."""
        return URL.format(port=self.port)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
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

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            if self._says is None:
                await reader.read()
            elif self._says:
                writer.write(self._says)
                await writer.drain()
            elif self._demands_password and _authorization(head) != f"{USER}:{PASSWORD}":
                writer.write(b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
            else:
                await self._pass_on(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _pass_on(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, _, rest = head.partition(b"\r\n")
        method, target, _ = line.decode().split(" ")
        where = urlsplit(target if method != "CONNECT" else f"//{target}")
        there, away = await asyncio.open_connection(where.hostname, where.port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Go on\r\n\r\n")
        else:
            headers = [one for one in rest.split(b"\r\n") if not one.lower().startswith(b"proxy-")]
            away.write(f"{method} {where.path} HTTP/1.1\r\n".encode() + b"\r\n".join(headers))
        try:
            await asyncio.gather(_pipe(reader, away), _pipe(there, writer))
        finally:
            away.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def _authorization(head: bytes) -> str:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b": ")
        if name.lower() == b"proxy-authorization":
            return base64.b64decode(value.removeprefix(b"Basic ")).decode()
    return ""
