"""`solvent serve --workers`: several processes behind one port, with one set of books."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import uuid
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.chat.visits import Browser
from tests.doors.books import check, read_books
from tests.doors.fixtures import CONFIG, Serve, books_of, scripted_model
from tests.doors.server import Answer, Solvent, eventually, question
from tests.doors.upstream import Upstream

pytestmark = [pytest.mark.xdist_group("workers"), pytest.mark.own_process]


@pytest.fixture(scope="module")
def server(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    made = Solvent(tmp_path_factory.mktemp("workers"), CONFIG + scripted_model(upstream)).start("--workers", "2")
    try:
        yield made
        assert made.stop() == 0, made.output
        check(read_books(made.data))
    finally:
        made.kill()


def pids(server: Solvent) -> list[int]:
    assert server.process is not None
    return sorted(child.pid for child in psutil.Process(server.process.pid).children())


def counted(server: Solvent, name: str) -> dict[str, float]:
    """One family of numbers, by worker."""
    answer = server.send("GET", "/metrics", key=server.operator_key)
    assert answer.status == 200
    found: Counter[str] = Counter()
    for family in text_string_to_metric_families(answer.body.decode()):
        for sample in family.samples:
            if sample.name == name:
                found[sample.labels["worker"]] += sample.value  # type: ignore[assignment]
    return dict(found)


def ask_until(server: Solvent, workers: int) -> int:
    """Ask until so many workers have answered; how often that was. Each connection goes to one of them by chance."""
    for asked in range(1, 101):
        assert server.send("POST", "/v1/chat/completions", question()).status == 200
        told = eventually(lambda: counted(server, "solvent_answers_total"), "nothing is counted")
        if len(told) >= workers:
            return asked
    raise AssertionError(f"a hundred questions went to fewer than {workers} workers")


def test_all_workers_answer_and_whichever_is_asked_tells_of_all(server: Solvent) -> None:
    asked = ask_until(server, 2)
    eventually(lambda: sum(counted(server, "solvent_answers_total").values()) == asked, "some answers are not counted")
    assert len(counted(server, "process_resident_memory_bytes")) == 2
    # They look for each other twice a second, so one that has just started may think that it is alone.
    eventually(lambda: all(tells_of(server, asked) for _ in range(8)), "some are not told of")


def tells_of(server: Solvent, asked: int) -> bool:
    """Whether whichever worker is asked knows of so many answers."""
    told = first_event(server)
    return told["today"]["answers"] == asked and len(told["receipts"]) == min(asked, 50)


def first_event(server: Solvent) -> dict[str, dict[str, int]]:
    """What the live page knows when it is opened."""
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    connection.request("GET", "/v1/live", headers={"authorization": f"Bearer {server.operator_key}"})
    response = connection.getresponse()
    try:
        while True:
            line = response.readline()
            assert line, "the live page ended"
            if line.startswith(b"data: "):
                found: dict[str, dict[str, int]] = json.loads(line[6:])
                return found
    finally:
        connection.close()


def test_the_live_page_hears_of_what_other_workers_answer(server: Solvent) -> None:
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    connection.request("GET", "/v1/live", headers={"authorization": f"Bearer {server.operator_key}"})
    response = connection.getresponse()
    before = first_event(server)["today"]["answers"]
    asked: set[str] = set()
    for _ in range(12):
        answer = server.send("POST", "/v1/chat/completions", question())
        asked.add(answer.headers["x-request-id"])
    heard: list[str] = []
    latest = 0
    while not asked <= set(heard) or latest < before + 12:
        line = response.readline()
        assert line, "the live page ended"
        if line.startswith(b"data: ") and "receipt" in (told := json.loads(line[6:])):
            heard.append(told["receipt"]["id"])
            latest = told["today"]["answers"]
    connection.close()
    assert len(heard) == len(set(heard)), "some were told twice"


def test_a_worker_that_is_killed_is_started_again_and_the_others_go_on(server: Solvent) -> None:
    before = pids(server)
    assert len(before) == 2
    os.kill(before[1], signal.SIGKILL)
    eventually(lambda: len(pids(server)) == 2 and pids(server) != before, "it was not started again")
    for _ in range(20):
        assert eventually(lambda: answered(server), "nobody answers")
    eventually(lambda: len(counted(server, "process_resident_memory_bytes")) == 2, "the new one tells nothing")
    assert f"ended with {-signal.SIGKILL}" in server.output
    assert "started again" in server.output


def answered(server: Solvent) -> bool:
    try:
        return server.send("POST", "/v1/chat/completions", question()).status == 200
    except (OSError, http.client.HTTPException):  # it went to the one that was killed
        return False


def test_the_same_key_is_answered_once_by_whichever_worker(server: Solvent, upstream: Upstream) -> None:
    key, tag = uuid.uuid4().hex, uuid.uuid4().hex
    body = question({"tag": tag, "words": 3}, stream=True)

    def ask(asked: object = body) -> Answer | None:
        answer = server.send("POST", "/v1/chat/completions", asked, headers={"idempotency-key": key})
        return None if answer.status == 409 else answer  # what was told is kept a moment after it was told

    told = [eventually(ask, "it stays under way") for _ in range(12)]
    assert {one.status for one in told} == {200}, told
    assert len({one.body for one in told}) == 1
    assert len({one.headers["x-request-id"] for one in told}) == 1
    assert len(upstream.of(tag)) == 1
    other = {eventually(lambda: ask(question({"tag": tag})), "it stays under way").status for _ in range(8)}
    assert other == {422}


def test_workers_end_with_the_one_who_watches_them(serve: Serve) -> None:
    server = serve().start("--workers", "2")
    children = [psutil.Process(pid) for pid in pids(server)]
    assert len(children) == 2
    server.kill()
    _, left = psutil.wait_procs(children, timeout=20)
    assert not left
    books_of(server)


def test_being_told_to_stop_lets_the_streams_of_all_workers_end(serve: Serve) -> None:
    server = serve().start("--workers", "2")
    script = {"words": 20, "pause_s": 0.05}
    talks = [server.begin(question(script, stream=True)) for _ in range(8)]
    for talk in talks:
        talk.until(b"word1")
    process = server.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    for talk in talks:
        talk.until(b"[DONE]")
    assert process.wait(20) == 0, server.output
    assert {receipt.outcome for receipt in books_of(server).receipts.values()} == {"answered"}
    assert server.output.count("\nready ") == 1


def test_what_keeps_a_worker_from_starting_is_told_in_one_line(serve: Serve, upstream: Upstream) -> None:
    server = serve(CONFIG + scripted_model(upstream, key="env:NOT_SET_ANYWHERE"))
    assert server.launch("--workers", "2").wait(60) == 2
    said = (server.folder / "stderr").read_text()
    assert "NOT_SET_ANYWHERE" in said
    assert said.count("\n") == 1
    assert "ready" not in server.output


def test_a_second_service_on_the_port_of_workers_is_refused(server: Solvent, serve: Serve) -> None:
    port = server.url.rpartition(":")[2]
    for arguments in ([], ["--workers", "2"]):
        other = serve(folder=f"other-{len(arguments)}")
        assert other.launch("--port", port, *arguments).wait(60) == 2
        assert "--port" in other.output


def test_workers_is_a_number_of_processes(serve: Serve) -> None:
    process = serve().launch("--workers", "0")
    assert isinstance(process, subprocess.Popen)
    assert process.wait(60) == 2


def test_an_upstream_that_fails_at_one_worker_is_told_of_by_all(server: Solvent) -> None:
    """On Today, on the page of models and to monitors, whichever worker is asked; until it answers again."""
    where = urlsplit(server.url)
    at_one = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)  # one connection, one worker

    def ask(script: dict[str, object]) -> int:
        headers = {"authorization": f"Bearer {server.key}", "content-type": "application/json"}
        at_one.request("POST", "/v1/chat/completions", json.dumps(question(script)), headers)
        response = at_one.getresponse()
        response.read()
        return response.status

    browsers = [Browser(server) for _ in range(6)]
    for browser in browsers:
        browser.send("/console/sign-in", "/console/sign-in", key=server.operator_key)

    def told() -> set[bool]:
        return {"scripted-upstream does not answer" in browser.get("/console").text for browser in browsers}

    def monitored() -> list[float]:
        text = server.send("GET", "/metrics", key=server.operator_key).body.decode()
        families = {family.name: family for family in text_string_to_metric_families(text)}
        return [sample.value for sample in families["solvent_upstream_failing"].samples]

    assert told() == {False}
    assert monitored() == []
    for _ in range(3):
        ask({"status": 500, "body": ""})
    eventually(lambda: told() == {True}, "some worker does not tell of it")
    assert {tuple(monitored()) for _ in range(6)} == {(1.0,)}
    assert "1 of 2 processes say so" in browsers[0].get("/console/models").text
    eventually(lambda: ask({"words": 1}) == 200, "it is never tried again", 30)
    eventually(lambda: told() == {False}, "some worker still tells of it")
    at_one.close()
