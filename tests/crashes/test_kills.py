"""kill -9 of the real process, again and again, under load: what was acknowledged is on the books exactly once.

The seed decides what is asked and when the process dies; it is printed, and CRASH_SEED sets it;
CRASH_TIMES=3 kills three times as often.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.db.postgres import Postgres
from tests.doors.books import Books, check, read_books
from tests.doors.fixtures import CONFIG, Serve, scripted_model
from tests.doors.server import Solvent, eventually, question
from tests.doors.upstream import Upstream

from solvent.values.money import Money, plain

pytestmark = [pytest.mark.xdist_group("crashes"), pytest.mark.slow]

TIMES = int(os.environ.get("CRASH_TIMES", "1"))
KILLS = {"": 10 * TIMES, "postgresql": 4 * TIMES}  # by the kind of database
ASKERS = 10
ANSWERED_S_MAX = 5.0
GRANTS = ("500", "500", "0.0005", "0.0001")  # two of the wallets run dry on the way, however slow the machine is


@dataclass
class Acknowledged:
    """What clients were told, and believe: the charge of each answer that reached them whole."""

    charges: dict[str, str] = field(default_factory=dict)
    refused: int = 0
    lost: int = 0
    left: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_for(self, more: int) -> None:
        """Until so many more answers are acknowledged, or not for long: as busy on a slow machine as on a quick one."""
        enough, latest = len(self.charges) + more, time.monotonic() + ANSWERED_S_MAX
        while len(self.charges) < enough and time.monotonic() < latest:
            time.sleep(0.001)

    def add(self, answer: str, charge: str) -> None:
        with self.lock:
            assert answer not in self.charges
            self.charges[answer] = charge


class Asker:
    """One client of many: asks until the process dies."""

    def __init__(self, server: Solvent, keys: list[str], seed: int, heard: Acknowledged) -> None:
        self._server = server
        self._keys = keys
        self._random = random.Random(seed)
        self._heard = heard

    def ask_until_the_end(self) -> None:
        where = urlsplit(self._server.url)
        while True:
            connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
            try:
                for _ in range(5):
                    if not self._ask(connection):
                        break
            except ConnectionRefusedError:
                return
            except (OSError, http.client.HTTPException):
                self._heard.lost += 1
            finally:
                connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> bool:
        """One question; whether the connection is still good for another."""
        stream = self._random.random() < 0.5
        script: dict[str, Any] = {
            "words": self._random.randint(1, 12),
            "pause_s": self._random.choice((0, 0, 0.002, 0.01)),
        }
        if self._random.random() < 0.2:
            script["usage"] = "none"
        body = question(script, stream=stream, max_tokens=30) | {"stream_options": {"include_usage": True}}
        key = self._random.choice(self._keys)
        connection.request(
            "POST", "/v1/chat/completions", json.dumps(body).encode(), {"authorization": f"Bearer {key}"}
        )
        response = connection.getresponse()
        if response.status == 402:
            response.read()
            self._heard.refused += 1
            return True
        assert response.status == 200, response.read()
        if stream and self._random.random() < 0.2:
            response.read1(64)
            self._heard.left += 1
            return False
        self._believe(response, response.read(), stream=stream)
        return True

    def _believe(self, response: http.client.HTTPResponse, body: bytes, *, stream: bool) -> None:
        if not stream:
            self._heard.add(response.headers["x-request-id"], response.headers["x-solvent-charge"])
            return
        assert body.endswith(b"data: [DONE]\n\n")
        event = [part for part in body.split(b"\n\n") if b'"solvent":{' in part][-1]
        bill = json.loads(event.removeprefix(b"data: "))["solvent"]
        self._heard.add(bill["answer"], bill["charge"])


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """Where the books are: beside everything else in the data directory, or in a Postgres."""
    if request.param == "sqlite":
        return ""
    cluster: Postgres = request.getfixturevalue("postgres")
    return cluster.database()


@pytest.fixture
def server(serve: Serve, upstream: Upstream, url: str) -> Solvent:
    config = CONFIG.replace("[first_run]", f'database = "{url}"\n[first_run]') if url else CONFIG
    return serve(config + scripted_model(upstream))


def test_a_killed_process_loses_no_acknowledged_answer_and_charges_none_twice(server: Solvent, url: str) -> None:
    seed = int(os.environ.get("CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
    print(f"CRASH_SEED={seed}")
    dice, heard, kills = random.Random(seed), Acknowledged(), KILLS[url.partition(":")[0]]
    customers, keys = _first_customers(server)
    for kill in range(kills):
        with ThreadPoolExecutor(ASKERS) as crowd:
            askers = [Asker(server, keys, dice.getrandbits(32), heard) for _ in range(ASKERS)]
            asking = [crowd.submit(asker.ask_until_the_end) for asker in askers]
            heard.wait_for(dice.randrange(60))
            time.sleep(dice.uniform(0, 0.05))
            server.kill()
            for ended in asking:
                ended.result(30)
        if dice.random() < 0.3:  # and once more before it is up again
            server.launch()
            time.sleep(dice.uniform(0.0, 0.5))
            server.kill()
        server.start()
        _agree(read_books(server.data, url=url), heard, f"kill {kill} of seed {seed}")
    wallets = {id: server.wallet(key)["balance"] for id, key in zip(customers, keys, strict=True)}
    assert server.stop() == 0
    books = read_books(server.data, url=url)
    _agree(books, heard, f"the end of seed {seed}")
    assert wallets == {id: plain(Money(books.balance(id), "USD")) for id in customers}
    print(f"{len(heard.charges)} acknowledged, {heard.refused} refused, {heard.left} left, {heard.lost} cut off; "
          f"{len(books.receipts)} receipts, {kills} kills")  # fmt: skip
    assert len(heard.charges) > 10 * kills, "too little was asked for this to mean anything"
    assert heard.lost > kills, "the process died between answers only"
    assert heard.left
    assert heard.refused


def _first_customers(server: Solvent) -> tuple[list[str], list[str]]:
    server.start()
    made = [server.customer(grant) for grant in GRANTS]
    return [id for id, _ in made], [key for _, key in made]


def _agree(books: Books, heard: Acknowledged, when: str) -> None:
    """Right after a start, with nobody asking: the books balance, hold nothing, and know what was acknowledged."""
    check(books)
    for answer, charge in heard.charges.items():
        receipt = books.receipts.get(answer)
        assert receipt is not None, f"{answer} was acknowledged and is not on the books, at {when}"
        assert plain(receipt.charge) == charge, f"{answer} was charged otherwise than it was told, at {when}"


def test_a_first_run_that_is_killed_locks_nobody_out(server: Solvent, url: str) -> None:
    """Wherever it dies, the keys it wrote are the keys that work, and the first grant is given once."""
    keys: set[str] = set()
    for delay_s in (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4):
        server.launch()
        time.sleep(delay_s)
        server.kill()
        if (server.data / "first-run.json").exists():
            keys.add(server.key)
    server.start()
    keys.add(server.key)
    assert len(keys) == 1, "the keys changed after they were written"
    assert server.wallet()["balance"] == "1000"
    assert server.operate("GET", "/v1/margin")["total"]["answers"] == 0
    assert server.stop() == 0
    check(read_books(server.data, url=url))


def test_a_kill_at_every_step_of_one_answer_leaves_books_that_balance(
    server: Solvent, upstream: Upstream, url: str
) -> None:
    """Before the upstream answers, in its middle, and before its report: one answer, no charge, no hold."""
    for tag, marker, script in (
        ("unanswered", b"", {"hang": "head"}),
        ("begun", b"200 OK", {"hang": 1}),
        ("middle", b"word3", {"hang": 5}),
        ("unreported", b"word4", {"hang": 7}),
    ):
        server.start()
        asked: dict[str, Any] = {"tag": tag, **script}
        talk = server.begin(question(asked, stream=True))
        if marker:
            talk.until(marker)
        eventually(lambda: read_books(server.data, url=url).open_holds, "the hold is not on the disk")
        server.kill()
        talk.hang_up()
    server.start()
    assert server.wallet()["balance"] == "1000"
    check(read_books(server.data, url=url))
