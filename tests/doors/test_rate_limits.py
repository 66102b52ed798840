"""Rates of a plan, as the official clients see them: what is left in every answer's headers, and when it comes back."""

from __future__ import annotations

from collections.abc import Iterator

import anthropic
import pytest
from anthropic import Anthropic
from openai import OpenAI, RateLimitError
from tests.doors.fixtures import CONFIG, scripted_model
from tests.doors.server import Solvent
from tests.doors.upstream import Upstream

from solvent.gateway.rate_headers import duration
from solvent.values.instant import instant

pytestmark = pytest.mark.xdist_group("rate_limits")

PLANS = """
[[plans]]
name = "pay-as-you-go"
[[plans.limits.rates]]
per = "key"
requests_per_minute = 4
tokens_per_minute = 100000
[[plans.limits.rates]]
per = "customer"
requests_per_minute = 1000
"""
ASKED = {"model": "scripted", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 20}


@pytest.fixture(scope="module")
def server(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    made = Solvent(tmp_path_factory.mktemp("rates"), CONFIG + scripted_model(upstream) + PLANS).start()
    yield made
    made.kill()


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_left_of_the_tightest_rate_is_in_the_headers(server: Solvent, stream: bool) -> None:
    _, key = server.customer("1")
    client = OpenAI(api_key=key, base_url=f"{server.url}/v1", max_retries=0)
    for remaining in (3, 2, 1, 0):
        raw = client.chat.completions.with_raw_response.create(**ASKED, stream=stream)
        assert list(raw.parse())
        assert raw.headers["x-ratelimit-limit-requests"] == "4"
        assert raw.headers["x-ratelimit-remaining-requests"] == str(remaining)
        assert raw.headers["x-ratelimit-limit-tokens"] == "100000"
        assert 0 < int(raw.headers["x-ratelimit-remaining-tokens"]) < 100_000
        assert raw.headers["x-ratelimit-reset-requests"][-1] == "s"
    with pytest.raises(RateLimitError) as caught:
        client.chat.completions.create(**ASKED)
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 15


def test_a_count_of_tokens_is_free_but_one_of_the_requests_of_a_minute(server: Solvent) -> None:
    _, key = server.customer("1")
    client = Anthropic(api_key=key, base_url=server.url, max_retries=0)
    for _ in range(4):
        assert client.messages.count_tokens(model="scripted", messages=[{"role": "user", "content": "?"}])
    with pytest.raises(anthropic.RateLimitError):
        client.messages.count_tokens(model="scripted", messages=[{"role": "user", "content": "?"}])
    with pytest.raises(RateLimitError):
        OpenAI(api_key=key, base_url=f"{server.url}/v1", max_retries=0).chat.completions.create(**ASKED)
    assert server.wallet(key)["held"] == "0"


def test_anthropics_clients_read_it_in_their_own_headers(server: Solvent) -> None:
    _, key = server.customer("1")
    client = Anthropic(api_key=key, base_url=server.url, max_retries=0)
    raw = client.messages.with_raw_response.create(**ASKED)
    assert raw.headers["anthropic-ratelimit-requests-limit"] == "4"
    assert raw.headers["anthropic-ratelimit-requests-remaining"] == "3"
    assert instant(raw.headers["anthropic-ratelimit-requests-reset"], "reset") > 0
    assert "x-ratelimit-limit-requests" not in raw.headers


@pytest.mark.parametrize(
    ("us", "words"),
    [(0, "0s"), (1, "1ms"), (250_000, "250ms"), (1_000_000, "1s"), (1_500_000, "1.5s"), (59_999_001, "1m0s"),
     (90_000_000, "1m30s"), (360_000_000, "6m0s"), (61_020_000, "1m1.02s")],
)  # fmt: skip
def test_durations_are_in_the_words_of_those_headers(us: int, words: str) -> None:
    assert duration(us) == words
