"""What a run tells the service that started it is heard whole, however it arrives."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as some

from solvent.app.asked import MARK, Hearing, Told

STORY = [
    Told(stage="replaying", done=3, whole=9),
    "a library warns of something: \ud55c\uae00",
    Told(run="spring"),
    Told(code="bad_trace", fault="row 3: tokens is -5"),
    "the end",
]


@given(some.lists(some.integers(1, 400)))
def test_it_is_heard_whole_in_any_parts(cuts: list[int]) -> None:
    lines = [one if isinstance(one, str) else MARK + msgspec.json.encode(one).decode() for one in STORY]
    rest = "".join(f"{line}\n" for line in lines).encode()
    heard = Hearing(200)
    for cut in cuts:
        heard.hear(rest[:cut])
        rest = rest[cut:]
    heard.hear(rest)
    assert (heard.stage, heard.done, heard.whole) == ("replaying", 3, 9)
    assert (heard.run, heard.code, heard.fault) == ("spring", "bad_trace", "row 3: tokens is -5")
    assert heard.tail == "a library warns of something: \ud55c\uae00\nthe end"


def test_what_is_endless_is_not_kept() -> None:
    heard = Hearing(50)
    for _ in range(100):
        heard.hear(b"x" * 1000)
    heard.hear(b"\n")
    assert heard.tail == "x" * 50
