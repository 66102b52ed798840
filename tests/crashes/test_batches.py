"""kill -9 in the middle of a batch, then an end in order: every line is told once, and charged at most once.

The seed decides when the process dies; it is printed, and CRASH_SEED sets it.
"""

from __future__ import annotations

import os
import time
from random import Random, SystemRandom

import openai
import pytest
from tests.doors.books import check, read_books
from tests.doors.fixtures import CONFIG, Serve, scripted_model
from tests.doors.server import eventually, question
from tests.doors.test_batches import begin, ended, line, results
from tests.doors.upstream import Upstream

from solvent.values.money import Money, plain

pytestmark = [pytest.mark.xdist_group("batch_crashes"), pytest.mark.slow]

LINES, KILLS = 50, 2


def test_a_batch_survives_kills(serve: Serve, upstream: Upstream) -> None:
    seed = int(os.environ.get("CRASH_SEED", "0")) or SystemRandom().getrandbits(32)
    print(f"CRASH_SEED={seed}")
    dice = Random(seed)
    server = serve("batch_lines_at_once = 8\n" + CONFIG + scripted_model(upstream)).start()
    key = server.key
    lines = [line(str(n), question({"tag": "killed", "words": 1 + n % 9, "pause_s": 0.004})) for n in range(LINES)]
    batch = begin(server.client(key), *lines)
    for kill in range(KILLS):
        heard = len(upstream.of("killed"))
        eventually(lambda heard=heard: len(upstream.of("killed")) >= heard + 8, f"nothing is asked after kill {kill}")  # type: ignore[misc]
        time.sleep(dice.uniform(0, 0.05))
        if kill == 1:
            assert server.stop() == 0  # and once in order
        else:
            server.kill()
        server.start()
    done = ended(server.client(key), batch, 60)
    output = results(server.client(key), done.output_file_id)
    errors = results(server.client(key), done.error_file_id)
    assert (done.status, done.request_counts.total) == ("completed", LINES)
    assert output.keys() | errors.keys() == {str(n) for n in range(LINES)}
    assert not output.keys() & errors.keys()
    balance = server.wallet(key)["balance"]
    with pytest.raises(openai.ConflictError):
        server.client(key).batches.cancel(batch.id)
    assert server.stop() == 0
    books = read_books(server.data)
    check(books)
    told = {result["response"]["request_id"] for result in output.values()}
    assert len(told) == len(output), "each line has an answer of its own"
    assert {result["error"]["code"] for result in errors.values()} <= {"answer_lost"}
    lost = {id for id in books.receipts if any(id in result["error"]["message"] for result in errors.values())}
    assert len(lost) == len(errors)
    charged = {id for id, receipt in books.receipts.items() if receipt.charge_grains}
    assert charged == told | lost, "nothing is charged that is not told"
    total = Money(sum(receipt.charge_grains for receipt in books.receipts.values()), "USD")
    assert done.model_extra["solvent"]["charge"] == plain(total)
    assert balance == plain(Money(1000 * 10**9 - total.grains, "USD"))
    print(f"{len(output)} told, {len(lost)} lost, {len(upstream.heard)} asked upstream")
