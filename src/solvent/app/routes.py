"""Makes the routes: for each model on sale its provider or engine, and its two rate cards."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from solvent.answering.route import Pool, Route, prices_at
from solvent.app.config import Config, secret
from solvent.app.model_entries import ModelEntry
from solvent.app.telemetry import trace_headers
from solvent.billing.limits import RateRule
from solvent.engines import port as engines_port
from solvent.engines.port import Engine, OpenEngine
from solvent.pricing.exchange import Exchange, exchange
from solvent.pricing.rate_card import RateCard
from solvent.providers import port as providers_port
from solvent.providers.port import MakesVideos, OpenProvider, Provider
from solvent.routing.health import Health
from solvent.routing.hedging import Hedging
from solvent.values.errors import Invalid
from solvent.wire.proxy import proxies_in, proxies_of

HOUSE_MODEL = "solvent-house"
HOUSE_FILE = "data/house_model/solvent-house-1.gguf"
HOUSE_OUTPUT_TOKENS_MAX = 256
HOUSE_CONTEXT_TOKENS = 512


class Routes:
    """The models on sale, and what must be closed when the service stops."""

    def __init__(self) -> None:
        self.by_model: dict[str, Route] = {}
        self.pools: dict[str, Pool] = {}
        self.engines: list[tuple[engines_port.Settings, Engine]] = []
        self.running: list[tuple[engines_port.Settings, Engine]] = []  # that may be used, and nobody uses yet
        self.providers: list[Provider] = []

    @property
    def all(self) -> list[Route]:
        """Every upstream of every model."""
        return [place for name in self.by_model for place in self.of(name)]

    def of(self, model: str) -> tuple[Route, ...]:
        """Every upstream of one model, in the order in which they are written."""
        return self.pools[model].routes if model in self.pools else (self.by_model[model],)

    async def close(self) -> None:
        """Hang up on providers, then stop the engines."""
        for provider in self.providers:
            await provider.close()
        for _, engine in self.engines:
            engine.close()

    def give_up(self, before: Routes | None) -> None:
        """Stop the engines that were started for these, which were never used."""
        for one in self.engines:
            if before is None or one not in before.engines:
                one[1].close()

    def take_over(self, before: Routes) -> None:
        """Of the routes before these, keep the engines that go on: only the others are closed with those."""
        before.engines = [one for one in before.engines if one not in self.engines]


def open_routes(
    config: Config, cards: Mapping[str, Sequence[RateCard]], near: Path, now_us: int, before: Routes | None = None
) -> Routes:
    """Routes of all models. `near`: the folder that relative paths start from. before: whose engines may go on, so that
    no model is loaded twice.

    Raises Invalid naming the model; then nothing is left open.
    """
    routes = Routes()
    routes.running = list(before.engines) if before is not None else []
    try:
        _fill(routes, config, cards, near, now_us)
    except BaseException:
        routes.give_up(before)
        raise
    return routes


def _fill(routes: Routes, config: Config, cards: Mapping[str, Sequence[RateCard]], near: Path, now_us: int) -> None:
    exchanges = read_exchanges(config)
    for entry in (*house_entries(config), *config.models):
        hedging = Hedging(entry.hedge_after_ms * 1_000) if entry.hedge_after_ms or entry.hedge_at_p95 else None
        places = tuple(
            msgspec.structs.replace(_route(place, config, cards, near, routes), hedging=hedging)
            for place in _places(entry)
        )
        for place in places:
            if not entry.cost_card.startswith(HOUSE_MODEL):
                prices_at(place, config.currency, exchanges, now_us)  # an unpriced model is found now, not when asked
        routes.by_model[entry.name] = places[0]
        if len(places) > 1:
            routes.pools[entry.name] = Pool(places, entry.balance)


def _places(entry: ModelEntry) -> Iterator[ModelEntry]:
    """A model as each of its upstreams sells it: with each of its keys, then at each alternative."""
    for key in (entry.key, *entry.keys):
        yield msgspec.structs.replace(entry, key=key)
    for other in entry.alternatives:
        said = {name: value for name, value in msgspec.structs.asdict(other).items() if value not in ("", None, 0)}
        if other.base_url or other.provider or other.file:  # our key there is another, and so is the bill
            said |= {"key": other.key, "vendor": other.vendor, "file": other.file}
        if other.provider:  # which has an address and words of its own
            said |= {name: getattr(other, name) for name in ("base_url", "limit_field", "api_version")}
        yield msgspec.structs.replace(entry, **said)


def upstream_names(config: Config) -> frozenset[str]:
    """What upstreams call the models that are on sale, whether or not they were asked: the price book's names."""
    return frozenset(place.upstream or place.name for entry in config.models for place in _places(entry))


def read_exchanges(config: Config) -> list[Exchange]:
    """The exchange rates of the configuration. Raises Invalid naming the entry."""
    return [
        exchange(entry.base, entry.quote, entry.rate, entry.since, entry.source, f"exchanges[{n}]")
        for n, entry in enumerate(config.exchanges)
    ]


def house_entries(config: Config) -> list[ModelEntry]:
    """The house model as an entry, unless it is switched off or written by hand."""
    if not config.house_model or any(model.name == HOUSE_MODEL for model in config.models):
        return []
    return [
        ModelEntry(
            name=HOUSE_MODEL,
            provider="llamacpp",
            cost_card=f"{HOUSE_MODEL}-cost.{config.currency}",
            price_card=f"{HOUSE_MODEL}-price.{config.currency}",
            file=str(files("solvent") / HOUSE_FILE),
            seats=config.house_model_seats,
            context_tokens=HOUSE_CONTEXT_TOKENS,
            output_tokens_max=HOUSE_OUTPUT_TOKENS_MAX,
        )
    ]


def _is_local(entry: ModelEntry) -> bool:
    return bool(entry.file)


def _route(
    entry: ModelEntry, config: Config, cards: Mapping[str, Sequence[RateCard]], near: Path, routes: Routes
) -> Route:
    for book, card in (("cost_card", entry.cost_card), ("price_card", entry.price_card)):
        if card not in cards:
            message = f"model {entry.name!r}: there is no rate card {card!r}; write one in rate_cards/*.yaml"
            message += ", or set house_model = false" if entry.name == HOUSE_MODEL else ""
            raise Invalid("no_rate_card", message, param=book)
    engine = _engine(entry, config, near, routes) if _is_local(entry) else None
    health = Health()
    settings = providers_port.Settings(
        name=entry.vendor or entry.provider,
        base_url=engine.base_url if engine else entry.base_url,
        key=engine.key if engine else secret(entry.key, f"model {entry.name!r}: key", os.environ, near),
        on_abort="cancel" if engine else entry.on_abort,
        limit_field=entry.limit_field,
        api_version=entry.api_version,
        connect_s=entry.connect_s,
        first_byte_s=entry.first_byte_s,
        silence_s=entry.silence_s,
        total_s=entry.total_s,
        proxies={} if engine else _proxies(entry, near),
        members=engine.members if engine else {},
        rests=lambda pause_s: health.rest(pause_s, time.time_ns() // 1000),
        traced=trace_headers if config.telemetry.endpoint and not engine else None,
    )
    kind = "openai_compatible" if engine else entry.provider  # engines speak it too
    open_provider: OpenProvider = _plug("solvent.providers", kind)
    try:
        provider = open_provider(settings)
    except Invalid as wrong:
        raise Invalid(wrong.code, f"model {entry.name!r}: {wrong.message}", param=wrong.param or "base_url") from None
    routes.providers.append(provider)
    if entry.task != "chat" and (engine is not None or provider.speaks != "chat"):
        message = f"model {entry.name!r}: {entry.provider} does no {entry.task}; use one that speaks OpenAI's API"
        raise Invalid("bad_config", message, param="task")
    if entry.task == "videos" and not (isinstance(provider, MakesVideos) and provider.videos):
        message = f"model {entry.name!r}: {entry.provider} makes no videos as it is set up here"
        raise Invalid("bad_config", message, param="task")
    if entry.image_tokens_max and engine is not None:
        message = f"model {entry.name!r}: {entry.provider} sees no pictures"
        raise Invalid("bad_config", message, param="image_tokens_max")
    upstream = entry.upstream or entry.name
    return Route(
        entry.name, upstream, provider, entry.output_tokens_max, cards[entry.cost_card], cards[entry.price_card],
        engine, model_class=entry.model_class, weight=entry.weight, task=entry.task,
        image_tokens_max=entry.image_tokens_max, image_urls=entry.image_urls, video_seconds=entry.video_seconds,
        drain_s=entry.drain_s, drain_bytes=entry.drain_bytes, limit=_limit(entry), health=health,
    )  # fmt: skip


def _limit(entry: ModelEntry) -> RateRule | None:
    """How fast a key may be asked, if that is limited."""
    if not (entry.requests_per_minute or entry.tokens_per_minute or entry.at_once):
        return None
    return RateRule("key", entry.requests_per_minute, entry.tokens_per_minute, entry.at_once)


def _proxies(entry: ModelEntry, near: Path) -> dict[str, str]:
    """What is said of the proxy on the way to a provider: by its own setting, else by the environment."""
    if not entry.proxy:
        return proxies_in(os.environ)
    if entry.proxy == "none":
        return {}
    if entry.proxy.startswith(("env:", "file:")):
        return proxies_of(secret(entry.proxy, f"model {entry.name!r}: proxy", os.environ, near))
    if "@" in entry.proxy:
        message = f"model {entry.name!r}: a proxy with a password is written by reference, env:NAME or file:PATH"
        raise Invalid("bad_secret", message, param="proxy")
    return proxies_of(entry.proxy)


def _engine(entry: ModelEntry, config: Config, near: Path, routes: Routes) -> Engine:
    open_engine: OpenEngine = _plug("solvent.engines", entry.provider)
    hardware = config.hardware
    file = near / Path(entry.file).expanduser()
    settings = engines_port.Settings(
        file, entry.seats, entry.context_tokens, hardware.threads, hardware.rated_watts, entry.gpu_layers,
        max(1, hardware.shared_by),
    )  # fmt: skip
    found = next((one for one in routes.running if one[0] == settings), None)
    if found is not None:
        routes.running.remove(found)
    routes.engines.append(found or (settings, open_engine(settings)))
    return routes.engines[-1][1]


def _plug(group: str, kind: str) -> Any:
    for found in entry_points(group=group, name=kind):
        return found.load()
    known = ", ".join(sorted(entry_points(group=group).names))
    raise Invalid("no_such_plug", f"provider {kind!r} is not known; installed are: {known}", param="provider")
