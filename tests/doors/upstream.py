"""An OpenAI-compatible upstream that behaves exactly as badly as each request tells it to.

The script rides in the request body as the member `script`, which Solvent passes on like any member it
does not know: one server plays every part, and a test reads what it asked for beside what came of it.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from tests.doors.judging import judged_reply
from tests.doors.media import body_of, media_reply

PROMPT_TOKENS = 11
KEY_HEADERS = ("x-api-key", "api-key", "x-goog-api-key")
WORDS = 5  # of an answer, when the script names no number

# A script, all of it optional:
#   tag            finds the request again in `heard`
#   only           the one model that plays this script; the others answer plainly
#   words          pieces of text in the answer; word_bytes: added to each; pause_s: before each event
#   head_s         seconds before the head of the answer
#   hang           "head", or after how many events the upstream falls silent for ever
#   status, type   of the response
#   body           sent instead of an answer; {key} becomes the key that was received
#   usage          the report; "none" for no report; left out: the true one
#   usage_on       "own" event, "choices" (on the last event with text), "null" or "missing" choices
#   end            "done", "no_done", "cut" (half an event), "reset", "error", "garbage", "html"
#   split          bytes in each write; tools: answer with a tool call; deltas: members of each delta
#   text           said instead of words; pieces: said one by one in a stream; finish: why it ended
#   members        put into every object
Script = Mapping[str, Any]


@dataclass
class Heard:
    """One request as the upstream saw it. gone: its client hung up before the answer was whole."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    method: str = "POST"
    came: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)
    events: int = 0

    @property
    def script(self) -> Script:
        found: Script = self.body.get("script") or {}
        if not found:  # where no unknown member passes, it rides in whom the client says it asks for
            said = self.body.get("user") or (self.body.get("metadata") or {}).get("user_id") or self._first_words
            with suppress(ValueError):
                found = json.loads(said) if said.startswith("{") else {}
        if found.get("only", self.body.get("model")) != self.body.get("model"):
            return {"tag": found["tag"]} if "tag" in found else {}
        return found

    @property
    def _first_words(self) -> str:
        """Of the question: where a client has no other place that passes unchanged."""
        if "file" in self.body or "seconds" in self.body:
            return str(self.body.get("prompt", ""))
        for name in ("query", "instructions" if "voice" in self.body else "input"):
            if isinstance(self.body.get(name), str):
                return str(self.body[name])
        for content in self.body.get("contents", ()):
            return str(content["parts"][0].get("text", ""))
        for content in (turn["content"] for turn in self.body.get("messages", ()) if turn["role"] == "user"):
            return content if isinstance(content, str) else str(content[0].get("text", "") if content else "")
        return ""

    @property
    def calls(self) -> bool:
        """Whether a tool is called: where its result stands in the question already, there are words."""
        if not self.script.get("tools"):
            return False
        return not any(turn.get("role") == "tool" for turn in self.body.get("messages", ()))

    @property
    def key(self) -> str:
        """The key that was sent with it."""
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
        return bearer or next((self.headers[name] for name in KEY_HEADERS if name in self.headers), "")


class Gone(Exception):
    """The client hung up."""


class Upstream:
    """A server on a free port, in a thread of its own: `with Upstream() as upstream`.

    peers: who answers below a first step of the path, such as "mistral"; see vendors.py.
    """

    def __init__(self, peers: Mapping[str, type[_Peer]] | None = None) -> None:
        self._peers = peers or {}
        self.heard: list[Heard] = []
        self.base_url = ""
        self.connections = 0
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="upstream", daemon=True)
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._converse, "127.0.0.1", 0, backlog=1024), self.loop
        ).result(10)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    def url_of(self, vendor: str, path: str = "") -> str:
        """Where this server plays a vendor."""
        return f"{self.base_url.removesuffix('/v1')}/{vendor}{path}"

    def of(self, tag: str) -> list[Heard]:
        """The requests whose script has this tag, in order."""
        return [heard for heard in self.heard if heard.script.get("tag") == tag]

    def one(self, tag: str) -> Heard:
        """The request with this tag."""
        found = self.of(tag)
        assert len(found) == 1, f"the upstream heard {tag} {len(found)} times"
        return found[0]

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                pairs = (line.partition(":") for line in head[1:] if line)
                headers = {name.lower(): value.strip() for name, _, value in pairs}
                sent = await reader.readexactly(int(headers.get("content-length", "0")))
                heard = Heard(head[0].split()[1], headers, body_of(headers, sent), head[0].split()[0])
                self.heard.append(heard)
                kind = _MessagesPeer if heard.path.endswith("/messages") else _Peer
                peer = self._peers.get(heard.path.split("/")[1], kind)(heard, reader, writer)
                try:
                    await peer.answer()
                    heard.finished.set()
                except (Gone, ConnectionError):
                    heard.gone.set()
                    break
        writer.transport.abort()


class _Peer:
    """One answer on its way."""

    _done = b"data: [DONE]\n\n"

    def __init__(self, heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._heard = heard
        self._script = heard.script
        self._reader = reader
        self._writer = writer
        self._words = int(self._script.get("words", WORDS))
        self._end = self._script.get("end", "done")

    async def answer(self) -> None:
        script = self._script
        if self._heard.path.partition("?")[0].endswith("/models"):
            names = [{"id": name, "object": "model"} for name in ("scripted-upstream", "other")]
            await self._whole(json.dumps({"object": "list", "data": names}).encode())
            return
        if script.get("hang") == "head":
            await self._hang()
        await asyncio.sleep(script.get("head_s", 0))
        if self._reader.at_eof():
            raise Gone
        if "body" in script:
            await self._whole(script["body"].replace("{key}", self._heard.key).encode("latin-1"))
        elif (media := media_reply(self._heard.path, self._heard.body, script)) is not None:
            await self._whole(*media, cut=self._end == "cut")
        elif (verdict := judged_reply(self._heard.path, self._heard.body, script)) is not None:
            await self._whole(verdict)
        elif self._heard.body.get("stream"):
            await self._stream()
        else:
            await self._reply()

    async def _reply(self) -> None:
        text = self._script.get("text") or " ".join(f"word{n}" for n in range(self._words))
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if self._heard.calls:
            message |= {"content": None, "tool_calls": [_tool_call()]}
        finish = self._script.get("finish") or ("tool_calls" if self._heard.calls else "stop")
        choice = {"message": message, "finish_reason": finish, **self._logprobs()}
        body = self._object("chat.completion", [{"index": n, **choice} for n in range(self._choices)])
        usage = self._usage()
        if usage != "none":
            body["usage"] = usage
        sent = json.dumps(body).encode()
        for n in range(self._words):  # the upstream works on it, word by word
            await self._pause(n)
        if self._end == "garbage":
            sent = b"{'this is': not JSON" + sent
        if self._end == "half":
            sent = sent[: len(sent) // 2]
        await self._whole(sent, cut=self._end == "cut")

    async def _whole(self, body: bytes, kind: str = "application/json", *, cut: bool = False) -> None:
        status, kind = self._script.get("status", 200), self._script.get("type", kind)
        length = len(body) + 1000 if cut else len(body)
        head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n"
        await self._write(head.encode() + body)
        if cut:
            self._writer.close()

    async def _stream(self) -> None:
        kind = self._script.get("type", "text/event-stream")
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n"
        await self._write(head.encode())
        async for event in self._events():
            if self._script.get("hang") == self._heard.events:
                await self._hang()
            await self._pause(self._heard.events)
            await self._chunk(event)
            self._heard.events += 1
            self._heard.came.set()
        if self._script.get("hang") == self._heard.events:
            await self._hang()
        await self._finish()

    async def _finish(self) -> None:
        if self._end in ("cut", "reset"):
            if self._end == "cut":
                await self._write(b'40\r\ndata: {"choices":[{"ind')
            else:
                self._writer.transport.abort()
            self._writer.close()
            return
        last = {
            "error": b'data: {"type":"error","error":{"message":"the model fell over, key {key}","code":"boom"}}\n\n',
            "garbage": b"data: {]\n\n",
            "html": b"<html><body>Bad gateway</body></html>\n\n",
            "no_done": b"",
        }.get(self._end, self._done)
        if last:
            await self._chunk(last.replace(b"{key}", self._heard.key.encode()))
        await self._write(b"0\r\n\r\n")

    async def _events(self) -> AsyncGenerator[bytes, None]:
        extra, padding = self._script.get("deltas", {}), int(self._script.get("word_bytes", 0))
        yield self._event([_choice({"role": "assistant", "content": "", **extra})])
        usage, on = self._usage(), self._script.get("usage_on", "own")
        if self._heard.calls:
            for part in _tool_call_parts():
                yield self._event([_choice({"tool_calls": [part]})])
        words = [f"word{n} " + "x" * padding for n in range(0 if self._heard.calls else self._words)]
        said = self._script.get("pieces") or ([self._script["text"]] if "text" in self._script else words)
        for text in said:
            for n in range(self._choices):
                yield self._event([_choice({"content": text, **extra}) | {"index": n, **self._logprobs()}])
        last: dict[str, Any] = {"usage": usage} if on == "choices" and usage != "none" else {}
        finish = self._script.get("finish") or ("tool_calls" if self._heard.calls else "stop")
        yield self._event([_choice({}, finish)], **last)
        if usage != "none" and on != "choices":
            kinds: dict[str, dict[str, Any]] = {"null": {"choices": None}, "missing": {}}
            choices = kinds.get(on, {"choices": []})
            event = self._object("chat.completion.chunk", []) | {"usage": usage}
            del event["choices"]
            yield b"data: " + json.dumps(event | choices).encode() + b"\n\n"

    def _event(self, choices: list[dict[str, Any]], **members: object) -> bytes:
        return b"data: " + json.dumps(self._object("chat.completion.chunk", choices) | members).encode() + b"\n\n"

    def _object(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        if "prompt" in self._heard.body:
            kind, choices = "text_completion", [_text_choice(choice) for choice in choices]
        members = {"id": "chatcmpl-upstream", "object": kind, "created": 1, "model": self._heard.body.get("model")}
        return members | {"choices": choices} | dict(self._script.get("members", {}))

    @property
    def _choices(self) -> int:
        return int(self._heard.body.get("n") or 1)

    def _logprobs(self) -> dict[str, Any]:
        if not self._heard.body.get("logprobs"):
            return {}
        return {"logprobs": {"content": [{"token": "word0", "logprob": -0.25, "bytes": None, "top_logprobs": []}]}}

    def _usage(self) -> Any:
        written = self._words * self._choices
        true = {
            "prompt_tokens": PROMPT_TOKENS,
            "completion_tokens": written,
            "total_tokens": PROMPT_TOKENS + written,
        }
        return self._script.get("usage", true)

    async def _pause(self, _: int) -> None:
        await asyncio.sleep(self._script.get("pause_s", 0))
        if self._reader.at_eof() or self._writer.is_closing():
            raise Gone

    async def _hang(self) -> None:
        await self._reader.read(1)
        raise Gone

    async def _chunk(self, data: bytes) -> None:
        await self._write(b"%x\r\n%s\r\n" % (len(data), data))

    async def _write(self, data: bytes) -> None:
        step = self._script.get("split") or len(data)
        for start in range(0, len(data), step):
            self._writer.write(data[start : start + step])
            await self._writer.drain()
            if self._script.get("split"):
                await asyncio.sleep(0)


def _text_choice(choice: Mapping[str, Any]) -> dict[str, Any]:
    """A choice of chat as one of a completion."""
    said = choice.get("message") or choice.get("delta") or {}
    kept = {name: choice[name] for name in ("index", "finish_reason")}
    return {**kept, "text": said.get("content") or "", "logprobs": None}


class _MessagesPeer(_Peer):
    """The same upstream in Anthropic's words."""

    _done = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'

    async def _reply(self) -> None:
        text = " ".join(f"word{n}" for n in range(self._words))
        blocks: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if self._script.get("tools"):
            blocks = [{"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Seoul"}}]
        await self._whole(json.dumps(self._message(blocks, self._why()) | {"usage": self._usage()}).encode())

    async def _events(self) -> AsyncGenerator[bytes, None]:
        usage = self._usage()
        began = {name: count for name, count in usage.items() if name != "output_tokens"} | {"output_tokens": 1}
        yield _typed("message_start", message=self._message([], None) | {"usage": began})
        is_tool = bool(self._script.get("tools"))
        tool = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}
        yield _typed("content_block_start", index=0, content_block=tool if is_tool else {"type": "text", "text": ""})
        yield _typed("ping")
        for part in ('{"city"', ':"Seoul"}') if is_tool else ():
            yield _typed("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": part})
        for n in range(0 if is_tool else self._words):
            yield _typed("content_block_delta", index=0, delta={"type": "text_delta", "text": f"word{n} "})
        if self._end in ("cut", "reset", "no_done"):
            return
        yield _typed("content_block_stop", index=0)
        why = {"stop_reason": self._why(), "stop_sequence": None}
        yield _typed("message_delta", delta=why, usage={"output_tokens": usage["output_tokens"]})

    def _why(self) -> str:
        return "tool_use" if self._script.get("tools") else "end_turn"

    def _usage(self) -> Any:
        return self._script.get("usage", {"input_tokens": PROMPT_TOKENS, "output_tokens": self._words})

    def _message(self, blocks: list[dict[str, Any]], why: str | None) -> dict[str, Any]:
        return {
            "id": "msg_upstream", "type": "message", "role": "assistant", "model": self._heard.body.get("model"),
            "content": blocks, "stop_reason": why, "stop_sequence": None,
        }  # fmt: skip


def _typed(kind: str, **members: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish}


def _tool_call() -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Seoul"}'}}


def _tool_call_parts() -> list[dict[str, Any]]:
    """The same call as a stream sends it: the name first, then the arguments in pieces."""
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    return [first, *({"index": 0, "function": {"arguments": part}} for part in ('{"city"', ':"Seoul"}'))]
