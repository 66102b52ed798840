"""Fixtures of every test that drives the real server: the upstream that misbehaves, and the service before it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.doors.books import Books, check, read_books
from tests.doors.server import Solvent
from tests.doors.upstream import Upstream
from tests.wire.proxies import LocalProxy

__all__ = ["CONFIG", "Serve", "books_of", "deaf_url", "proxy", "scripted_model", "serve", "solvent", "upstream"]

CONFIG = """\
currency = "USD"
house_model = false
top_up_url = "https://example.com/top-up"
[first_run]
grant = "1000"
"""

Serve = Callable[..., Solvent]


def scripted_model(upstream: Upstream, name: str = "scripted", /, **members: object) -> str:
    """A `[[models]]` entry whose answers come from the scripted upstream."""
    entry = {
        "name": name,
        "provider": "openai_compatible",
        "upstream": "scripted-upstream",
        "vendor": "some-vendor",
        "base_url": upstream.base_url,
        "key": "env:UPSTREAM_KEY",
        "cost_card": "doors-cost",
        "price_card": "doors-price",
    } | members
    lines = [
        f'{key} = "{value}"' if isinstance(value, str) and value[:1] != "[" else f"{key} = {value}"
        for key, value in entry.items()
    ]
    return "\n".join(["[[models]]", *lines, ""])


def _twice(upstream: Upstream) -> str:
    """Two more upstreams of a model: one that nobody answers at either, and one that speaks the other dialect."""
    return f'[{{ base_url = "http://127.0.0.1:2/v1" }}, {_second(upstream)}]'


def _second(upstream: Upstream) -> str:
    place = f'key = "env:UPSTREAM_KEY", upstream = "second", vendor = "anthropic", base_url = "{upstream.base_url}"'
    return f'{{ provider = "anthropic", {place} }}'


@pytest.fixture(scope="module")
def proxy(upstream: Upstream) -> Iterator[LocalProxy]:
    """A proxy that wants a password."""
    proxy = LocalProxy()
    asyncio.run_coroutine_threadsafe(proxy.__aenter__(), upstream.loop).result(10)
    yield proxy
    asyncio.run_coroutine_threadsafe(proxy.__aexit__(None, None, None), upstream.loop).result(10)


@pytest.fixture(scope="module")
def deaf_url() -> Iterator[str]:
    """A listener whose queue is full: it ignores whoever connects, as a firewall does."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}/v1"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """A misbehaving upstream for all tests of a file."""
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def solvent(
    upstream: Upstream, proxy: LocalProxy, deaf_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Solvent]:
    """A running server for all tests of a file. At the end its books must balance, and no log holds a secret."""
    config = CONFIG + "\n".join(
        (
            scripted_model(upstream),
            scripted_model(upstream, "hasty", on_abort="cancel"),
            scripted_model(upstream, "brief", first_byte_s=0.6, silence_s=0.6),
            scripted_model(upstream, "patient", first_byte_s=0.4, silence_s=0.4, alternatives=f"[{_second(upstream)}]"),
            scripted_model(upstream, "hedged", hedge_after_ms=100, alternatives=f"[{_second(upstream)}]"),
            scripted_model(upstream, "hurried", total_s=0.6, alternatives=f"[{_second(upstream)}]"),
            scripted_model(upstream, "deaf", base_url=deaf_url, connect_s=0.2, alternatives=f"[{_second(upstream)}]"),
            scripted_model(upstream, "proxied", proxy="env:LOCAL_PROXY"),
            scripted_model(upstream, "proxied_nowhere", proxy="http://127.0.0.1:1"),
            scripted_model(upstream, "nowhere", base_url="http://127.0.0.1:1/v1"),
            scripted_model(upstream, "doubled", base_url="http://127.0.0.1:1/v1", alternatives=_twice(upstream)),
            scripted_model(
                upstream, "meaning", task="embeddings", cost_card="doors-reading", price_card="doors-reading"
            ),
            scripted_model(
                upstream, "painter", task="images", cost_card="doors-painting-cost", price_card="doors-painting"
            ),
            scripted_model(
                upstream,
                "drawer",
                task="images",
                cost_card="doors-drawing",
                price_card="doors-drawing",
                output_tokens_max=5000,
                image_tokens_max=1000,
            ),
            scripted_model(
                upstream, "speaker", task="speech", cost_card="doors-speaking-cost", price_card="doors-speaking"
            ),
            scripted_model(
                upstream, "listener", task="transcriptions", cost_card="doors-hearing-cost", price_card="doors-hearing"
            ),
            scripted_model(
                upstream,
                "writer",
                task="transcriptions",
                cost_card="doors-hearing-tokens",
                price_card="doors-hearing-tokens",
                output_tokens_max=2000,
            ),
            scripted_model(upstream, "messenger", provider="anthropic", vendor="anthropic"),
            scripted_model(upstream, "renamed", limit_field="max_completion_tokens", output_tokens_max=100),
        )
    )
    server = Solvent(tmp_path_factory.mktemp("solvent"), config, {"LOCAL_PROXY": proxy.url}).start()
    try:
        yield server
        assert server.stop() == 0, server.output
        check(read_books(server.data))
    finally:
        server.kill()


@pytest.fixture
def serve(tmp_path: Path, upstream: Upstream, request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Makes servers in folders of their own; none outlives its test."""
    made: list[Solvent] = []
    is_forked = request.node.get_closest_marker("own_process") is None

    def make(config: str | None = None, folder: str = "here", **environment: str) -> Solvent:
        given = config or CONFIG + scripted_model(upstream)
        made.append(Solvent(tmp_path / folder, given, environment, is_forked=is_forked))
        return made[-1]

    yield make
    for server in made:
        server.kill()


def books_of(server: Solvent) -> Books:
    """The books, checked."""
    books = read_books(server.data)
    check(books)
    return books
