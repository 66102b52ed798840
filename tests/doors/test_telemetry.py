"""Spans as a collector gets them: a real receiver of OTLP over HTTP, its bodies decoded by the official messages."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.doors.fixtures import CONFIG, Serve, scripted_model
from tests.doors.server import Solvent, eventually, question
from tests.doors.upstream import Upstream

pytestmark = pytest.mark.xdist_group("telemetry")

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Collector:
    """Takes spans over HTTP."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.keys: set[str | None] = set()
        self.services: set[str] = set()
        taking = self

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                whole = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
                taking.take(self.path, self.headers.get("x-collector-key"), whole)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}/v1/traces"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, path: str, key: str | None, body: bytes) -> None:
        assert path == "/v1/traces"
        self.keys.add(key)
        sent = ExportTraceServiceRequest.FromString(body)
        for resource in sent.resource_spans:
            self.services |= {
                one.value.string_value for one in resource.resource.attributes if one.key == "service.name"
            }
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]

    def span(self, id: str) -> tuple[Any, dict[str, Any]]:
        """The one span of an answer, and its attributes."""
        found = eventually(
            lambda: [
                (span, said) for span in list(self.spans) if (said := attributes(span))["gen_ai.response.id"] == id
            ],
            f"no span of {id}",
        )
        assert len(found) == 1
        return found[0]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def attributes(span: Any) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        kind = value.WhichOneof("value")
        return [plain(one) for one in value.array_value.values] if kind == "array_value" else getattr(value, kind)

    return {one.key: plain(one.value) for one in span.attributes}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


def settings(collector: Collector, *more: str) -> str:
    lines = ("[telemetry]", f'endpoint = "{collector.endpoint}"', 'key = "env:COLLECTOR_KEY"',
             'key_header = "x-collector-key"', *more)  # fmt: skip
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def server(upstream: Upstream, collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    environment = {"COLLECTOR_KEY": "collect-me", "OTEL_BSP_SCHEDULE_DELAY": "100"}
    config = CONFIG + settings(collector) + scripted_model(upstream)
    made = Solvent(tmp_path_factory.mktemp("telemetry"), config, environment).start()
    yield made
    made.kill()


def ask(server: Solvent, script: dict[str, Any], path: str = "/v1/chat/completions", **headers: str) -> str:
    body = question(script)
    if path == "/v1/completions":
        body = {"model": "scripted", "prompt": "Once", "max_tokens": 9, "script": script}
    return server.send("POST", path, body, headers=headers).headers["x-request-id"]


def test_a_span_says_what_was_asked_used_and_told(server: Solvent, collector: Collector) -> None:
    id = ask(server, {"words": 5})
    span, said = collector.span(id)
    receipt = server.receipt(id)
    assert span.name == "chat scripted"
    expected = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "some-vendor", "gen_ai.request.model": "scripted",
        "gen_ai.response.model": "scripted-upstream", "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": receipt["usage"].get("cached_input_tokens", 0),
        "gen_ai.response.finish_reasons": ["stop"], "solvent.outcome": "answered",
    }  # fmt: skip
    assert {name: said[name] for name in expected} == expected
    assert said["gen_ai.usage.input_tokens"] >= said["gen_ai.usage.cache_read.input_tokens"]
    assert not {name for name in said if "charge" in name or "cost" in name}
    assert 0 <= span.end_time_unix_nano - span.start_time_unix_nano < 60 * 10**9
    assert (collector.services, collector.keys) == ({"solvent"}, {"collect-me"})


def test_it_is_part_of_the_clients_trace(server: Solvent, collector: Collector) -> None:
    span, _ = collector.span(ask(server, {"words": 1}, traceparent=f"00-{TRACE}-{PARENT}-01", tracestate="a=b"))
    assert (span.trace_id.hex(), span.parent_span_id.hex(), span.trace_state) == (TRACE, PARENT, "a=b")
    alone, _ = collector.span(ask(server, {"words": 1}, traceparent="00-nonsense-01"))
    assert (alone.parent_span_id, alone.trace_id.hex() != TRACE) == (b"", True)


def test_the_upstream_is_told_that_it_is_part_of_our_span(
    server: Solvent, collector: Collector, upstream: Upstream
) -> None:
    def told(id: str) -> tuple[Any, dict[str, str]]:
        return collector.span(id)[0], upstream.heard[-1].headers

    part, long = f"00-{TRACE}-{PARENT}-01", ",".join(f"key{n}={'v' * 200}" for n in range(4))
    span, headers = told(ask(server, {"words": 1}, traceparent=part, tracestate="a=b"))
    assert headers["traceparent"] == f"00-{TRACE}-{span.span_id.hex()}-01"
    assert headers["tracestate"] == "a=b"
    span, headers = told(ask(server, {"words": 1}, traceparent=part, tracestate=long))
    assert headers["traceparent"] == f"00-{TRACE}-{span.span_id.hex()}-01"
    assert "tracestate" not in headers
    span, headers = told(ask(server, {"words": 1}))
    assert headers["traceparent"][:-2] == f"00-{span.trace_id.hex()}-{span.span_id.hex()}-"
    unsampled = server.receipt(ask(server, {"words": 1}, traceparent=part[:-1] + "0"))
    assert upstream.heard[-1].headers["traceparent"].startswith(f"00-{TRACE}-")
    assert upstream.heard[-1].headers["traceparent"].endswith("-00")
    assert unsampled["outcome"] == "answered"


def test_without_telemetry_no_trace_is_passed_on(serve: Serve, upstream: Upstream) -> None:
    server = serve(CONFIG + scripted_model(upstream)).start()
    ask(server, {"words": 1}, traceparent=f"00-{TRACE}-{PARENT}-01", tracestate="a=b")
    assert not {"traceparent", "tracestate"} & set(upstream.heard[-1].headers)
    assert server.stop() == 0


def test_a_failure_is_told_as_one(server: Solvent, collector: Collector) -> None:
    span, said = collector.span(ask(server, {"status": 500, "body": "{}"}))
    assert span.status.code == 2
    assert (said["solvent.outcome"], said["error.type"]) == ("failed", span.status.message)


def test_money_is_told_where_that_is_switched_on_and_the_last_spans_before_the_end(
    serve: Serve, upstream: Upstream, collector: Collector
) -> None:
    server = serve(CONFIG + settings(collector, "money = true") + scripted_model(upstream), COLLECTOR_KEY="collect-me")
    server.start()
    id = ask(server, {"words": 2})
    charge = server.receipt(id)["charge"]
    assert server.stop() == 0
    _, said = collector.span(id)
    assert (said["solvent.charge"], said["solvent.currency"]) == (charge, "USD")
    assert said["solvent.cost"]


def test_a_collector_that_is_not_there_keeps_nothing_from_being_answered(serve: Serve, upstream: Upstream) -> None:
    config = CONFIG + '[telemetry]\nendpoint = "http://127.0.0.1:1/v1/traces"\n' + scripted_model(upstream)
    server = serve(config).start()
    assert server.receipt(ask(server, {"words": 2}))["charge"]
    assert server.stop() == 0
