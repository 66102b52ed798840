"""kill -9 while a video is ordered and while it is made: after the next start every hold ends once, and is charged
only where the video is there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import openai
import pytest
from tests.doors.books import check, read_books
from tests.doors.fixtures import Serve
from tests.doors.server import eventually
from tests.doors.studio import Studio
from tests.doors.test_videos import filming, order
from tests.doors.upstream import Upstream

pytestmark = [
    pytest.mark.xdist_group("videos"),
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning"),
]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A studio."""
    with Upstream({"studio": Studio}) as upstream:
        yield upstream


def test_videos_survive_kills(serve: Serve, upstream: Upstream) -> None:
    server = serve(filming(upstream)).start()
    client = server.client()

    def order_in_vain() -> None:
        with suppress(openai.APIConnectionError):
            order(client, {"tag": "untold", "takes": "dead"})

    ordering = threading.Thread(target=order_in_vain)
    made = order(client, {"looks": 2})
    ordering.start()
    eventually(lambda: [heard for heard in upstream.of("untold") if heard.came.is_set()], "it is not ordered")
    server.kill()  # one is made and noted, one is taken and nobody has noted it
    ordering.join()
    assert len(read_books(server.data).open_holds) == 2
    server.start()
    client = server.client()
    [untold, found] = client.videos.list()
    assert found.id == made.id
    lost: Any = eventually(
        lambda: found if (found := client.videos.retrieve(untold.id)).status == "failed" else None, "it is not ended"
    )
    assert lost.error.code == "video_lost"
    eventually(lambda: not read_books(server.data).open_holds, "a hold does not end")
    assert server.client().videos.retrieve(made.id).status == "completed"
    assert server.wallet()["balance"] == "999.2"
    assert server.stop() == 0
    books = read_books(server.data)
    check(books)
    assert sorted(receipt.charge_grains for receipt in books.receipts.values()) == [0, 800_000_000]
    upstream.one("untold")
