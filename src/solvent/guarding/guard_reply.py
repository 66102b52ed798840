"""Have an answer looked at as it comes, between the model and the meter: what is blocked or masked is never told.

Of a stream no more is held back than a guard is unsure of; the arguments of calls, and a reply that is to be JSON,
until they are whole, so that they stay JSON.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

import msgspec

from solvent.guarding.events import ChatEvent, Key, Members, MessagesEvent, event_of, is_arguments, said_in
from solvent.guarding.guard_members import guard_members
from solvent.guarding.look import look
from solvent.guarding.masking import masked
from solvent.guarding.rule import Guarded, Rule
from solvent.guards.port import Text
from solvent.providers.port import Chunk, Dialect, whole_members
from solvent.values.errors import SolventError
from solvent.values.limits import DRAIN_S_MAX

_encode = msgspec.json.encode
_NULL_LOGPROBS = msgspec.Raw(b"null")
_decode_choices = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode


class Asked(msgspec.Struct, frozen=True):
    """What matters of the question. is_json: the reply is to be JSON. drains: its provider bills to the end."""

    dialect: Dialect
    is_stream: bool
    is_json: bool
    drains: bool


async def guard_reply(
    stream: AsyncGenerator[Chunk, None], asked: Asked, guarded: Guarded
) -> AsyncGenerator[Chunk, None]:
    """The chunks, as they may be told. What is stopped is read on to its usage report where that is billed, untold.

    Raises Refused where something is blocked, Unavailable where a guard fails: after what was read is counted.
    """
    watch = _Watch(asked, guarded)
    clock = asyncio.get_running_loop().time
    stopped, latest = None, 0.0
    async with aclosing(stream):
        async for chunk in stream:
            passed: Sequence[Chunk] = ()
            if stopped is None:
                try:
                    passed = await watch.hear(chunk)
                except SolventError as stop:
                    stopped, latest = stop, clock() + DRAIN_S_MAX
            for one in passed:
                yield one
            if stopped is not None:
                yield msgspec.structs.replace(chunk, members={})
                if not asked.drains or clock() > latest:
                    break
    if stopped is not None:
        raise stopped
    for one in await watch.end():
        yield one


class _Text:
    """One text of a stream. held: by each rule that holds back. heard: all of it."""

    __slots__ = ("heard", "held", "is_json", "key")

    def __init__(self, key: Key, rules: int, *, is_json: bool) -> None:
        self.key = key
        self.is_json = is_json
        self.held = [""] * rules
        self.heard: list[str] = []


class _Watch:
    """What guards have seen of one answer so far."""

    def __init__(self, asked: Asked, guarded: Guarded) -> None:
        self._asked = asked
        self._acts = guarded.acts
        self._rules = guarded.after
        self._holding = [rule for rule in guarded.after if rule.holds_back]
        self._at_end = [rule for rule in guarded.after if not rule.holds_back]
        self._texts: dict[Key, _Text] = {}
        self._latest: ChatEvent | MessagesEvent | None = None
        self._is_judged = False

    async def hear(self, chunk: Chunk) -> Sequence[Chunk]:
        """What may be told now."""
        if not chunk.members:
            return (chunk,)
        if not self._asked.is_stream:
            return (await self._whole(chunk),)
        event = self._latest = event_of(whole_members(chunk), self._asked.dialect)
        more = [members for slot in event.slots if slot.words for members in await self._of_others(event, slot.key)]
        told = {slot.key: await self._feed(self._text(slot.key), slot.words) for slot in event.slots}
        for key in [key for key in self._texts if event.ends(key)]:
            rest = told.pop(key, "") + await self._flush(key)
            told[key] = ""
            if rest:
                more.append(event.more(key, rest))
        if event.is_last:
            await self._judge()
        if not self._holding:
            return (chunk,)
        for slot in event.slots:
            slot.put(told[slot.key])
        return (*map(Chunk, more), msgspec.structs.replace(chunk, members=event.members(), around=None))

    async def end(self) -> Sequence[Chunk]:
        """What is left when the stream ends without having said that its texts do."""
        more = list[Chunk]()
        for key in list(self._texts):
            rest = await self._flush(key)
            if rest and self._latest is not None:
                more.append(Chunk(self._latest.more(key, rest)))
        if self._asked.is_stream:
            await self._judge()
        return more

    async def _whole(self, chunk: Chunk) -> Chunk:
        members = await guard_members(
            chunk.members, self._rules, self._acts, "reply", is_json=self._asked.is_json
        )  # fmt: skip
        if members is chunk.members:
            return chunk
        return msgspec.structs.replace(chunk, members=_without_logprobs(members))

    async def _of_others(self, event: ChatEvent | MessagesEvent, key: Key) -> list[Members]:
        """The rest of the texts of the same choice: when another one goes on, they are whole."""
        more = list[Members]()
        told = {slot.key for slot in event.slots}
        others = [known for known, text in self._texts.items() if known not in told and not text.is_json]
        for other in [known for known in others if known[0] == key[0]]:
            rest = await self._flush(other)
            if rest:
                more.append(event.more(other, rest))
        return more

    def _text(self, key: Key) -> _Text:
        text = self._texts.get(key)
        if text is None:
            is_json = is_arguments(key) or (self._asked.is_json and said_in(key) == "reply")
            text = self._texts[key] = _Text(key, len(self._holding), is_json=is_json)
        return text

    async def _feed(self, text: _Text, words: str) -> str:
        """What of a text may be told, now that it goes on."""
        if self._at_end:
            text.heard.append(words)
        if not self._holding:
            return words
        if text.is_json:
            text.held[0] += words
            return ""
        for n, rule in enumerate(self._holding):
            words, text.held[n] = await self._let_go(rule, text.held[n] + words, text.key)
        return words

    async def _flush(self, key: Key) -> str:
        """What was still held back of a text that is whole."""
        text = self._texts[key]
        if text.is_json:
            words, text.held[0] = text.held[0], ""
            return await self._as_json(words) if words else ""
        words = ""
        for n, rule in enumerate(self._holding):
            rest, text.held[n] = text.held[n] + words, ""
            words, _ = await self._let_go(rule, rest, key, is_whole=True)
        return words

    async def _let_go(self, rule: Rule, words: str, key: Key, *, is_whole: bool = False) -> tuple[str, str]:
        """What one rule lets pass of a text's end, and what it holds back; nothing that it finds is cut in two."""
        cut = len(words) if is_whole else len(words) - rule.guard.unsure(words)
        if cut <= 0:
            return "", words
        found = (await look(rule, [Text(words, said_in(key))], self._acts))[0]
        for one in reversed(found):
            if one.start < cut < one.end:
                cut = one.start
        ready = [one for one in found if one.end <= cut]
        rule.act(ready, self._acts)
        return masked(words[:cut], ready), words[cut:]

    async def _as_json(self, words: str) -> str:
        body = {"arguments": msgspec.Raw(_encode({"arguments": words}))}
        made = await guard_members(body, self._holding, self._acts, "call")
        return msgspec.json.decode(made["arguments"], type=dict[str, str])["arguments"]

    async def _judge(self) -> None:
        """Show whole texts to the rules that wait for them."""
        if self._is_judged:
            return
        self._is_judged = True
        texts = [Text("".join(text.heard), said_in(key)) for key, text in self._texts.items() if any(text.heard)]
        for rule in self._at_end if texts else ():
            found = await look(rule, texts, self._acts)
            rule.act([one for each in found for one in each], self._acts)


def _without_logprobs(members: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """Log probabilities say every token again."""
    made = dict(members)
    if "choices" in made and b"logprobs" in bytes(made["choices"]):
        choices = _decode_choices(made["choices"])
        for choice in choices:
            if "logprobs" in choice:
                choice["logprobs"] = _NULL_LOGPROBS
        made["choices"] = msgspec.Raw(_encode(choices))
    return made
