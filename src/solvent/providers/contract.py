"""What every provider must keep to, as checks that the author of a plug-in runs too.

Supply a `Stage`: your provider before an upstream that does what each situation says. Then run every check:
`for check in CHECKS: await check(stage)`; one that fails raises AssertionError and says what was expected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Literal, Protocol

import msgspec

from solvent.providers.port import Call, Chunk, Provider
from solvent.values.errors import Invalid, SolventError, Unavailable

# answers: six pieces of text and a usage report. refuses: the question is at fault. fails: the upstream is.
# breaks_off: two pieces, then an end that is none. endless: pieces until somebody hangs up.
Situation = Literal["answers", "refuses", "fails", "breaks_off", "endless"]
PIECES = 6
PIECES_BEFORE_BREAK = 2
HANG_UP_S_MAX = 5.0


class Stage(Protocol):
    """One provider and the upstream behind it. secret: our key there, empty for none."""

    @property
    def provider(self) -> Provider:
        """The provider under test."""
        ...

    @property
    def secret(self) -> str:
        """The key that no error may show."""
        ...

    def call(self, situation: Situation, *, stream: bool, output_tokens_max: int) -> Call:
        """A question to which the upstream behaves so; its client asked for a million tokens."""
        ...

    def limit_told(self) -> int:
        """The most tokens that the upstream was last allowed to write."""
        ...

    async def until_hung_up(self) -> None:
        """Returns when the upstream has seen its caller go."""
        ...


Check = Callable[[Stage], Awaitable[None]]


async def streams_piece_by_piece(stage: Stage) -> None:
    """Each piece of text is a chunk as it comes; the end says why, and usage is reported once."""
    chunks = await _all(stage, "answers", stream=True)
    assert sum(chunk.pieces for chunk in chunks) == PIECES, "each streamed piece counts as one"
    assert sum(chunk.pieces > 0 for chunk in chunks) == PIECES, "pieces come one by one, not gathered"
    assert [chunk.finish for chunk in chunks if chunk.finish] == ["stop"], "one chunk says why the answer ended"
    _one_report(chunks)


async def answers_whole(stage: Stage) -> None:
    """Without `stream` there is one chunk: the whole reply with its report."""
    chunks = await _all(stage, "answers", stream=False)
    assert len(chunks) == 1, "a whole reply is one chunk"
    assert chunks[0].pieces >= 1, "a reply with text holds a piece at least"
    _one_report(chunks)


async def keeps_usage_out_of_the_members(stage: Stage) -> None:
    """The report travels beside the object, so that a gateway can leave it out."""
    for stream in (True, False):
        for chunk in await _all(stage, "answers", stream=stream):
            assert "usage" not in chunk.members, "the usage report belongs in Chunk.usage"
            assert msgspec.json.decode(msgspec.json.encode(chunk.members)), "members are one JSON object"


async def never_lets_it_write_more_than_is_held_for(stage: Stage) -> None:
    """Whatever the client's own members ask for, the upstream is told the limit that the hold pays for."""
    for limit in (1, 3):
        for stream in (True, False):
            await _all(stage, "answers", stream=stream, limit=limit)
            assert stage.limit_told() == limit, f"the upstream may write {stage.limit_told()} tokens, not {limit}"


async def tells_a_bad_question_from_a_bad_upstream(stage: Stage) -> None:
    """Invalid when the question is at fault: repeating it helps nobody. Unavailable when the upstream is."""
    for stream in (True, False):
        refusal = await _fault(stage, "refuses", stream=stream)
        assert isinstance(refusal, Invalid), f"a refused question is Invalid, not {refusal!r}"
        failure = await _fault(stage, "fails", stream=stream)
        assert isinstance(failure, Unavailable), f"a failing upstream is Unavailable, not {failure!r}"


async def gives_what_came_before_a_break(stage: Stage) -> None:
    """Pieces that arrived are passed on, then the error; a stream that just stops is an error too."""
    pieces = 0
    try:
        async with aclosing(stage.provider.stream(_call(stage, "breaks_off", stream=True))) as stream:
            async for chunk in stream:
                pieces += chunk.pieces
    except Unavailable:
        assert pieces == PIECES_BEFORE_BREAK, f"{pieces} pieces came before the break, not {PIECES_BEFORE_BREAK}"
        return
    raise AssertionError("a stream that broke off ended as if it were whole")


async def hangs_up_when_it_is_closed(stage: Stage) -> None:
    """Closing the generator ends the upstream's work at once."""
    stream = stage.provider.stream(_call(stage, "endless", stream=True))
    async for chunk in stream:
        if chunk.pieces:
            break
    await stream.aclose()
    async with asyncio.timeout(HANG_UP_S_MAX):
        await stage.until_hung_up()


async def hangs_up_when_it_is_cancelled(stage: Stage) -> None:
    """A cancelled reader leaves nothing running."""

    async def read() -> None:
        async with aclosing(stage.provider.stream(_call(stage, "endless", stream=True))) as stream:
            async for _ in stream:
                started.set()

    started = asyncio.Event()
    reading = asyncio.get_running_loop().create_task(read())
    await started.wait()
    reading.cancel()
    await asyncio.wait({reading})
    async with asyncio.timeout(HANG_UP_S_MAX):
        await stage.until_hung_up()


async def answers_many_at_once(stage: Stage) -> None:
    """Answers do not mix, and none waits for another's end."""
    answers = await asyncio.gather(*(_all(stage, "answers", stream=True) for _ in range(20)))
    assert all(sum(chunk.pieces for chunk in chunks) == PIECES for chunks in answers), "answers were mixed up"


async def shows_no_secret(stage: Stage) -> None:
    """No error and no repr holds our key, whatever the upstream says of it."""
    if not stage.secret:
        return
    for situation in ("refuses", "fails"):
        fault = await _fault(stage, situation, stream=False)
        assert stage.secret not in f"{fault.message} {fault!r} {fault.param}", f"the error of `{situation}` has our key"
    assert stage.secret not in repr(stage.provider), "the repr has our key"


async def answers_nothing_once_closed(stage: Stage) -> None:
    """The last check: after `close` a question is refused as Unavailable, and a second `close` does nothing."""
    await stage.provider.close()
    await stage.provider.close()
    fault = await _fault(stage, "answers", stream=True)
    assert isinstance(fault, Unavailable), f"a closed provider is Unavailable, not {fault!r}"


CHECKS: tuple[Check, ...] = (
    streams_piece_by_piece,
    answers_whole,
    keeps_usage_out_of_the_members,
    never_lets_it_write_more_than_is_held_for,
    tells_a_bad_question_from_a_bad_upstream,
    gives_what_came_before_a_break,
    hangs_up_when_it_is_closed,
    hangs_up_when_it_is_cancelled,
    answers_many_at_once,
    shows_no_secret,
    answers_nothing_once_closed,
)


def _call(stage: Stage, situation: Situation, *, stream: bool, limit: int = 64) -> Call:
    return stage.call(situation, stream=stream, output_tokens_max=limit)


async def _all(stage: Stage, situation: Situation, *, stream: bool, limit: int = 64) -> list[Chunk]:
    async with aclosing(stage.provider.stream(_call(stage, situation, stream=stream, limit=limit))) as chunks:
        return [chunk async for chunk in chunks]


async def _fault(stage: Stage, situation: Situation, *, stream: bool) -> SolventError:
    try:
        await _all(stage, situation, stream=stream)
    except SolventError as fault:
        return fault
    raise AssertionError(f"nothing was raised in the situation `{situation}`")


def _one_report(chunks: list[Chunk]) -> None:
    reports = [chunk.usage for chunk in chunks if chunk.usage is not None]
    assert len(reports) == 1, f"usage is reported once, not {len(reports)} times"
    assert isinstance(msgspec.json.decode(reports[0]), dict), "a usage report is a JSON object"
