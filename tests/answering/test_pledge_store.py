"""A pledge is settled by whatever process sees its end: also by one of the release before, or after."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from tests.answering.settling import openings

from solvent.answering.pledge import pledge_of
from solvent.answering.pledge_store import keep, kept
from solvent.answering.settlement import Opened
from solvent.values.usage import Usage

# What a release reads of a kept way to end, and cannot do without. Those that run beside others ask for all of it, so
# nothing is taken away here.
WAY = {"receipt", "bill", "transfers", "margin"}
MARGIN_KEY = {"day", "customer", "plan", "model"}
SINCE = {"on_free_plan"}  # members of a receipt that an older release does not write


@given(openings())
@settings(deadline=None, max_examples=30)
def test_a_pledge_is_read_as_it_was_kept_and_has_what_the_release_before_asks_for(opened: Opened) -> None:
    pledge = pledge_of(opened, Usage(video_seconds=8), Usage(video_seconds=4))
    written = keep(pledge)
    assert kept(written) == pledge
    read: dict[str, Any] = msgspec.msgpack.decode(written)
    for way in read.values():
        assert way.keys() >= WAY
        key, sums = way["margin"]
        assert key.keys() >= MARGIN_KEY
        assert (key["customer"], key["model"]) == (way["receipt"]["customer"], way["receipt"]["model"])
        assert isinstance(sums, dict)


@given(openings())
@settings(deadline=None, max_examples=30)
def test_a_pledge_of_the_release_before_or_after_is_read(opened: Opened) -> None:
    pledge = pledge_of(opened, Usage(video_seconds=8), Usage(video_seconds=8))
    read: dict[str, Any] = msgspec.msgpack.decode(keep(pledge))
    for way in read.values():
        for name in SINCE:
            assert way["receipt"].pop(name) == 0
        way["receipt"]["of_tomorrow"] = way["of_tomorrow"] = 1
    assert kept(msgspec.msgpack.encode(read)) == pledge
