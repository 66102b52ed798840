"""Clients that ask at a steady rate and take what comes: whole answers, streams, errors; some leave in the middle."""

import asyncio
import json
from collections import Counter
from contextlib import suppress
from random import Random

from bench.load.reading import MODEL

READ_BYTES = 65536
STREAMS, LEAVE = 0.3, 0.05  # of all questions; of the streams
CLIENTS = 200  # who ask at once at most: what memory a busy moment takes is then bounded, and a leak is seen
PATIENCE_S = 60.0  # an answer takes no longer, whatever its upstream does


class Askers:
    """Asks one server. told: what came of the questions: "acknowledged", "left", "broken", and "status N"."""

    def __init__(self, port: int, key: str, seed: int) -> None:
        self._port = port
        self._key = key
        self._random = Random(seed)
        self._clients = asyncio.Semaphore(CLIENTS)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.told: Counter[str] = Counter()

    async def ask_for(self, seconds: float, rate: float) -> None:
        """At a rate a second, which is made up for where the server was late; returns with the last answer."""
        loop = asyncio.get_running_loop()
        begin, asked, open_ = loop.time(), 0, set[asyncio.Task[None]]()
        while (now := loop.time()) < begin + seconds:
            for _ in range(int((now - begin) * rate) - asked):
                task = loop.create_task(self._ask_in_turn())
                open_.add(task)
                task.add_done_callback(open_.discard)
                asked += 1
            await asyncio.sleep(0.005)
        await asyncio.gather(*open_)
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def _ask_in_turn(self) -> None:
        async with self._clients:
            await self._ask()

    async def _ask(self) -> None:
        is_stream = self._random.random() < STREAMS
        leaves = is_stream and self._random.random() < LEAVE
        try:
            async with asyncio.timeout(PATIENCE_S):
                reader, writer, head = await self._begun(self._request(is_stream=is_stream))
                status = int(head.split(b" ", 2)[1])
                if leaves and status == 200:
                    self.told["left"] += 1
                    writer.transport.abort()
                    return
                body = await _body(reader, head.lower())
        except (OSError, asyncio.IncompleteReadError):
            self.told["cut off"] += 1
            return
        except TimeoutError:
            self.told["overdue"] += 1
            return
        self._idle.append((reader, writer))
        if status != 200:
            self.told[f"status {status}"] += 1
        elif is_stream and not body.rstrip().endswith(b"[DONE]"):
            self.told["broken"] += 1
        else:
            self.told["acknowledged"] += 1

    async def _begun(self, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
        """Ask; returns with the response's head. A server may close a connection that nobody has used for a while:
        what was sent there is sent anew, as every client does."""
        while True:
            is_used = bool(self._idle)
            reader, writer = self._idle.pop() if is_used else await self._connected()
            writer.write(request)
            try:
                return reader, writer, await reader.readuntil(b"\r\n\r\n")
            except (ConnectionError, asyncio.IncompleteReadError) as cut:
                writer.close()
                if not is_used or (isinstance(cut, asyncio.IncompleteReadError) and cut.partial):
                    raise

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port)

    def _request(self, *, is_stream: bool) -> bytes:
        asked = {"model": MODEL, "messages": [{"role": "user", "content": "A question of some words."}]}
        body = json.dumps(asked | {"stream": is_stream, "max_tokens": 50}).encode()
        return (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {self._key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode() + body


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    for line in head.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return await reader.readexactly(int(line[15:]))
    body = bytearray()
    with suppress(ValueError):
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    return bytes(body)
