"""GET /metrics: what a monitor of the operator's reads, in Prometheus' words; of each process, since it started.

Answers are summed soon after they are booked, in plain integers; the library only writes them down when it is asked.
Of several workers, whichever is asked asks the others, and each has a label: one that starts anew then begins at zero
alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from solvent.answering.receipt import Receipt
from solvent.app.build import App
from solvent.app.failing import FailingUpstream
from solvent.app.http import Send
from solvent.app.peers import Peers
from solvent.identity.caller import Caller
from solvent.identity.permission import demand
from solvent.values.instant import US_PER_S
from solvent.values.money import grains_per_unit

# Seconds: from a cache's answer to a long one of thought.
BOUNDS_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_BOUNDS_US: Final = tuple(int(bound * US_PER_S) for bound in BOUNDS_S)

Kind = tuple[str, str, str]  # model, provider, outcome


class _Told(msgspec.Struct, frozen=True, array_like=True):
    """One family of numbers, as workers tell each other."""

    name: str
    words: str
    kind: str
    samples: list[tuple[str, dict[str, str], float]]


_read_told = msgspec.msgpack.Decoder(list[_Told])


class _Sums:
    """Of answers of one kind."""

    __slots__ = ("charge", "cost", "count", "read", "written")

    def __init__(self) -> None:
        self.count = self.read = self.written = self.charge = self.cost = 0

    def add(self, receipts: Sequence[Receipt]) -> None:
        read = written = charge = cost = 0
        for one in receipts:
            read += one.input_tokens + one.cached_input_tokens
            written += one.output_tokens + one.reasoning_tokens
            charge += one.charge_grains
            cost += one.cost_grains
        self.count += len(receipts)
        self.read += read
        self.written += written
        self.charge += charge
        self.cost += cost


class _Times:
    """How many took how long: one count for each bound and one beyond, and their sum."""

    __slots__ = ("counts", "sum_us")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS_US) + 1)
        self.sum_us = 0

    def add(self, times_us: Sequence[int]) -> None:
        counts = self.counts
        for us in times_us:
            counts[bisect_left(_BOUNDS_US, us)] += 1
        self.sum_us += sum(times_us)

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as Prometheus has them."""
        total, found = 0, []
        for bound, count in zip([*map(str, BOUNDS_S), "+Inf"], self.counts, strict=True):
            total += count
            found.append((bound, float(total)))
        return found


def _of(model: str, times: dict[str, _Times]) -> _Times:
    found = times.get(model)
    if found is None:
        found = times[model] = _Times()
    return found


class Metrics(Collector):
    """Listens to receipts, and tells what they came to."""

    def __init__(self, app: App, peers: Peers) -> None:
        self._app = app
        self._peers = peers
        self._sums: dict[Kind, _Sums] = {}
        self._first: dict[str, _Times] = {}
        self._whole: dict[str, _Times] = {}
        self._tries: dict[str, int] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)
        for of_process in (ProcessCollector, PlatformCollector, GCCollector):
            of_process(registry=self._registry)
        app.desk.sum_later(self._hear)

    def _hear(self, receipts: Sequence[Receipt]) -> None:
        """Count answers that are on the books."""
        kinds: dict[Kind, list[Receipt]] = {}
        for receipt in receipts:
            of_what: Kind = (receipt.model, receipt.provider, receipt.outcome)
            if of_what in kinds:
                kinds[of_what].append(receipt)
            else:
                kinds[of_what] = [receipt]
        for kind, of_it in kinds.items():
            sums = self._sums.get(kind)
            if sums is None:
                sums = self._sums[kind] = _Sums()
            sums.add(of_it)
            _of(kind[0], self._whole).add([one.total_us for one in of_it])
            if firsts_us := [one.first_token_us for one in of_it if one.first_token_us >= 0]:
                _of(kind[0], self._first).add(firsts_us)
            for receipt in of_it:
                if receipt.tries:
                    for one in receipt.tries.split():
                        self._tries[one] = self._tries.get(one, 0) + 1

    def collect(self) -> Iterator[Metric]:
        """See the library's `Collector`."""
        self._app.desk.sum_up()
        yield from self._answers()
        yield _histogram("solvent_first_token_seconds", "From the question to the first token.", self._first)
        yield _histogram("solvent_answer_seconds", "From the question to the end of the answer.", self._whole)
        tries = CounterMetricFamily(
            "solvent_tries", "Attempts that failed and were made again.", labels=("what", "why")
        )
        for one, count in self._tries.items():
            tries.add_metric(one.rpartition(":")[::2], count)
        yield tries
        acts = CounterMetricFamily("solvent_guard_acts", "What guards did.", labels=("guard", "act"))
        for did, count in self._app.desk.guards.total.items():
            acts.add_metric(did, count)
        yield acts
        log = CounterMetricFamily("solvent_request_log", "Answers for the request log.", labels=("outcome",))
        log.add_metric(("written",), self._app.desk.logbook.written)
        log.add_metric(("dropped",), self._app.desk.logbook.dropped)
        yield log
        yield from _state(self._app)

    def _answers(self) -> Iterable[Metric]:
        labels = ("model", "provider", "outcome")
        unit = grains_per_unit(self._app.desk.currency)
        currency = self._app.desk.currency.lower()
        for name, words, member, part in (
            ("answers", "Answers on the books.", "count", 1),
            ("input_tokens", "Tokens read.", "read", 1),
            ("output_tokens", "Tokens written.", "written", 1),
            (f"charge_{currency}", "What customers were charged.", "charge", unit),
            (f"cost_{currency}", "What it cost us.", "cost", unit),
        ):
            family = CounterMetricFamily(f"solvent_{name}", words, labels=labels)
            for kind, sums in self._sums.items():
                family.add_metric(kind, getattr(sums, member) / part)
            yield family

    def told(self) -> bytes:
        """All that this process counted, for another worker."""
        return msgspec.msgpack.encode(
            [
                _Told(one.name, one.documentation, one.type, [(s.name, s.labels, s.value) for s in one.samples])
                for one in self._registry.collect()
            ]
        )

    async def text(self, accept: str) -> tuple[bytes, str]:
        """All of it, and its content type, in the format that the monitor likes best."""
        encode, kind = choose_encoder(accept)
        all_of_it = CollectorRegistry()
        all_of_it.register(_Failing(await self._app.failing.all()))
        if self._peers.count == 1:
            all_of_it.register(_Alone(self._registry))
        else:
            told = {self._peers.number: self.told(), **await self._peers.ask_them()}
            all_of_it.register(_Together({number: _read_told.decode(one) for number, one in sorted(told.items())}))
        return encode(all_of_it), kind


class _Alone(Collector):
    """What one process counted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """See the library's `Collector`."""
        yield from self._registry.collect()


class _Failing(Collector):
    """Upstreams that fail, as any process of this machine or another says: no worker's own number."""

    def __init__(self, found: list[FailingUpstream]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """See the library's `Collector`."""
        family = GaugeMetricFamily(
            "solvent_upstream_failing", "Of all processes that share the books, how many get no answer from it.",
            labels=("model", "provider", "upstream", "place"),
        )  # fmt: skip
        for one in self._found:
            family.add_metric((one.model, one.provider, one.upstream, str(one.place)), one.processes)
        yield family


class _Together(Collector):
    """What several workers told, each under its label."""

    def __init__(self, told: dict[int, list[_Told]]) -> None:
        self._told = told

    def collect(self) -> Iterator[Metric]:
        """See the library's `Collector`."""
        families: dict[str, Metric] = {}
        for number, told in self._told.items():
            for one in told:
                family = families.setdefault(one.name, Metric(one.name, one.words, one.kind))
                for name, labels, value in one.samples:
                    family.add_sample(name, {**labels, "worker": str(number)}, value)
        yield from families.values()


def _histogram(name: str, words: str, times: dict[str, _Times]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, words, labels=("model",))
    for model, taken in times.items():
        family.add_metric((model,), taken.buckets(), taken.sum_us / US_PER_S)
    return family


def _state(app: App) -> Iterator[Metric]:
    desk = app.desk
    yield GaugeMetricFamily("solvent_answers_under_way", "Answers that are being told.", value=desk.under_way)
    writable = 0.0 if app.database.failure else 1.0
    yield GaugeMetricFamily("solvent_books_writable", "Whether the books take what is booked.", value=writable)
    is_open = GaugeMetricFamily(
        "solvent_upstream_open", "Whether an upstream is asked: 0 while it is left alone.",
        labels=("model", "provider", "upstream", "place"),
    )  # fmt: skip
    now_us = desk.now_us()
    for model in desk.routes:
        for n, route in enumerate(app.routes.of(model)):
            labels = (model, route.provider.name, route.upstream, str(n))
            is_open.add_metric(labels, 1.0 if route.health.is_open(now_us) else 0.0)
    yield is_open


async def tell_metrics(metrics: Metrics, caller: Caller, accept: str, send: Send) -> None:
    """Raises Refused for whoever may not see margins."""
    demand(caller, "margin.read")
    body, kind = await metrics.text(accept)
    headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
