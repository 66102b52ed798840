"""Spans in OpenTelemetry's words, one for each answer that is on the books, made of its receipt: answers pay nothing
while they are told, and whoever switches nothing on imports nothing. An upstream is told the span that it is part of.

Source of the attributes' names: OpenTelemetry's semantic conventions for generative AI, read 2026-11.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, Final

from solvent.answering.receipt import Receipt
from solvent.app.config import TelemetrySettings, secret
from solvent.values.errors import Invalid
from solvent.values.limits import SPANS_AWAITED_MAX, TELEMETRY_S_MAX, TRACESTATE_CHARACTERS_MAX
from solvent.values.money import plain
from solvent.values.usage import all_input_tokens, all_output_tokens

_OPERATIONS: Final[Mapping[str, str]] = {
    "/v1/completions": "text_completion", "/v1/embeddings": "embeddings", "/v1/images/generations": "generate_content",
    "/v1/audio/speech": "generate_content", "/v1/videos": "generate_content",
}  # fmt: skip


class _Asked:
    """A question: its path, and what its span is part of. span: once an upstream has been told of it."""

    __slots__ = ("at_ns", "part_of", "path", "span")

    def __init__(self, path: str, part_of: dict[str, str]) -> None:
        self.path = path
        self.part_of = part_of
        self.at_ns = time.time_ns()
        self.span: Any = None


# Tells the span of the question that this task, and whichever it starts, is about.
_telling: ContextVar[Callable[[], dict[str, str]] | None] = ContextVar("telling", default=None)


def trace_headers() -> Mapping[str, str]:
    """`traceparent` and `tracestate` for what is asked now; none where no question from outside is behind it."""
    tell = _telling.get()
    return tell() if tell is not None else {}


class Telemetry:
    """Hears of questions as they come and of receipts as they are booked, and sends spans in a thread of its own."""

    def __init__(self, settings: TelemetrySettings, near: Path) -> None:
        """Raises Invalid where the libraries are missing or the secret is."""
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        except ImportError:
            message = "telemetry: its libraries are not installed; pip install 'solvent[otel]'"
            raise Invalid("no_telemetry", message, param="telemetry.endpoint") from None
        key = secret(settings.key, "telemetry: key", os.environ, near)
        exporter = OTLPSpanExporter(
            endpoint=settings.endpoint, headers={settings.key_header: key} if key else None,
            timeout=int(TELEMETRY_S_MAX),
        )  # fmt: skip
        self._provider: Any = TracerProvider(resource=Resource.create({"service.name": settings.service_name}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer: Any = self._provider.get_tracer("solvent")
        self._propagator: Any = TraceContextTextMapPropagator()
        self._tells_money = settings.money
        self._awaited: dict[str, _Asked] = {}

    def ask(self, id: str, path: str, traceparent: bytes, tracestate: bytes) -> None:
        """A question has come: what its span is part of, as the client says. What never is answered is forgotten."""
        while len(self._awaited) >= SPANS_AWAITED_MAX:
            del self._awaited[next(iter(self._awaited))]
        part_of = {"traceparent": traceparent.decode("latin-1"), "tracestate": tracestate.decode("latin-1")}
        asked = self._awaited[id] = _Asked(path, part_of if traceparent else {})
        _telling.set(partial(self._headers, asked))

    def hear(self, receipt: Receipt) -> None:
        """An answer is on the books."""
        from opentelemetry.trace import Status, StatusCode

        asked = self._awaited.pop(receipt.id, None) or _Asked("", {})
        operation, end_ns = _OPERATIONS.get(asked.path, "chat"), receipt.at_us * 1000
        span = asked.span or self._begin(asked, end_ns - receipt.total_us * 1000)
        span.update_name(f"{operation} {receipt.model}")
        span.set_attributes(self._attributes(receipt, operation))
        if receipt.fault:
            span.set_status(Status(StatusCode.ERROR, receipt.fault))
        span.end(end_ns)

    def _headers(self, asked: _Asked) -> dict[str, str]:
        """What tells an upstream the span that it is part of; the span begins here at the latest."""
        from opentelemetry.trace import set_span_in_context

        if asked.span is None:
            asked.span = self._begin(asked, asked.at_ns)
        told: dict[str, str] = {}
        self._propagator.inject(told, set_span_in_context(asked.span))
        if len(told.get("tracestate", "")) > TRACESTATE_CHARACTERS_MAX:
            del told["tracestate"]
        return told

    def _begin(self, asked: _Asked, start_ns: int) -> Any:
        from opentelemetry.trace import SpanKind

        operation = _OPERATIONS.get(asked.path, "chat")
        return self._tracer.start_span(
            operation, self._propagator.extract(asked.part_of), SpanKind.CLIENT, start_time=start_ns
        )

    def _attributes(self, receipt: Receipt, operation: str) -> dict[str, Any]:
        used = receipt.usage
        said: dict[str, Any] = {
            "gen_ai.operation.name": operation, "gen_ai.provider.name": receipt.provider,
            "gen_ai.request.model": receipt.model, "gen_ai.response.model": receipt.upstream,
            "gen_ai.response.id": receipt.id, "gen_ai.request.max_tokens": receipt.output_tokens_max,
            "gen_ai.usage.input_tokens": all_input_tokens(used),
            "gen_ai.usage.output_tokens": all_output_tokens(used),
            "gen_ai.usage.cache_read.input_tokens": receipt.cached_input_tokens,
            "gen_ai.usage.cache_creation.input_tokens": receipt.cache_write_5m_tokens + receipt.cache_write_1h_tokens,
            "solvent.customer": receipt.customer, "solvent.plan": receipt.plan, "solvent.outcome": receipt.outcome,
            "solvent.streamed": bool(receipt.streamed),
        }  # fmt: skip
        if receipt.finish:
            said["gen_ai.response.finish_reasons"] = (receipt.finish,)
        if receipt.first_token_us >= 0:
            said["solvent.first_token_ms"] = receipt.first_token_us // 1000
        if receipt.fault:
            said["error.type"] = receipt.fault
        if self._tells_money:
            said |= {
                "solvent.charge": plain(receipt.charge), "solvent.cost": plain(receipt.cost),
                "solvent.currency": receipt.currency,
            }  # fmt: skip
        return said

    async def close(self) -> None:
        """Send what is not sent yet, as far as somebody takes it in time."""
        ending = asyncio.to_thread(self._provider.shutdown)
        try:
            await asyncio.wait_for(ending, 2 * TELEMETRY_S_MAX)
        except TimeoutError:
            return


def open_telemetry(settings: TelemetrySettings, near: Path) -> Telemetry | None:
    """What sends spans; None while it is switched off."""
    return Telemetry(settings, near) if settings.endpoint else None
