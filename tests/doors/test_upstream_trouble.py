"""Every way in which an upstream can fail: what the client is told, what the receipt says, and what is charged."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.doors.server import OUTPUT_GRAINS, UPSTREAM_KEY, Answer, Solvent, events_of, question
from tests.doors.upstream import Upstream
from tests.wire.proxies import PASSWORD, LocalProxy

from solvent.routing.retry import SHARE
from solvent.values.money import Money, plain

pytestmark = pytest.mark.xdist_group("upstream_trouble")

SAYS = json.dumps({"error": {"message": "no good: {key}", "type": "x", "param": "messages", "code": "bad"}})
HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"
EVENT = 'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n'


@dataclass(frozen=True)
class Trouble:
    """A script, and what must come of it before anything was delivered."""

    script: dict[str, Any]
    status: int
    code: str
    model: str = "scripted"
    said: str = ""
    headers: dict[str, str] = field(default_factory=dict)


AT_ONCE = {
    "refused_400": Trouble({"status": 400, "body": SAYS}, 400, "upstream_refused", said="no good"),
    "refused_404": Trouble({"status": 404, "body": SAYS}, 400, "upstream_refused", said="no good"),
    "refused_413": Trouble({"status": 413, "body": "too long"}, 400, "upstream_refused", said="413"),
    "refused_422": Trouble(
        {"status": 422, "body": '{"error": "as a text"}'}, 400, "upstream_refused", said="as a text"
    ),
    "key_401": Trouble({"status": 401, "body": SAYS}, 502, "upstream_key_refused"),
    "key_403": Trouble({"status": 403, "body": SAYS}, 502, "upstream_key_refused"),
    "busy_429": Trouble({"status": 429, "body": SAYS}, 429, "upstream_busy", headers={"retry-after": "5"}),
    "failed_500": Trouble({"status": 500, "body": SAYS}, 502, "upstream_failed", said="no good"),
    "failed_503": Trouble({"status": 503, "body": SAYS}, 502, "upstream_failed", said="no good"),
    "failed_html": Trouble({"status": 502, "body": HTML, "type": "text/html"}, 502, "upstream_failed"),
    "failed_empty": Trouble({"status": 500, "body": ""}, 502, "upstream_failed"),
    "failed_at_length": Trouble({"status": 500, "body": "x" * 300_000}, 502, "upstream_failed"),
    "refused_at_length": Trouble({"status": 400, "body": "x" * 300_000}, 400, "upstream_refused"),
    "failed_nested": Trouble({"status": 500, "body": '{"error":' * 7000}, 502, "upstream_failed"),
    "redirect": Trouble({"status": 302, "body": ""}, 502, "upstream_failed"),
    "html": Trouble({"body": HTML, "type": "text/html"}, 502, "upstream_garbage"),
    "empty": Trouble({"body": ""}, 502, "upstream_garbage"),
    "garbage": Trouble({"body": "{]"}, 502, "upstream_garbage"),
    "array": Trouble({"body": "[1, 2]"}, 502, "upstream_garbage"),
    "not_utf8": Trouble({"body": '{"choices":[{"message":{"content":"\xff\xfe"}}]}'}, 502, "upstream_garbage"),
    "nested": Trouble({"body": '{"choices":[],"x":' + "[" * 9000 + "]" * 9000 + "}"}, 502, "upstream_garbage"),
    "no_choices": Trouble({"body": '{"id":"x","choices":[]}'}, 502, "upstream_garbage"),
    "other_object": Trouble({"body": '{"detail":"hello"}'}, 502, "upstream_garbage"),
    "choices_of_another_kind": Trouble({"body": '{"choices":{"a":1}}'}, 502, "upstream_garbage"),
    "silent": Trouble({"hang": "head"}, 504, "upstream_timeout", "brief"),
    "unreachable": Trouble({}, 502, "upstream_unreachable", "nowhere"),
}
AT_ONCE_WHOLE = {
    "error_in_a_200": Trouble({"body": SAYS}, 502, "upstream_failed", said="no good"),
    "half": Trouble({"end": "half"}, 502, "upstream_garbage"),
    "cut": Trouble({"end": "cut"}, 502, "upstream_cut_off"),
    "an_event_stream": Trouble({"body": EVENT % "hi" + "data: [DONE]\n\n"}, 502, "upstream_garbage"),
}
AT_ONCE_STREAM = {
    "wrong_content_type": Trouble({"type": "application/json"}, 502, "upstream_garbage"),
    "error_in_a_200": Trouble({"body": SAYS}, 502, "upstream_garbage"),
    "error_as_first_event": Trouble(
        {"body": f"data: {SAYS}\n\n", "type": "text/event-stream"}, 502, "upstream_failed", said="no good"
    ),
    "nothing": Trouble({"body": "", "type": "text/event-stream"}, 502, "upstream_cut_off"),
    "garbage_as_first_event": Trouble({"body": "data: {]\n\n", "type": "text/event-stream"}, 502, "upstream_garbage"),
}


def ask(solvent: Solvent, trouble: Trouble, **members: Any) -> tuple[Answer, dict[str, Any]]:
    """The response and the operator's receipt; neither may hold our key, nor the response our vendor's name."""
    user = uuid.uuid4().hex
    asked = question(trouble.script, model=trouble.model, user=user, **members)
    answer = solvent.send("POST", "/v1/chat/completions", asked)
    receipt = solvent.receipt_for(user)
    for text in (answer.body.decode(), str(answer.headers), json.dumps(receipt), solvent.output):
        assert UPSTREAM_KEY not in text
    for internal in (b"some-vendor", b"scripted-upstream", b"127.0.0.1"):
        assert internal not in answer.body
    return answer, receipt


def told(answer: Answer, trouble: Trouble, receipt: dict[str, Any]) -> None:
    """The right status and body, nothing charged, and the reason on the receipt."""
    assert answer.status == trouble.status, answer.body
    assert answer.error["code"] == trouble.code
    assert trouble.said in answer.error["message"]
    assert answer.headers["x-request-id"] == receipt["id"]
    assert trouble.headers.items() <= answer.headers.items()
    assert (receipt["outcome"], receipt["error_code"]) == ("failed", trouble.code)
    assert receipt["charge"] == "0"


@pytest.mark.parametrize("name", AT_ONCE | AT_ONCE_WHOLE)
def test_a_whole_answer_that_fails_is_told_and_free(solvent: Solvent, name: str) -> None:
    trouble = (AT_ONCE | AT_ONCE_WHOLE)[name]
    answer, receipt = ask(solvent, trouble)
    told(answer, trouble, receipt)


@pytest.mark.parametrize("name", AT_ONCE | AT_ONCE_STREAM)
def test_a_stream_that_fails_at_once_has_a_status_of_its_own(solvent: Solvent, name: str) -> None:
    trouble = (AT_ONCE | AT_ONCE_STREAM)[name]
    answer, receipt = ask(solvent, trouble, stream=True)
    told(answer, trouble, receipt)


IN_THE_MIDDLE: dict[str, tuple[dict[str, Any], str, str]] = {
    "cut": ({"end": "cut"}, "scripted", "upstream_cut_off"),
    "reset": ({"end": "reset", "pause_s": 0.02}, "scripted", "upstream_cut_off"),
    "no_done": ({"end": "no_done"}, "scripted", "upstream_cut_off"),
    "error_event": ({"end": "error"}, "scripted", "upstream_failed"),
    "garbage": ({"end": "garbage"}, "scripted", "upstream_garbage"),
    "html": ({"end": "html"}, "scripted", "upstream_cut_off"),
    "silence": ({"hang": 6}, "brief", "upstream_timeout"),
}


@pytest.mark.parametrize("name", IN_THE_MIDDLE)
@pytest.mark.parametrize("include_usage", [False, True])
def test_a_stream_that_breaks_ends_with_an_error_event(solvent: Solvent, name: str, include_usage: bool) -> None:
    script, model, code = IN_THE_MIDDLE[name]
    trouble = Trouble({"usage": "none", **script}, 200, code, model)
    answer, receipt = ask(solvent, trouble, stream=True, stream_options={"include_usage": include_usage})
    *before, last = events_of(answer.body)
    assert answer.status == 200
    assert (last["error"]["code"], "choices" in last) == (code, False)
    assert "[DONE]" not in before
    words = "".join(event["choices"][0]["delta"].get("content") or "" for event in before)
    assert words == "word0 word1 word2 word3 word4 "
    assert (receipt["outcome"], receipt["error_code"], receipt["usage"]["estimated"]) == ("broken", code, True)
    assert receipt["charge"] == plain(Money(5 * OUTPUT_GRAINS, "USD")), "what was delivered, and nothing else"


@pytest.mark.parametrize("name", sorted(set(IN_THE_MIDDLE) - {"silence"}))
def test_a_stream_that_breaks_after_its_report_is_charged_by_it(solvent: Solvent, name: str) -> None:
    script, model, code = IN_THE_MIDDLE[name]
    answer, receipt = ask(solvent, Trouble(script, 200, code, model), stream=True)
    assert events_of(answer.body)[-1]["error"]["code"] == code
    assert (receipt["outcome"], receipt["usage"]["estimated"]) == ("broken", False)
    assert (receipt["usage"]["input_tokens"], receipt["usage"]["output_tokens"]) == (11, 5)


def test_an_event_beyond_the_limit_ends_the_stream(solvent: Solvent) -> None:
    answer, receipt = ask(solvent, Trouble({"words": 1, "word_bytes": 5 << 20}, 200, ""), stream=True)
    assert events_of(answer.body)[-1]["error"]["code"] == "upstream_event_too_large"
    assert receipt["charge"] == "0", "not one word of it was delivered"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("split", [1, 3, 7])
def test_bytes_may_come_in_any_pieces(solvent: Solvent, stream: bool, split: int) -> None:
    answer, receipt = ask(solvent, Trouble({"split": split, "words": 3}, 200, ""), stream=stream)
    assert answer.status == 200
    assert (receipt["outcome"], receipt["usage"]["output_tokens"]) == ("answered", 3)


@pytest.mark.parametrize("stream", [False, True])
def test_slow_pieces_are_waited_for(solvent: Solvent, stream: bool) -> None:
    """Each pause is shorter than the silence that is allowed; together they are longer."""
    trouble = Trouble({"pause_s": 0.25 if stream else 0.05, "words": 4}, 200, "", "brief")
    answer, receipt = ask(solvent, trouble, stream=stream)
    assert (answer.status, receipt["outcome"]) == (200, "answered")


def test_members_and_nulls_that_servers_add_do_no_harm(solvent: Solvent) -> None:
    """vLLM sends an empty list of tool calls in every delta, others a null error."""
    script = {"deltas": {"tool_calls": [], "refusal": None, "reasoning_content": None}, "members": {"error": None}}
    for stream in (False, True):
        answer, receipt = ask(solvent, Trouble({**script, "usage": "none"}, 200, ""), stream=stream)
        assert answer.status == 200
        assert (receipt["outcome"], receipt["usage"]["output_tokens"]) == ("answered", 5)


def test_a_dead_upstream_does_not_stop_the_others(solvent: Solvent, upstream: Upstream) -> None:
    talks = [solvent.begin(question({"hang": "head", "tag": "dead"}, model="brief", stream=True)) for _ in range(50)]
    answer, _ = ask(solvent, Trouble({}, 200, ""))
    assert answer.status == 200
    for talk in talks:
        talk.until(b"upstream_timeout")
        talk.hang_up()
    assert len(upstream.of("dead")) == 50
    assert solvent.wallet()["held"] == "0"


@pytest.mark.parametrize("stream", [False, True])
def test_another_upstream_answers_and_the_client_never_knows(solvent: Solvent, stream: bool) -> None:
    """Two of a model's upstreams cannot be reached, and the third speaks another dialect than it is asked in."""
    answer, receipt = ask(solvent, Trouble({"words": 3}, 200, "", "doubled"), stream=stream)
    assert answer.status == 200
    assert b"word0" in answer.body
    assert answer.headers["x-request-id"] == receipt["id"]
    assert (receipt["outcome"], receipt["provider"], receipt["upstream"]) == ("answered", "anthropic", "second")
    tries = ["some-vendor:upstream_unreachable", "openai_compatible:upstream_unreachable"]
    assert receipt["tries"] == tries or receipt["tries"] == [], "once they are shut nobody tries them first"
    assert receipt["lost_cost"] == "0"


TIMEOUTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "connect_s": ("deaf", {}, "upstream_unreachable"),
    "first_byte_s": ("patient", {"hang": "head"}, "upstream_timeout"),
    "silence_s before the first token": ("patient", {"hang": 0}, "upstream_timeout"),
    "total_s": ("hurried", {"hang": "head"}, "upstream_timeout"),
}


@pytest.mark.parametrize("limit", TIMEOUTS)
@pytest.mark.parametrize("stream", [False, True])
def test_every_time_limit_before_the_first_byte_goes_on_to_the_next_upstream(
    solvent: Solvent, limit: str, stream: bool
) -> None:
    model, script, code = TIMEOUTS[limit]
    for _ in range(SHARE):  # it is well until now, and what other tests have spent of the retry budget is earned again
        ask(solvent, Trouble({}, 200, "", "scripted" if model == "deaf" else model))
    if "hang" in script and not stream:
        script = {"hang": "head"}
    answer, receipt = ask(solvent, Trouble({**script, "only": "scripted-upstream"}, 200, "", model), stream=stream)
    assert (answer.status, receipt["outcome"], receipt["upstream"]) == (200, "answered", "second")
    assert receipt["tries"] == [f"some-vendor:{code}"]
    asked = code == "upstream_timeout"
    assert (receipt["lost_cost"] != "0") == asked, "what was never sent cannot be billed; what was taken may be"


def test_a_whole_answer_that_takes_too_long_ends_in_its_middle(solvent: Solvent) -> None:
    answer, receipt = ask(solvent, Trouble({"pause_s": 0.12, "words": 50}, 200, "", "hurried"), stream=True)
    assert events_of(answer.body)[-1]["error"]["code"] == "upstream_timeout"
    assert (receipt["outcome"], receipt["error_code"], receipt["tries"]) == ("broken", "upstream_timeout", [])


@pytest.mark.parametrize("stream", [False, True])
def test_a_provider_behind_a_proxy_answers_like_any_other(solvent: Solvent, proxy: LocalProxy, stream: bool) -> None:
    before = len(proxy.heads)
    answer, receipt = ask(solvent, Trouble({"words": 3}, 200, "", "proxied"), stream=stream)
    assert (answer.status, receipt["outcome"], receipt["usage"]["output_tokens"]) == (200, "answered", 3)
    assert len(proxy.heads) == before + 1
    assert PASSWORD not in solvent.output
    assert PASSWORD not in solvent.run("config").stdout


def test_a_proxy_that_is_down_is_told_and_free(solvent: Solvent) -> None:
    answer, receipt = ask(solvent, Trouble({}, 502, "", "proxied_nowhere"))
    assert (answer.status, answer.error["code"], receipt["charge"]) == (502, "upstream_unreachable", "0")


def test_a_second_upstream_answers_where_the_first_does_not_begin(solvent: Solvent, upstream: Upstream) -> None:
    for _ in range(SHARE):
        ask(solvent, Trouble({}, 200, "", "scripted"))
    script = {"hang": "head", "only": "scripted-upstream", "tag": "outrun"}
    answer, receipt = ask(solvent, Trouble(script, 200, "", "hedged"), stream=True)
    assert (answer.status, events_of(answer.body)[-1]) == (200, "[DONE]")
    assert (receipt["outcome"], receipt["upstream"], receipt["tries"]) == ("answered", "second", ["some-vendor:outrun"])
    assert receipt["lost_cost"] != "0"
    [first] = upstream.of("outrun")
    assert first.gone.wait(5), "whoever lost is let go when the answer has ended"
