"""BILLING_CASES, "Prices": an unknown price refuses, nonsense is never booked, and each answer has its day's price."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.doors.books import check, read_books
from tests.doors.fixtures import CONFIG, Serve, scripted_model
from tests.doors.server import Solvent, question
from tests.doors.upstream import Upstream

pytestmark = pytest.mark.xdist_group("stories_of_prices")

NONSENSE: dict[str, Any] = {
    "negative": {"prompt_tokens": -5, "completion_tokens": -1_000_000},
    "negative_in_part": {"prompt_tokens": 5, "completion_tokens": -1},
    "huge": {"prompt_tokens": 5, "completion_tokens": 10**15},
    "beyond_64_bits": {"prompt_tokens": 10**40, "completion_tokens": 1},
    "texts": {"prompt_tokens": "11", "completion_tokens": "5"},
    "fractions": {"prompt_tokens": 11.5, "completion_tokens": 5},
    "nothing_in_it": {},
    "a_list": [11, 5],
    "a_number": 16,
    "more_cached_than_read": {
        "prompt_tokens": 5, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 50},
    },
    "more_thought_than_written": {
        "prompt_tokens": 5, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 50},
    },
}  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", NONSENSE)
def test_a_usage_report_that_cannot_be_is_refused_and_flagged(solvent: Solvent, name: str, stream: bool) -> None:
    """The customer gets the answer and pays at most for what was delivered; nobody's balance ever grows."""
    user, before = uuid.uuid4().hex, solvent.wallet()["balance"]
    body = question({"usage": NONSENSE[name]}, user=user, stream=stream)
    answer = solvent.send("POST", "/v1/chat/completions", body)
    receipt = solvent.receipt_for(user)
    assert answer.status == 200
    assert receipt["alarms"] == ["bad_usage"]
    assert receipt["usage"]["estimated"]
    assert 0 < receipt["usage"]["output_tokens"] <= 5
    assert receipt["usage"]["input_tokens"] == 0
    assert float(solvent.wallet()["balance"]) < float(before)


def test_token_buckets_are_disjoint(solvent: Solvent) -> None:
    """Cached tokens are inside the prompt and reasoning inside the completion: neither is paid for twice."""
    user = uuid.uuid4().hex
    usage = {
        "prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100,
        "prompt_tokens_details": {"cached_tokens": 800, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 60, "accepted_prediction_tokens": 0},
    }  # fmt: skip
    solvent.send("POST", "/v1/chat/completions", question({"usage": usage}, user=user, max_tokens=2000))
    receipt = solvent.receipt_for(user)
    used = receipt["usage"]
    assert (used["input_tokens"], used["cached_input_tokens"]) == (200, 800)
    assert (used["output_tokens"], used["reasoning_tokens"]) == (40, 60)
    assert receipt["charge"] == "0.0003"  # 200 x 0.30 + 800 x 0.15 + 100 x 1.20 dollars a million
    assert receipt["cost"] == "0.00015"


def test_margin_is_kept_apart_from_cost(solvent: Solvent) -> None:
    user = uuid.uuid4().hex
    solvent.send("POST", "/v1/chat/completions", question({"words": 10}, user=user))
    receipt = solvent.receipt_for(user)
    assert (receipt["cost"], receipt["charge"], receipt["margin"]) == ("0.00000765", "0.0000153", "0.00000765")
    assert (receipt["cost_card"], receipt["price_card"]) == ("doors-cost@2026-01-01", "doors-price@2026-01-01")


@pytest.mark.parametrize(
    ("card", "entries"),
    [
        ("half-priced", "{from: 2026-01-01, input: 0.3}"),
        ("not-yet", "{from: 2999-01-01, input: 0.3, output: 1.2}"),
    ],
)
@pytest.mark.parametrize("book", ["cost_card", "price_card"])
def test_an_unknown_price_refuses(serve: Serve, upstream: Upstream, card: str, entries: str, book: str) -> None:
    """It is never nothing: the service does not even start with such a model."""
    server = serve(CONFIG + scripted_model(upstream, **{book: card}))
    text = f"card: {card}\ncurrency: USD\nentries:\n  - {entries}\n"
    (server.folder / "rate_cards" / "other.yaml").write_text(text)
    assert server.launch().wait(60) == 2
    said = server.output
    assert "has no" in said
    assert "in force today" in said


def test_an_answer_has_the_price_of_its_instant(serve: Serve, upstream: Upstream) -> None:
    """The price rises while the service runs: no restart, and answers before it keep theirs."""
    for seconds in (8, 60):  # a busy machine may need more to start and answer
        server = serve(CONFIG + scripted_model(upstream, price_card="rising"))
        rises = datetime.now(UTC) + timedelta(seconds=seconds)
        (server.folder / "rate_cards" / "rising.yaml").write_text(
            "card: rising\ncurrency: USD\nentries:\n"
            "  - {from: 2026-01-01, input: 0.3, output: 1.2}\n"
            f"  - {{from: '{rises.isoformat()}', input: 3, output: 12}}\n"
        )
        server.start()
        before = server.send("POST", "/v1/chat/completions", question())
        if datetime.now(UTC) < rises:
            break
        assert server.stop() == 0
    time.sleep((rises - datetime.now(UTC)).total_seconds() + 0.05)
    after = server.send("POST", "/v1/chat/completions", question())
    charges = [answer.headers["x-solvent-charge"] for answer in (before, after)]
    assert charges == ["0.0000093", "0.000093"]
    cards = [server.receipt(answer.headers["x-request-id"])["price_card"] for answer in (before, after)]
    assert len(set(cards)) == 2
    assert server.stop() == 0
    check(read_books(server.data))


def test_a_cost_in_another_currency_is_exchanged_at_a_dated_rate(serve: Serve, upstream: Upstream) -> None:
    """We pay dollars, they pay won: the receipt keeps both, and the rate."""
    config = CONFIG.replace("USD", "KRW") + scripted_model(upstream, price_card="won")
    config += '[[exchanges]]\nbase = "USD"\nquote = "KRW"\nrate = "1400"\nfrom = "2026-01-01"\nsource = "a test"\n'
    server = serve(config)
    (server.folder / "rate_cards" / "won.yaml").write_text(
        "card: won\ncurrency: KRW\nentries:\n  - {from: 2026-01-01, input: 400, output: 2000}\n"
    )
    server.start()
    answer = server.send("POST", "/v1/chat/completions", question({"words": 10}))
    receipt = server.receipt(answer.headers["x-request-id"])
    assert (receipt["charge"], receipt["currency"]) == ("0.0244", "KRW")
    assert (receipt["provider_cost"], receipt["provider_currency"]) == ("0.00000765", "USD")
    assert receipt["cost"] == "0.01071"
    assert receipt["exchange"] == "1400/1"
    assert server.stop() == 0
    check(read_books(server.data, "KRW"))
