"""`solvent serve` as a process: refusals in one line, a first run, a second, and an orderly end."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.doors.books import check, read_books
from tests.doors.fixtures import CONFIG, Serve, books_of, scripted_model
from tests.doors.server import Solvent, eventually, question
from tests.doors.upstream import Upstream
from tests.ports import unused_port

pytestmark = pytest.mark.xdist_group("serve")

MODEL = (
    '[[models]]\nname = "m"\nprovider = "{}"\nbase_url = "{}"\ncost_card = "doors-cost"\nprice_card = "doors-price"\n'
)
REMOTE = MODEL.format("openai_compatible", "http://127.0.0.1:1/v1")

BROKEN: dict[str, tuple[str, str]] = {
    "not TOML": ("currency = = 5", "is not TOML"),
    "not text": ("currency = '\udcff'", "is not TOML"),
    "an unknown field": (CONFIG.replace("top_up_url", "top_up_uri"), "top_up_uri"),
    "an unknown field of a model": (CONFIG + REMOTE + "prise_card = 'x'\n", "prise_card"),
    "a wrong type": (CONFIG.replace("false", '"perhaps"'), "house_model"),
    "an unknown currency": (CONFIG.replace("USD", "DOGE"), "DOGE"),
    "an unknown time zone": ('time_zone = "Mars/Olympus"\n' + CONFIG, "Mars/Olympus"),
    "two models of one name": (CONFIG + REMOTE + REMOTE, "twice"),
    "a model without an address": (CONFIG + MODEL.format("openai_compatible", ""), "base_url"),
    "an address that makes no sense": (CONFIG + MODEL.format("openai_compatible", "ftp://x"), "model 'm'"),
    "an unknown provider": (CONFIG + MODEL.format("telepathy", "http://x/v1"), "telepathy"),
    "a key written out": (CONFIG + REMOTE + 'key = "sk-written-out-secret"\n', "by reference"),
    "a secret that is not set": (CONFIG + REMOTE + 'key = "env:NOT_SET_ANYWHERE"\n', "NOT_SET_ANYWHERE"),
    "a secret file that is not there": (CONFIG + REMOTE + 'key = "file:nowhere.txt"\n', "nowhere.txt"),
    "a rate card that is not there": (CONFIG + REMOTE.replace("doors-cost", "no-such-card"), "no-such-card"),
    "a senseless grant": (CONFIG.replace('"1000"', '"lots"'), "first_run.grant"),
    "an unknown plan": (CONFIG + 'plan = "gold"\n', "gold"),
    "a timeout of nothing": (CONFIG + REMOTE + "silence_s = 0\n", "silence_s"),
}


def refuses(server: Solvent, *arguments: str) -> str:
    """The one line on stderr with which it refuses to start."""
    process = server.launch(*arguments)
    assert process.wait(60) == 2, server.output
    said = (server.folder / "stderr").read_text()
    assert said.startswith("solvent: ")
    assert said.count("\n") == 1, f"more than one line: {said}"
    assert len(said) < 500
    assert "ready" not in (server.folder / "stdout").read_text()
    return said


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_configuration_is_refused_in_one_line(serve: Serve, name: str) -> None:
    config, named = BROKEN[name]
    server = serve(CONFIG)
    server.config.write_bytes(config.encode("utf-8", "surrogateescape"))
    said = refuses(server)
    assert named in said
    assert "sk-written-out-secret" not in said


def test_a_broken_rate_card_is_refused_in_one_line(serve: Serve) -> None:
    server = serve()
    for text in ("card: [", "card: x\ncurrency: USD\nentries: 5", "- 1\n- 2\n", "card: x\ncurrency: USD\nentries:\n"
                 "  - {from: 2026-01-01, input: a few, output: 1}\n"):  # fmt: skip
        (server.folder / "rate_cards" / "broken.yaml").write_text(text)
        (server.folder / "stderr").unlink(missing_ok=True)
        assert "broken.yaml" in refuses(server)


@pytest.mark.own_process
def test_a_configuration_that_is_not_there_is_refused(serve: Serve) -> None:
    server = serve()
    server.config.unlink()
    assert "solvent.toml" in refuses(server)


def test_a_port_that_is_taken_is_refused(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refuses(serve(), "--port", str(port))
    assert str(port) in said
    assert "--port" in said


def test_an_address_that_is_not_ours_is_refused(serve: Serve) -> None:
    assert "192.0.2.1" in refuses(serve(), "--host", "192.0.2.1")


def test_a_data_directory_that_cannot_be_written_is_refused(serve: Serve, tmp_path: Path) -> None:
    """Even root cannot make these."""
    (tmp_path / "file").write_text("")
    for n, data in enumerate((tmp_path / "file" / "below", Path("/proc/solvent"))):
        server = serve(folder=f"server-{n}")
        server.data = data
        said = refuses(server)
        assert str(data) in said
        assert "--data" in said


def test_a_file_where_the_data_directory_would_be_is_refused(serve: Serve) -> None:
    server = serve()
    server.data.write_text("")
    assert server.launch().wait(60) == 2
    assert str(server.data) in server.output


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_data_directory_of_somebody_else_is_refused(serve: Serve) -> None:
    server = serve()
    server.data.mkdir(mode=0o500)
    assert str(server.data) in refuses(server)


def test_a_second_server_on_the_same_directory_is_refused(serve: Serve) -> None:
    first, second = serve().start(), serve(folder="second")
    second.data = first.data
    assert str(first.data) in refuses(second)
    assert first.send("GET", "/v1/models").status == 200


@pytest.mark.own_process
def test_the_first_run_writes_keys_for_their_owner_only(serve: Serve) -> None:
    server = serve().start()
    file = server.data / "first-run.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(server.keys) == {"api_key", "operator_key", "url"}
    assert server.keys["url"] == server.url
    assert server.key in server.output
    assert server.wallet()["balance"] == "1000"


def test_a_first_customer_may_be_given_nothing(serve: Serve, upstream: Upstream) -> None:
    config = CONFIG.replace('grant = "1000"', 'grant = "0"') + scripted_model(upstream)
    server = serve(config=config).start()
    assert server.wallet()["balance"] == "0"
    assert server.stop() == 0
    assert server.start().wallet()["balance"] == "0"


def test_a_second_start_goes_on_where_the_first_was(serve: Serve) -> None:
    server = serve().start()
    keys = server.keys
    id, key = server.customer(grant="5")
    answers = [server.send("POST", "/v1/chat/completions", question(), key) for _ in range(3)]
    receipts = [server.receipt(answer.headers["x-request-id"]) for answer in answers]
    before, margin = server.wallet(key), server.operate("GET", "/v1/margin?group_by=customer")
    for _ in range(2):
        assert server.stop() == 0
        server.start()
        assert {**server.keys, "url": ""} == {**keys, "url": ""}, "the keys changed"
        assert server.keys["url"] == server.url
        assert server.wallet(key) == before
        assert [server.receipt(receipt["id"]) for receipt in receipts] == receipts
        assert server.operate("GET", "/v1/margin?group_by=customer") == margin
    assert server.send("POST", "/v1/chat/completions", question(), key).status == 200
    assert server.stop() == 0
    assert books_of(server).balance(id) == 5 * 10**9 - 4 * 9300


def test_lost_keys_are_not_made_again(serve: Serve) -> None:
    """Who deletes the file keeps what it said; a restart gives nobody new power over the old books."""
    server = serve().start()
    keys = server.keys
    server.stop()
    (server.data / "first-run.json").unlink()
    server.start()
    assert not (server.data / "first-run.json").exists()
    assert server.send("GET", "/v1/key", key=keys["api_key"]).status == 200


@pytest.mark.own_process
def test_ready_is_said_when_requests_are_accepted_and_not_before(serve: Serve) -> None:
    server = serve()
    port = unused_port()
    seen: list[bool] = []

    def knock() -> None:
        while not seen or not seen[-1]:
            said_ready = "\nready " in (server.folder / "stdout").read_text() if server.process else False
            with socket.socket() as knocking:
                open_ = knocking.connect_ex(("127.0.0.1", port)) == 0
            assert open_ or not said_ready, "ready was said while connections were refused"
            seen.append(open_)

    server.launch("--port", str(port))
    knocking = threading.Thread(target=knock)
    knocking.start()
    knocking.join(30)
    assert seen[-1]
    eventually(lambda: "\nready " in server.output, "ready was never said")
    server.url = f"http://127.0.0.1:{port}"
    assert server.send("GET", "/readyz", key="").json == {"status": "ok"}
    assert server.send("GET", "/healthz", key="").status == 200


@pytest.mark.own_process
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_being_told_to_stop_lets_streams_end(serve: Serve, how: signal.Signals) -> None:
    server = serve().start()
    script = {"words": 20, "pause_s": 0.05}
    talks = [server.begin(question(script, stream=True, stream_options={"include_usage": True})) for _ in range(5)]
    whole = server.begin(question({"words": 5, "pause_s": 0.1}))
    leaving = server.begin(question(script, stream=True))
    for talk in (*talks, leaving):
        talk.until(b"word1")
    process = server.process
    assert process is not None
    process.send_signal(how)
    leaving.hang_up()
    charges = []
    for talk in talks:
        body = talk.until(b"[DONE]")
        bill = [line for line in body.split(b"\n\n") if b'"solvent"' in line]
        charges.append(json.loads(bill[0].split(b"data: ")[1])["solvent"])
    whole.until(b"word4")
    assert process.wait(20) == 0, server.output
    books = books_of(server)
    assert len(books.receipts) == 7
    for bill in charges:
        assert books.receipts[bill["answer"]].outcome == "answered"
    assert {receipt.outcome for receipt in books.receipts.values()} == {"answered", "abandoned"}
    assert "Traceback" not in server.output


def test_while_stopping_new_questions_are_turned_away(serve: Serve) -> None:
    server = serve().start()
    talk = server.begin(question({"words": 30, "pause_s": 0.05}, stream=True))
    talk.until(b"word1")
    client = server.client()
    client.models.list()  # a connection that is kept alive
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    where = "127.0.0.1", int(server.url.rpartition(":")[2])

    def is_shut() -> bool:
        with socket.socket() as knocking:
            return knocking.connect_ex(where) != 0

    eventually(is_shut, "new connections are taken")
    assert server.process.poll() is None, "the answer goes on"
    talk.until(b"[DONE]")
    assert server.stop() == 0


def test_an_abandoned_answer_is_settled_before_the_end(serve: Serve, upstream: Upstream) -> None:
    """The client is gone and the upstream still talks: stopping waits for the report."""
    server = serve().start()
    talk = server.begin(question({"words": 30, "pause_s": 0.05, "tag": "last"}, stream=True))
    talk.until(b"word1")
    talk.hang_up()
    time.sleep(0.1)
    assert server.stop() == 0
    (receipt,) = books_of(server).receipts.values()
    assert (receipt.outcome, receipt.usage_estimated, receipt.output_tokens) == ("abandoned", 0, 30)


def test_a_stream_to_a_client_that_reads_nothing_holds_no_memory(serve: Serve, upstream: Upstream) -> None:
    """The upstream is read no faster than the client reads: backpressure, not a growing buffer."""
    server = serve(CONFIG + scripted_model(upstream)).start()
    script = {"words": 400, "word_bytes": 100_000, "tag": "full"}
    talk = server.begin(question(script, stream=True, max_tokens=4000))
    talk.until(b"200 OK")
    time.sleep(1.0)
    heard = upstream.one("full")
    assert heard.events < 390, "all forty megabytes were read ahead"
    assert talk.skip_until(b"[DONE]") > 400 * 100_000


@pytest.mark.own_process
def test_the_data_directory_is_made_with_its_parents(tmp_path: Path, serve: Serve) -> None:
    server = serve()
    server.data = tmp_path / "a" / "b" / "c"
    server.start()
    assert (server.data / "solvent.db").is_file()
    assert server.stop() == 0
    check(read_books(server.data))


@pytest.mark.parametrize("spoil", [lambda file: file.write_bytes(b"not a database" * 100)])
def test_books_that_cannot_be_opened_are_told_in_one_line(serve: Serve, spoil: Callable[[Path], None]) -> None:
    server = serve()
    server.data.mkdir()
    spoil(server.data / "solvent.db")
    process = server.launch()
    assert process.wait(60) in (1, 2)
    said = (server.folder / "stderr").read_text()
    assert said.startswith("solvent: the database ")
    assert said.count("\n") == 1


@pytest.mark.own_process
def test_a_port_that_is_taken_while_we_start_is_refused_too(serve: Serve) -> None:
    """Two that start at the same moment may both bind; only one may listen, and only that one says ready."""
    server = serve()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        process = server.launch("--port", str(other.getsockname()[1]))
        eventually(lambda: (server.data / "solvent.db").exists() or process.poll() is not None, "it does not start")
        try:
            other.listen()
        except OSError:  # the server was there first: the port is its own, and it serves
            eventually(lambda: "\nready " in server.output, "it holds the port and does not serve")
            return
        assert process.wait(30) == 2, server.output
    said = (server.folder / "stderr").read_text()
    assert said.startswith("solvent: cannot listen")
    assert said.count("\n") == 1
    assert "\nready " not in server.output
