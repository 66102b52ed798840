"""A tiny OpenAI-compatible upstream: what it does is written in the question itself.

"used PROMPT CACHED WRITTEN REASONED" reports that usage, "saw TOKENS" that so many of PROMPT were pictures,
"heard TOKENS" sound, "slowly MS" waits, "trickle MS" writes a word at a time, "held" stops halfway until it is let go,
"fails" answers 500, "evil" puts markup wherever an upstream can put words. The question is said back.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

EVIL = "<img src=x onerror=alert(1)>"
_USED = re.compile(r"used (\d+) (\d+) (\d+) (\d+)")
_HEARD = re.compile(r"heard (\d+)")
_SAW = re.compile(r"saw (\d+)")
_TRICKLE = re.compile(r"trickle (\d+)")
_SLOWLY = re.compile(r"slowly (\d+)")
let_go = threading.Event()  # what is held goes on


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """One chat completion, streamed or whole."""
    assert scope["type"] == "http", "only HTTP is asked of this upstream"
    asked = json.loads(await _body(receive))
    words = str(asked["messages"][-1]["content"])
    if "fails" in words:
        await _send(send, 500, "application/json", [b'{"error": {"message": "out of order", "type": "api_error"}}'])
        return
    if slow := _SLOWLY.search(words):
        await asyncio.sleep(int(slow[1]) / 1000)
    numbers = _USED.search(words)
    prompt, cached, written, reasoned = map(int, numbers.groups()) if numbers else (12, 0, 3, 0)
    saw, heard = _SAW.search(words), _HEARD.search(words)
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": written + reasoned,
        "total_tokens": prompt + written + reasoned,
        "prompt_tokens_details": {"cached_tokens": cached, "image_tokens": int(saw[1]) if saw else 0}
        | ({"audio_tokens": int(heard[1])} if heard else {}),
        "completion_tokens_details": {"reasoning_tokens": reasoned},
    }
    if "evil" in words:
        usage["note"] = EVIL
    shared = {"id": "chatcmpl-1", "created": 1, "model": asked["model"]}
    if asked.get("stream"):
        trickle = _TRICKLE.search(words)
        said = re.findall(r"\S+\s*", words) if trickle else [words]
        chunks = [b"data: " + json.dumps(shared | chunk).encode() + b"\n\n" for chunk in _chunks(said, usage)]
        pause_s = int(trickle[1]) / 1000 if trickle else 0
        held = receive if "held" in words else None
        await _send(send, 200, "text/event-stream", [*chunks, b"data: [DONE]\n\n"], pause_s, held)
        return
    choice = {"index": 0, "message": {"role": "assistant", "content": words}, "finish_reason": _finish(words)}
    whole = shared | {"object": "chat.completion", "choices": [choice], "usage": usage}
    await _send(send, 200, "application/json", [json.dumps(whole).encode()])


def _chunks(said: list[str], usage: Message) -> Iterator[Message]:
    kind = {"object": "chat.completion.chunk"}
    for words in said:
        yield kind | {
            "choices": [{"index": 0, "delta": {"role": "assistant", "content": words}, "finish_reason": None}]
        }
    yield kind | {"choices": [{"index": 0, "delta": {}, "finish_reason": _finish("".join(said))}]}
    yield kind | {"choices": [], "usage": usage}


def _finish(words: str) -> str:
    return EVIL if "evil" in words else "stop"


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


async def _send(
    send: Send, status: int, kind: str, parts: list[bytes], pause_s: float = 0, held: Receive | None = None
) -> None:  # fmt: skip
    headers = [(b"content-type", kind.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    for number, part in enumerate(parts):
        await asyncio.sleep(pause_s)
        if held and number == len(parts) // 2:
            await _let_go(held)
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def held(words: str) -> str:
    """A question whose answer stops halfway until `let_go.set()`."""
    let_go.clear()
    return f"held {words}"


async def _let_go(receive: Receive) -> None:
    """Wait for that, or until nobody listens any more."""
    gone = asyncio.ensure_future(receive())
    while not (let_go.is_set() or gone.done()):  # noqa: ASYNC110  # it is set in another thread
        await asyncio.sleep(0.01)
    gone.cancel()


@contextmanager
def running() -> Iterator[str]:
    """The upstream in a thread of its own; its base URL."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", ws="none", log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    latest = time.monotonic() + 15
    while not server.started:
        assert time.monotonic() < latest, "the upstream did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        thread.join(15)
