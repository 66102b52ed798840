"""BILLING_CASES, "A stream that ends badly": the hold ends exactly once, and what was produced is charged."""

from __future__ import annotations

import uuid
from typing import Any, Literal

import pytest
from tests.doors.books import check, read_books
from tests.doors.fixtures import Serve
from tests.doors.server import INPUT_GRAINS, OUTPUT_GRAINS, Solvent, eventually, question
from tests.doors.upstream import PROMPT_TOKENS, Upstream

from solvent.values.money import Money, plain

pytestmark = pytest.mark.xdist_group("stories_of_streams")

WORDS = 6
ZERO = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
Known = Literal["known", "unknown", "zero"]
# How a client leaves: what it waits for, and what the upstream does meanwhile.
STAGES: dict[str, tuple[bytes, dict[str, Any]]] = {
    "before_the_first_byte": (b"", {"head_s": 0.3}),
    "at_the_first_byte": (b"HTTP/1.1 200", {"pause_s": 0.03}),
    "in_the_middle": (b"word2", {"pause_s": 0.03}),
    "after_the_last_text": (b"word5", {"pause_s": 0.05}),
}


def charge(input_tokens: int, output_tokens: int) -> str:
    return plain(Money(input_tokens * INPUT_GRAINS + output_tokens * OUTPUT_GRAINS, "USD"))


def usage_of(known: Known) -> dict[str, Any]:
    scripts: dict[Known, dict[str, Any]] = {"known": {}, "unknown": {"usage": "none"}, "zero": {"usage": ZERO}}
    return scripts[known]


def leave(solvent: Solvent, stage: str, known: Known, model: str, **script: Any) -> tuple[dict[str, Any], str]:
    """Hang up at a stage; the operator's receipt of it, and the upstream's tag."""
    marker, pace = STAGES[stage]
    tag = uuid.uuid4().hex
    script = {"words": WORDS, "tag": tag, **pace, **usage_of(known), **script}
    talk = solvent.begin(question(script, model=model, user=tag, stream=True))
    if marker:
        talk.until(marker)
    else:
        eventually(lambda: solvent.wallet()["held"] != "0", "the question was not asked")
    talk.hang_up()
    receipt = solvent.receipt_for(tag)
    eventually(lambda: solvent.wallet()["held"] == "0", "the hold did not end")
    return receipt, tag


@pytest.mark.parametrize("known", ["known", "unknown", "zero"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_client_that_leaves_pays_what_the_upstream_really_produced(
    solvent: Solvent, upstream: Upstream, stage: str, known: Known
) -> None:
    """A provider that bills on is read to its report; where it makes none, delivered text is counted."""
    receipt, tag = leave(solvent, stage, known, "scripted")
    expected = {"known": charge(PROMPT_TOKENS, WORDS), "unknown": charge(0, WORDS), "zero": "0"}[known]
    assert receipt["outcome"] == "abandoned"
    assert receipt["charge"] == expected
    assert receipt["usage"]["estimated"] is (known == "unknown")
    assert upstream.one(tag).events >= WORDS + 2, "the upstream was cut off before its report"


@pytest.mark.parametrize("stage", STAGES)
def test_a_provider_that_stops_billing_is_hung_up_on(solvent: Solvent, upstream: Upstream, stage: str) -> None:
    receipt, tag = leave(solvent, stage, "known", "hasty", words=40 if stage != "after_the_last_text" else WORDS)
    assert receipt["outcome"] == "abandoned"
    heard = upstream.one(tag)
    if stage != "after_the_last_text":
        assert heard.gone.wait(5), "the upstream still writes for nobody"
        assert heard.events < 40
        assert receipt["usage"]["output_tokens"] <= heard.events
        assert receipt["usage"]["estimated"] or receipt["charge"] == "0"


def test_a_silent_upstream_is_let_go_when_its_client_left_before_the_first_byte(
    solvent: Solvent, upstream: Upstream
) -> None:
    receipt, tag = leave(solvent, "before_the_first_byte", "known", "hasty", hang="head")
    assert upstream.one(tag).gone.wait(5)
    assert (receipt["outcome"], receipt["charge"]) == ("abandoned", "0")


def test_an_upstream_that_falls_silent_while_it_is_drained_ends_by_its_own_limit(
    solvent: Solvent, upstream: Upstream
) -> None:
    receipt, tag = leave(solvent, "in_the_middle", "known", "brief", hang=5)
    assert upstream.one(tag).gone.wait(5)
    assert (receipt["outcome"], receipt["charge"]) == ("abandoned", charge(0, 4))
    assert receipt["usage"]["estimated"]


def test_draining_stops_at_its_limit_of_bytes(solvent: Solvent, upstream: Upstream) -> None:
    """Twenty megabytes nobody reads: at most eight are fetched for the sake of a report."""
    receipt, tag = leave(
        solvent, "at_the_first_byte", "known", "scripted", words=200, word_bytes=100_000, pause_s=0.001
    )
    heard = upstream.one(tag)
    assert heard.gone.wait(5), "all of it was read"
    assert heard.events < 150
    assert (receipt["outcome"], receipt["usage"]["estimated"]) == ("abandoned", True)


def test_a_client_that_leaves_a_whole_answer_pays_for_it(solvent: Solvent, upstream: Upstream) -> None:
    """Nobody sees a client go that waits for one body: the answer is made, charged and booked all the same."""
    tag = uuid.uuid4().hex
    talk = solvent.begin(question({"tag": tag, "words": WORDS, "pause_s": 0.05}, user=tag))
    eventually(lambda: upstream.of(tag), "the question was not asked")
    talk.hang_up()
    receipt = solvent.receipt_for(tag)
    assert receipt["charge"] == charge(PROMPT_TOKENS, WORDS)


@pytest.mark.parametrize("known", ["known", "unknown", "zero"])
def test_an_upstream_error_in_the_middle_charges_what_was_delivered(solvent: Solvent, known: Known) -> None:
    """Its report counts where it made one; explicit zero is not replaced by an estimate; its words are no output."""
    user = uuid.uuid4().hex
    script = {"words": WORDS, "end": "error", **usage_of(known)}
    solvent.send("POST", "/v1/chat/completions", question(script, user=user, stream=True))
    receipt = solvent.receipt_for(user)
    expected = {"known": charge(PROMPT_TOKENS, WORDS), "unknown": charge(0, WORDS), "zero": "0"}[known]
    assert (receipt["outcome"], receipt["charge"]) == ("broken", expected)


@pytest.mark.parametrize("stream", [False, True])
def test_an_upstream_that_failed_with_no_output_costs_the_customer_nothing(solvent: Solvent, stream: bool) -> None:
    user = uuid.uuid4().hex
    long_excuse = '{"error":{"message":"' + "this is not an answer and not a token of it " * 200 + '"}}'
    answer = solvent.send(
        "POST", "/v1/chat/completions", question({"status": 500, "body": long_excuse}, user=user, stream=stream)
    )
    receipt = solvent.receipt_for(user)
    assert answer.status == 502
    assert (receipt["outcome"], receipt["charge"], receipt["cost"]) == ("failed", "0", "0")
    assert receipt["usage"]["output_tokens"] == 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_silent_upstream_is_booked_at_the_most_it_may_bill_and_charged_at_nothing(
    solvent: Solvent, stream: bool
) -> None:
    user = uuid.uuid4().hex
    solvent.send("POST", "/v1/chat/completions", question({"hang": "head"}, model="brief", user=user, stream=stream))
    receipt = solvent.receipt_for(user)
    assert (receipt["outcome"], receipt["charge"], receipt["usage"]["estimated"]) == ("failed", "0", True)
    assert receipt["cost"] != "0"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("usage", ["none", None])
def test_an_answer_without_a_report_charges_delivered_text_and_never_the_whole_hold(
    solvent: Solvent, stream: bool, usage: object
) -> None:
    user = uuid.uuid4().hex
    solvent.send(
        "POST",
        "/v1/chat/completions",
        question({"words": WORDS, "usage": usage}, user=user, stream=stream, max_tokens=1000),
    )
    receipt = solvent.receipt_for(user)
    assert (receipt["outcome"], receipt["charge"]) == ("answered", charge(0, WORDS))
    assert receipt["usage"]["estimated"]
    assert receipt["cost_input_tokens"] > PROMPT_TOKENS, "what we owe is booked from above"


@pytest.mark.parametrize("stream", [False, True])
def test_an_explicit_zero_is_charged_zero(solvent: Solvent, stream: bool) -> None:
    user = uuid.uuid4().hex
    solvent.send("POST", "/v1/chat/completions", question({"usage": ZERO}, user=user, stream=stream))
    receipt = solvent.receipt_for(user)
    assert (receipt["outcome"], receipt["charge"], receipt["usage"]["estimated"]) == ("answered", "0", False)


def test_the_process_is_killed_in_the_middle_of_streams(serve: Serve) -> None:
    """The holds of a dead process are void at the next start; nothing is charged for what was never acknowledged."""
    server = serve().start()
    wallet = server.wallet()
    script = {"words": 50, "pause_s": 0.05}
    talks = [server.begin(question(script, stream=True)) for _ in range(5)]
    for talk in talks:
        talk.until(b"word1")
    eventually(lambda: len(read_books(server.data).open_holds) == 5, "the holds are not on the disk")
    server.kill()
    for talk in talks:
        talk.hang_up()
    server.start()
    assert "recovered 5 holds" in server.output
    after = server.wallet()
    assert (after["balance"], after["held"]) == (wallet["balance"], "0")
    server.stop()
    check(read_books(server.data))
