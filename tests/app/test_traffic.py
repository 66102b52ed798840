"""The service's own journal as a trace: every answer once, in the order of time, however few are read at once."""

from __future__ import annotations

import asyncio
from random import Random

import msgspec
import pytest
from tests.answering.test_receipt_store import DAY_US, some_receipts
from tests.db.opened import Place

from solvent.answering import store
from solvent.answering.receipt import Receipt
from solvent.app import traffic
from solvent.app.traffic import own_trace
from solvent.simulation.trace import Answer
from solvent.values.errors import Invalid


def journal(seed: int) -> list[Receipt]:
    """Some of them failed, some heard sound; answers end in another order than they were asked for in."""
    random = Random(seed)
    return [
        msgspec.structs.replace(
            one, outcome="failed" if random.random() < 0.1 else "answered", input_tokens=random.randrange(9),
            audio_input_ms=random.choice([0, 7]), web_searches=0,
        )
        for one in some_receipts(random, 200)
    ]  # fmt: skip


@pytest.mark.parametrize("at_once", [7, 1_000])
def test_the_trace_holds_what_the_journal_does(place: Place, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(traffic, "USES_AT_ONCE", at_once)
    rows = journal(at_once)
    times = sorted(row.at_us for row in rows)
    from_us, until_us = times[20], times[-20]
    wanted = sorted(
        (row for row in rows if from_us <= row.at_us < until_us and row.outcome != "failed"),
        key=lambda row: (row.at_us - row.total_us, row.id),
    )

    async def story() -> None:
        async with place.opened() as database:
            await database.write(lambda c: store.append(c, rows))
            opened, on = await own_trace(database, from_us, until_us)
            with opened as trace:
                for _ in range(2):  # a trace is read as often as there are scenarios
                    found = [
                        Answer(
                            int(block.at_us[n]), trace.customers[block.customer[n]], trace.models[block.model[n]],
                            block.usage(n),
                        )
                        for block in trace.read()
                        for n in range(block.answers)
                    ]  # fmt: skip
                    assert found == [
                        Answer(row.at_us - row.total_us, row.customer, row.model, row.usage) for row in wanted
                    ]
                assert "web_searches" not in next(trace.read()).used
                assert (trace.answers, trace.from_us) == (len(wanted), wanted[0].at_us - wanted[0].total_us)
                assert trace.until_us == wanted[-1].at_us - wanted[-1].total_us + 1
                assert trace.span_us == (from_us, until_us)
                failed = [row for row in rows if from_us <= row.at_us < until_us and row.outcome == "failed"]
                assert sum(trace.failed_grains.values()) == sum(row.cost_grains for row in failed)
            assert on == {row.customer: row.plan for row in wanted}

    asyncio.run(story())


def test_books_without_answers_have_nothing_to_replay(place: Place) -> None:
    async def story() -> None:
        async with place.opened() as database:
            opened, on = await own_trace(database, 0, DAY_US)
            assert on == {}
            with pytest.raises(Invalid, match="there are no answers in it"), opened:
                raise AssertionError("there is nothing to open")

    asyncio.run(story())
