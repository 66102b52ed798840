"""Events that say the same around their choices are told as each would be told by itself."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from solvent.answering.question import Question
from solvent.app.http import Message
from solvent.gateway.chat_completions import _Teller
from solvent.providers.port import Chunk, whole_members
from solvent.values.ids import AnswerId

QUESTION = Question(AnswerId("ans_1"), 0, "house", {}, True, 1, 1)
values = st.none() | st.text(max_size=5) | st.lists(st.integers(0, 9), max_size=2)
arounds = st.dictionaries(st.sampled_from(["id", "model", "provider", "created", "x"]), values)
choices = st.lists(
    st.fixed_dictionaries({"delta": st.fixed_dictionaries({"content": st.text(max_size=5)})}), max_size=2
)


async def unheard(_message: Message) -> None:
    raise AssertionError("nothing is sent here")


@given(
    st.lists(st.tuples(arounds, st.booleans(), st.lists(choices, min_size=1, max_size=3)), max_size=3), st.booleans()
)
def test_what_is_the_same_around_is_told_the_same(
    some: list[tuple[dict[str, object], bool, list[object]]], wants_usage: bool
) -> None:
    quick, plain = (_Teller(QUESTION, unheard, wants_usage=wants_usage) for _ in range(2))
    for around, comes_first, said in some:
        others, stale = {name: raw(value) for name, value in around.items()}, {"choices": raw(["of another"])}
        shared = {**stale, **others} if comes_first else {**others, **stale}
        for one in said:
            event = Chunk({"choices": raw(one)}, around=shared)
            told = plain._told(Chunk(whole_members(event)))
            assert quick._told(event) == told
            assert msgspec.json.decode(told.removeprefix(b"data: "))["choices"] == one


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
