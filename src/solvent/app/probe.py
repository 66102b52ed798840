"""Asks a server for a while, at a steady number of questions at once, and says what a step of it took.

Over any OpenAI-compatible API: each question is made of words nobody has asked before, so that no cache answers it.
"""

from __future__ import annotations

import asyncio
import math
import random
import statistics
import time
from datetime import UTC, datetime
from typing import Annotated, Final

import aiohttp
import msgspec
from msgspec import Meta

from solvent.app.probed import Probed
from solvent.values.errors import Invalid, Unavailable
from solvent.values.limits import PROBE_ANSWER_BYTES_MAX, PROBE_ANSWER_S_MAX

_WORDS: Final = (
    "river", "stone", "lamp", "green", "seven", "market", "window", "paper", "slow", "bright", "north", "coffee",
    "engine", "garden", "letter",
)  # fmt: skip
_PARTS: Final = 10  # of the time, whose scatter says how exact the whole is
_STUDENT: Final = 2.262  # 97.5 % of t with 9 degrees of freedom
_WARM: Final = 0.15  # of the time, before anything counts: engines fill their batch first


class Probing(msgspec.Struct, frozen=True):
    """How to ask. at_once: questions under way all the time. words: of a question, a token or more each."""

    base_url: str
    model: str
    api_key: str = ""
    seconds: Annotated[float, Meta(gt=0, le=3_600)] = 60.0
    at_once: Annotated[int, Meta(ge=1, le=1_024)] = 16
    words: Annotated[int, Meta(ge=1, le=10_000)] = 200
    output_tokens: Annotated[int, Meta(ge=1, le=10_000)] = 200


class _Usage(msgspec.Struct):
    prompt_tokens: Annotated[int, Meta(ge=0, le=10**9)] = 0
    completion_tokens: Annotated[int, Meta(ge=0, le=10**9)] = 0


class _Chunk(msgspec.Struct):
    usage: _Usage | None = None
    choices: list[msgspec.Raw] = []


class _Answered(msgspec.Struct):
    """One answer: seconds since the probe began, and tokens."""

    began: float
    first: float
    ended: float
    read: int
    written: int


async def probe(how: Probing, seed: int) -> Probed:
    """Ask for how.seconds. seed: of the words.

    Raises Invalid for an address that makes no sense, Unavailable where no answer came in time or none tells its usage.
    """
    if not how.base_url.startswith(("http://", "https://")):
        raise Invalid("base_url_invalid", f"{how.base_url[:80]!r} is no address; write it like http://host:8000/v1")
    headers = {"authorization": f"Bearer {how.api_key}"} if how.api_key else {}
    timeout = aiohttp.ClientTimeout(total=PROBE_ANSWER_S_MAX)
    answered: list[_Answered] = []
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        began = time.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                for asker in range(how.at_once):
                    words = random.Random(seed * how.at_once + asker)
                    group.create_task(_keep_asking(session, how, words, began, answered))
        except* (aiohttp.ClientError, TimeoutError, ValueError) as wrong:
            raise Unavailable("probe_failed", f"{how.base_url} could not be probed: {_first(wrong)}") from None
    return _probed(how, answered)


async def _keep_asking(
    session: aiohttp.ClientSession, how: Probing, words: random.Random, began: float, into: list[_Answered]
) -> None:
    while time.monotonic() - began < how.seconds:
        into.append(await _ask(session, how, words, began))


async def _ask(session: aiohttp.ClientSession, how: Probing, words: random.Random, began: float) -> _Answered:
    question = " ".join([str(words.randrange(10**9)), *words.choices(_WORDS, k=how.words)])
    body = {
        "model": how.model, "stream": True, "stream_options": {"include_usage": True},
        "max_tokens": how.output_tokens, "temperature": 1.0,
        "messages": [{"role": "user", "content": f"Go on with a long story about: {question}"}],
    }  # fmt: skip
    asked = time.monotonic() - began
    first, usage, size = 0.0, _Usage(), 0
    async with session.post(f"{how.base_url.rstrip('/')}/chat/completions", json=body) as response:
        if response.status != 200:
            said = (await response.content.read(500)).decode("utf-8", "replace")
            raise ValueError(f"it answered {response.status}: {' '.join(said.split())}")
        async for line in response.content:
            size += len(line)
            if size > PROBE_ANSWER_BYTES_MAX:
                raise ValueError(f"one answer has more than {PROBE_ANSWER_BYTES_MAX:,} bytes")
            told = line.strip().removeprefix(b"data:").strip()
            if not line.startswith(b"data:") or told == b"[DONE]":
                continue
            chunk = msgspec.json.decode(told, type=_Chunk)
            if chunk.choices and not first:
                first = time.monotonic() - began
            usage = chunk.usage or usage
    ended = time.monotonic() - began
    if not usage.completion_tokens:
        raise ValueError("its answers do not tell how many tokens they have (stream_options.include_usage)")
    return _Answered(asked, first or ended, ended, usage.prompt_tokens, usage.completion_tokens)


def _probed(how: Probing, answered: list[_Answered]) -> Probed:
    """What a steady state took: between a while after the beginning and the end of the time given."""
    start, end = how.seconds * _WARM, how.seconds
    under_way, tokens = _within(answered, start, end)
    if tokens <= 0:
        raise Unavailable("probe_failed", f"no answer came within {how.seconds:.0f} s; ask for longer, or for less")
    count = len(answered)
    low, high = _interval(answered, start, end)
    return Probed(
        base_url=how.base_url, model=how.model, at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=how.seconds, answers=count, batch=under_way / (end - start),
        input_tokens=max(sum(one.read for one in answered) / count, 1.0),
        output_tokens=sum(one.written for one in answered) / count, tokens_per_s=tokens / (end - start),
        first_token_s=sum(one.first - one.began for one in answered) / count, step_low_s=low, step_high_s=high,
    )  # fmt: skip


def _within(answered: list[_Answered], start: float, end: float) -> tuple[float, float]:
    """Seconds that answers were under way between two times, all together, and tokens that came."""
    return (
        sum(_overlap(one.began, one.ended, start, end) for one in answered),
        sum(one.written * _share(one.first, one.ended, start, end) for one in answered),
    )


def _interval(answered: list[_Answered], start: float, end: float) -> tuple[float, float]:
    """Between what the mean step lies, by batch means; zeros where an answer lasts longer than a part of the time, for
    then parts hang together. Source: Law, Simulation Modeling and Analysis (2015), 9.5.3; Student's t."""
    length = (end - start) / _PARTS
    if statistics.fmean(one.ended - one.began for one in answered) > length:
        return 0.0, 0.0
    parts = [_within(answered, start + n * length, start + (n + 1) * length) for n in range(_PARTS)]
    if not all(tokens > 0 for _, tokens in parts):
        return 0.0, 0.0
    steps = [under_way / tokens for under_way, tokens in parts]
    middle = sum(under_way for under_way, _ in parts) / sum(tokens for _, tokens in parts)
    off = _STUDENT * statistics.stdev(steps) / math.sqrt(_PARTS)
    return max(0.0, middle - off), middle + off


def _overlap(began: float, ended: float, start: float, end: float) -> float:
    return max(0.0, min(ended, end) - max(began, start))


def _share(began: float, ended: float, start: float, end: float) -> float:
    """The part of an answer's tokens that came within the time: they come evenly."""
    length = ended - began
    return _overlap(began, ended, start, end) / length if length > 0 else float(start <= ended <= end)


def _first(group: BaseExceptionGroup[Exception]) -> str:
    one: BaseException = group
    while isinstance(one, BaseExceptionGroup):
        one = one.exceptions[0]
    return str(one) or type(one).__name__
