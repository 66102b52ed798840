"""`solvent tail`: what it shows of a live view, and that it follows a service over its restart."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.doors.fixtures import Serve
from tests.doors.server import question
from tests.ports import unused_port

from solvent.cli.tail import Tail, line_of
from solvent.cli.wording import Speaker

pytestmark = pytest.mark.xdist_group("tail")

SEOUL = ZoneInfo("Asia/Seoul")


def receipt(id: str, **members: Any) -> dict[str, Any]:
    """A receipt as the live view tells it."""
    usage = {"input_tokens": 60, "cached_input_tokens": 10, "cache_write_tokens": 0, "image_input_tokens": 20,
             "audio_input_tokens": 10, "output_tokens": 1100, "reasoning_tokens": 34, "image_output_tokens": 70,
             "audio_output_tokens": 30}  # fmt: skip
    return {
        "id": id, "at": "2026-11-27T03:04:05Z", "customer": "cus_1", "model": "quick", "outcome": "answered",
        "error_code": None, "usage": usage, "charge": "12.5", "cost": "4", "margin": "8.5", "currency": "KRW",
        "total_ms": 1234, "tries": [],
    } | members  # fmt: skip


def state(*receipts: dict[str, Any]) -> dict[str, Any]:
    """What the live view begins with."""
    return {"receipts": list(receipts), "names": {"cus_1": "한빛", "cus_2": "Nimbus"}, "time_zone": "Asia/Seoul"}


def tailed(
    *events: dict[str, Any], customer: str = "", model: str = "", failed: bool = False, last: int = 10
) -> list[str]:
    """The ids that are shown."""
    shown: list[str] = []
    tail = Tail(customer, model, failed, last, lambda receipt, _name, _zone: shown.append(receipt["id"]))
    for event in events:
        tail.hear(event)
    return shown


def new(id: str, **members: Any) -> dict[str, Any]:
    """An event of one answer."""
    return {"receipt": receipt(id, **members), "name": "한빛"}


def test_begins_with_the_last_ones_and_goes_on() -> None:
    assert tailed(state(*map(receipt, "abc")), new("d"), last=2) == ["b", "c", "d"]
    assert tailed(state(*map(receipt, "abc")), new("d"), last=0) == ["d"]


def test_after_a_restart_shows_what_was_missed_and_nothing_twice() -> None:
    assert tailed(state(receipt("a")), new("b"), state(*map(receipt, "abc")), new("c"), last=0) == ["b", "c"]


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ({"customer": "cus_2"}, ["b", "e"]), ({"customer": "Nimbus"}, ["b", "e"]), ({"model": "deep"}, ["c"]),
        ({"failed": True}, ["e"]), ({"customer": "한빛", "model": "quick"}, ["a", "d"]), ({"customer": "nobody"}, []),
    ],
)  # fmt: skip
def test_shows_only_what_is_asked_for(wanted: dict[str, Any], shown: list[str]) -> None:
    first = state(receipt("a"), receipt("b", customer="cus_2"), receipt("c", model="deep"))
    assert tailed(first, new("d"), new("e", customer="cus_2", outcome="broken"), **wanted) == shown


def test_a_line_says_all_of_it_in_both_languages() -> None:
    broken = receipt("a", outcome="broken", error_code="upstream_cut_off", tries=["some:upstream_busy"])
    line = line_of(broken, "한빛", SEOUL, Speaker("ko"))
    for part in (
        "12:04:05",
        "한빛",
        "quick",
        "100+1,234",
        "12.5원",
        "4.0원",
        "8.5원",
        "1.23초",
        "upstream_cut_off",
        "2",
    ):
        assert part in line, (part, line)
    english = line_of(receipt("a"), "", SEOUL, Speaker("en"))
    assert "cus_1" in english
    assert "1.23 s" in english
    assert "tr" not in english.partition("answered")[2], "one try is not worth a word"


def test_follows_a_service_over_its_restart(serve: Serve) -> None:
    server = serve()
    port = str(unused_port())
    server.start("--port", port)
    server.send("POST", "/v1/chat/completions", question(user="first"))
    arguments = [sys.executable, "-m", "solvent.cli.main", "tail", "--json", "--data", str(server.data)]
    customers = server.environment | {"CUSTOMER": server.key}
    done = subprocess.run([*arguments, "--key", "env:CUSTOMER"], capture_output=True, text=True, env=customers)
    assert (done.returncode, "does not let this key look" in done.stderr) == (2, True), done
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=server.environment
    ) as tail:  # fmt: skip
        assert tail.stdout is not None
        assert tail.stderr is not None
        try:
            assert json.loads(tail.stdout.readline())["user"] == "first"
            server.send("POST", "/v1/chat/completions", question({"status": 400, "body": ""}, user="second"))
            line = json.loads(tail.stdout.readline())
            assert (line["user"], line["outcome"], line["name"]) == ("second", "failed", "First customer")
            assert server.stop() == 0
            server.start("--port", port)
            server.send("POST", "/v1/chat/completions", question(user="third"))
            assert json.loads(tail.stdout.readline())["user"] == "third"
        finally:
            tail.send_signal(signal.SIGINT)
        assert tail.wait(20) == 130
        said = tail.stderr.read()
        assert "Traceback" not in said
        assert said.count("\n") == 1, "it says once that it tries again"


def test_says_what_is_missing(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "solvent.cli.main", "tail", "--data", str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "--url and --key" in done.stderr) == (2, True), done
    keyed = [*arguments, "--url", "http://127.0.0.1:1", "--key", "env:HOME"]
    done = subprocess.run(keyed, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done
