"""GET /metrics as a monitor reads it: what is counted is what is on the books, and customers see none of it."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families
from tests.doors.fixtures import CONFIG, scripted_model
from tests.doors.server import Solvent, eventually, question
from tests.doors.upstream import Upstream

pytestmark = pytest.mark.xdist_group("metrics")


@pytest.fixture(scope="module")
def server(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    nowhere = scripted_model(
        upstream, "doubled", base_url="http://127.0.0.1:1/v1",
        alternatives=f'[{{ base_url = "{upstream.base_url}", key = "env:UPSTREAM_KEY", vendor = "second" }}]',
    )  # fmt: skip
    made = Solvent(tmp_path_factory.mktemp("metrics"), CONFIG + scripted_model(upstream) + nowhere).start()
    yield made
    made.kill()


def read(server: Solvent, key: str, accept: str = "") -> tuple[int, str, str]:
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    try:
        connection.request("GET", "/metrics", headers={"authorization": f"Bearer {key}", "accept": accept})
        response = connection.getresponse()
        return response.status, response.headers["content-type"], response.read().decode()
    finally:
        connection.close()


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Values by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_is_counted_is_what_is_on_the_books(server: Solvent) -> None:
    for model in ("scripted", "scripted", "doubled"):
        told = server.send("POST", "/v1/chat/completions", question({"words": 3}, model=model, user=uuid.uuid4().hex))
        assert told.status == 200
        server.receipt(told.headers["x-request-id"])
    total = eventually(lambda: server.operate("GET", "/v1/margin")["total"], "no margin")
    status, kind, text = read(server, server.operator_key)
    assert (status, kind.partition(";")[0]) == (200, "text/plain")
    found = samples(text)
    assert found["solvent_answers_total", ("answered", "scripted", "some-vendor")] == 2
    assert found["solvent_answers_total", ("answered", "doubled", "second")] == 1
    assert found["solvent_output_tokens_total", ("answered", "scripted", "some-vendor")] == 6
    charged = sum(value for (name, _), value in found.items() if name == "solvent_charge_usd_total")
    assert charged == pytest.approx(float(total["revenue"]))
    assert found["solvent_answer_seconds_count", ("scripted",)] == 2
    assert found["solvent_answer_seconds_bucket", ("+Inf", "scripted")] == 2
    assert found["solvent_tries_total", ("some-vendor", "upstream_unreachable")] == 1
    assert found["solvent_upstream_open", ("0", "scripted", "scripted-upstream", "some-vendor")] == 1
    assert (found["solvent_books_writable", ()], found["solvent_answers_under_way", ()]) == (1, 0)
    assert found["process_resident_memory_bytes", ()] > 10**7


def test_a_monitor_gets_the_format_it_likes_best(server: Solvent) -> None:
    status, kind, text = read(server, server.operator_key, "application/openmetrics-text;version=1.0.0")
    assert (status, kind.partition(";")[0]) == (200, "application/openmetrics-text")
    assert any(family.name == "solvent_answers" for family in open_families(text))  # type: ignore[no-untyped-call]


def test_customers_and_strangers_see_none_of_it(server: Solvent) -> None:
    assert read(server, server.key)[0] == 403
    assert read(server, "sk-nobody")[0] == 401
    assert server.send("POST", "/metrics", {}).status == 405
