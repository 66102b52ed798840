"""An upstream in trouble: of each hundred questions it answers most, and does the worst to the others.

Run as `python -m bench.load.faulty PORT SEED`. Whole answers and streams as OpenAI words them; beside them status 500
and 429, resets before and amid an answer, streams cut short, silence, and bytes that are no HTTP or no JSON.
"""

import asyncio
import json
import sys
from contextlib import suppress
from random import Random

EVENTS = 12
EVENT_S = 0.01
STALL_S = 30.0
CHUNK = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[%s]%s}\n\n'
WORD = b'{"index":0,"delta":{"content":" word"},"finish_reason":null}'
STOP = b'{"index":0,"delta":{},"finish_reason":"stop"}'
USAGE = b'"usage":{"prompt_tokens":20,"completion_tokens":%d,"total_tokens":%d}' % (EVENTS, 20 + EVENTS)
WHOLE = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"some words"},"finish_reason":"stop"}],%s}' % USAGE
)
# What comes of a hundred questions.
FATES = (
    ("status 500", 2), ("status 429", 1), ("reset before", 2), ("reset amid", 2), ("cut", 1), ("stall before", 1),
    ("stall amid", 1), ("no http", 1), ("no json", 1),
)  # fmt: skip


class Reset(Exception):
    """The connection is to be reset now."""


def fate(random: Random) -> str:
    """What comes of one question; empty for an answer as it should be."""
    at = random.uniform(0, 100)
    for name, share in FATES:
        at -= share
        if at < 0:
            return name
    return ""


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, random: Random) -> None:
    """One connection, for as long as it is answered properly."""
    with suppress(asyncio.IncompleteReadError, ConnectionError, Reset):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            asked = json.loads(await reader.readexactly(length))
            await answer(writer, fate(random), is_stream=bool(asked.get("stream")))
            await writer.drain()
    writer.transport.abort()


async def answer(writer: asyncio.StreamWriter, fate: str, *, is_stream: bool) -> None:
    """One answer, whatever comes of it."""
    if fate.startswith("status"):
        body = b'{"error":{"message":"in trouble","type":"server_error","code":null,"param":null}}'
        writer.write(_head(int(fate[-3:]), len(body)) + body)
    elif fate == "reset before":
        raise Reset
    elif fate == "stall before":
        await _stall()
    elif fate == "no http":
        writer.write(b"\x00\x01 is this HTTP?\r\n\r\n")
        raise Reset
    elif is_stream:
        await _stream(writer, fate)
    else:
        await _whole(writer, fate)


async def _whole(writer: asyncio.StreamWriter, fate: str) -> None:
    body = b"<html>not json</html>" if fate == "no json" else WHOLE
    if not fate or fate == "no json":
        writer.write(_head(200, len(body)) + body)
        return
    writer.write(_head(200, len(body)) + body[:40])
    await writer.drain()
    if fate == "stall amid":
        await _stall()
    raise Reset


async def _stream(writer: asyncio.StreamWriter, fate: str) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    writer.write(head)
    for n in range(EVENTS):
        _event(writer, CHUNK % (WORD, b""))
        await writer.drain()
        await asyncio.sleep(EVENT_S)
        if n == EVENTS // 2 and fate:
            if fate == "stall amid":
                await _stall()
            if fate == "no json":
                _event(writer, b"data: {not json\n\n")
            elif fate == "cut":
                writer.write(b"0\r\n\r\n")  # a proper end of HTTP, and no end of the answer
                return
            else:
                raise Reset
    for payload in (CHUNK % (STOP, b""), CHUNK % (b"", b"," + USAGE), b"data: [DONE]\n\n"):
        _event(writer, payload)
    writer.write(b"0\r\n\r\n")


async def _stall() -> None:
    await asyncio.sleep(STALL_S)
    raise Reset


def _event(writer: asyncio.StreamWriter, payload: bytes) -> None:
    writer.write(b"%x\r\n%s\r\n" % (len(payload), payload))


def _head(status: int, length: int) -> bytes:
    return b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, length)


async def serve(port: int, seed: int) -> None:
    """Answer until killed."""
    random = Random(seed)
    server = await asyncio.start_server(lambda r, w: converse(r, w, random), "127.0.0.1", port, backlog=1024)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))
