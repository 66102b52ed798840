"""A provider that answers from a script in memory: for tests, for plug-in authors, and for a look without a network.

It is a real provider by the contract: it keeps to the output limit, reports usage, and notices who hangs up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import msgspec

from solvent.providers.port import Call, Chunk, Dialect, OnAbort
from solvent.values.errors import SolventError, Unavailable

_encode = msgspec.json.encode


class Script(msgspec.Struct, frozen=True):
    """One answer. words: a token each; input_tokens: what reading the question comes to.

    fault: raised after `fault_after` words instead of going on. pause_s: before each word. reports: whether
    usage is told at the end.
    """

    words: tuple[str, ...] = ("Hello", " from", " a", " fake", ".")
    input_tokens: int = 7
    fault: SolventError | None = None
    fault_after: int = 0
    pause_s: float = 0.0
    reports: bool = True


class FakeProvider:
    """See `Provider`. calls: what it was asked, in order. hung_up: answers that were closed before their end."""

    speaks: Dialect = "chat"

    def __init__(self, script: Script | None = None, name: str = "fake", on_abort: OnAbort = "drain") -> None:
        self.script = script or Script()
        self.name = name
        self.on_abort: OnAbort = on_abort
        self.calls: list[Call] = []
        self.hung_up = 0
        self._closed = False

    async def stream(self, call: Call) -> AsyncGenerator[Chunk, None]:
        """See `Provider.stream`."""
        if self._closed:
            raise Unavailable("upstream_closed", "this provider was closed")
        self.calls.append(call)
        script = self.script
        words = script.words[: call.output_tokens_max]
        finish = "stop" if len(words) == len(script.words) else "length"
        usage = _usage(script.input_tokens, len(words)) if script.reports else None
        ended = False
        try:
            for n, word in enumerate(words):
                await asyncio.sleep(script.pause_s)
                self._break_off(n)
                if call.stream:
                    yield _chunk({"delta": {"content": word}}, "", 1)
            self._break_off(len(words))
            if call.stream:
                yield _chunk({"delta": {}}, finish, 0)
                if usage is not None:
                    yield Chunk({"choices": msgspec.Raw(b"[]")}, usage=usage)
            else:
                yield _chunk({"message": {"content": "".join(words)}}, finish, len(words), usage)
            ended = True
        except SolventError:
            ended = True
            raise
        finally:
            self.hung_up += not ended

    async def probe(self) -> tuple[str, ...]:
        """See `Provider.probe`."""
        return ()

    async def close(self) -> None:
        """See `Provider.close`."""
        self._closed = True

    def _break_off(self, words: int) -> None:
        fault = self.script.fault
        if fault is not None and words >= self.script.fault_after:
            raise fault


def _usage(read: int, written: int) -> msgspec.Raw:
    report = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return msgspec.Raw(_encode(report))


def _chunk(choice: dict[str, object], finish: str, pieces: int, usage: msgspec.Raw | None = None) -> Chunk:
    choices = [{"index": 0, **choice, "finish_reason": finish or None}]
    return Chunk({"choices": msgspec.Raw(_encode(choices))}, pieces, usage, None, finish)
