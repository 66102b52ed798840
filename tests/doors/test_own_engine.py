"""The house model on the local engine, through the official client: metered, timed, and paid for like any other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import ChatCompletionMessageParam
from tests.doors.books import check, read_books
from tests.doors.fixtures import CONFIG
from tests.doors.server import Solvent, eventually

from solvent.answering.receipt import Receipt
from solvent.app.routes import HOUSE_CONTEXT_TOKENS, HOUSE_FILE, HOUSE_MODEL
from solvent.db.engine import open_engine as open_engine_of_books
from solvent.engines.llamacpp import open_engine
from solvent.engines.port import Settings
from solvent.ledger.account import ENGINE_IDLE
from solvent.margin import availability_store
from solvent.margin.availability import AvailabilityLine

HOUSE = Path(str(files("solvent"))) / HOUSE_FILE

if not HOUSE.is_file() and os.environ.get("CI") == "true":
    raise AssertionError(f"{HOUSE} is not there: the house model ships with the package")

pytestmark = [
    pytest.mark.xdist_group("own_engine"),
    pytest.mark.skipif(not HOUSE.is_file(), reason="the house model is not built yet"),
]

ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "What is a token?"}]
ENGINES = """
[hardware]
rated_watts = 65
threads = 1
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    """A server with nothing but the embedded model."""
    config = CONFIG.replace("house_model = false", "house_model = true") + ENGINES
    server = Solvent(tmp_path_factory.mktemp("house"), config).start()
    try:
        yield server
        assert server.stop() == 0, server.output
        check(read_books(server.data))
        took = [one.engine_us for one in read_books(server.data).receipts.values()]
        [line] = demand_idle_is_booked(server)
        assert abs(line.busy_us - sum(took)) <= 2, "all of the busy time is on answers, and nothing else"
    finally:
        server.kill()


def demand_idle_is_booked(server: Solvent) -> list[AvailabilityLine]:
    """What the journal of availability says is what the ledger was moved by."""
    books = open_engine_of_books(server.data)
    with books.connect() as connection:
        lines = availability_store.lines(connection, 0, 10**6, "USD")
    books.dispose()
    moved = sum(row.grains for row in read_books(server.data).transfers.values() if row.debit == ENGINE_IDLE)
    assert sum(line.idle_grains for line in lines) == moved > 0
    return lines


def booked(server: Solvent, id: str) -> Receipt:
    """The receipt as it is in the journal, once it is there."""
    return eventually(lambda: read_books(server.data).receipts.get(id), f"there is no receipt of {id}")


def test_answers_whole_with_no_key_and_no_download(house: Solvent) -> None:
    raw = house.client().chat.completions.with_raw_response.create(
        model=HOUSE_MODEL, messages=ASK, max_tokens=40, temperature=0
    )
    answer = raw.parse()
    assert answer.choices[0].message.content
    assert answer.usage is not None
    receipt = booked(house, answer.id)
    assert receipt.output_tokens == answer.usage.completion_tokens <= 40
    assert receipt.input_tokens + receipt.cached_input_tokens == answer.usage.prompt_tokens
    assert receipt.engine_us > 0
    assert receipt.energy_uj > 0
    assert receipt.cost_grains > 0, "an answer of our own hardware costs something too"
    assert receipt.charge_grains > 0
    shown = house.receipt(answer.id)
    assert shown["charge"] == raw.headers["x-solvent-charge"]
    assert float(shown["energy_watt_hours"]) > 0
    assert float(shown["engine_ms"]) > 0
    assert shown["attribution"] == "presence", "it comes whole"
    assert shown["energy_estimated"] in (True, False)


def test_streams_and_reports_usage_when_asked(house: Solvent) -> None:
    with house.client().chat.completions.create(
        model=HOUSE_MODEL, messages=ASK, max_tokens=30, temperature=0, stream=True,
        stream_options={"include_usage": True},
    ) as stream:  # fmt: skip
        chunks = list(stream)
    *before, last = chunks
    assert "".join(chunk.choices[0].delta.content or "" for chunk in before)
    assert last.usage is not None
    receipt = booked(house, last.id)
    assert receipt.outcome == "answered"
    assert receipt.output_tokens == last.usage.completion_tokens
    assert receipt.first_token_us > 0
    assert receipt.attribution == "phases"
    assert all("timings" not in (chunk.model_extra or {}) for chunk in chunks), "the engine's own members stay here"


def test_hanging_up_in_the_middle_ends_the_work_and_counts_to_the_token(house: Solvent) -> None:
    stream = house.client().chat.completions.create(
        model=HOUSE_MODEL, messages=ASK, max_tokens=200, temperature=1.5, stream=True, extra_body={"ignore_eos": True}
    )
    taken = [next(stream) for _ in range(5)]
    stream.close()
    receipt = booked(house, taken[0].id)
    assert receipt.outcome == "abandoned"
    assert not receipt.usage_estimated, "the engine tells its count with every token"
    assert 3 <= receipt.output_tokens < 150, "the engine went on for nobody"
    assert receipt.engine_us > 0
    eventually(lambda: house.wallet()["held"] == "0", "money is still set aside")


def test_answers_of_many_at_once_share_the_engine_and_its_cost(house: Solvent) -> None:
    client = house.client()

    def ask(n: int) -> Any:
        question: list[ChatCompletionMessageParam] = [{"role": "user", "content": f"What is a hold? ({n})"}]
        return client.chat.completions.create(model=HOUSE_MODEL, messages=question, max_tokens=24).id

    with ThreadPoolExecutor(12) as crowd:
        ids = list(crowd.map(ask, range(12)))
    receipts = [booked(house, id) for id in ids]
    assert all(receipt.outcome == "answered" for receipt in receipts)
    first_us = min(receipt.at_us - receipt.total_us for receipt in receipts)
    span_us = max(receipt.at_us for receipt in receipts) - first_us
    assert sum(receipt.engine_us for receipt in receipts) <= span_us, "the engine's time was handed out twice"


def test_the_engine_keeps_to_the_limit(house: Solvent) -> None:
    answer = house.client().chat.completions.create(
        model=HOUSE_MODEL, messages=ASK, max_completion_tokens=3, extra_body={"ignore_eos": True}
    )
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 3
    assert answer.choices[0].finish_reason == "length"


def test_of_a_question_longer_than_the_context_only_what_was_read_is_charged(house: Solvent) -> None:
    """The model's own template keeps the end of a long question; llama.cpp refuses what is still too long."""
    long: Any = [{"role": "user", "content": "word " * 4000}]
    answer = house.send("POST", "/v1/chat/completions", {"model": HOUSE_MODEL, "messages": long, "max_tokens": 5})
    receipt = booked(house, answer.headers["x-request-id"])
    assert answer.status in (200, 400), answer.body
    assert receipt.input_tokens + receipt.cached_input_tokens <= HOUSE_CONTEXT_TOKENS
    assert answer.status == 200 or receipt.charge_grains == 0


def test_a_crash_in_the_middle_of_an_answer_leaves_books_that_balance(tmp_path: Path) -> None:
    """What the lost answer took is on nobody's bill, and the next start counts its own time alone."""
    config = CONFIG.replace("house_model = false", "house_model = true") + ENGINES
    server = Solvent(tmp_path, config).start()
    try:
        settled = server.client().chat.completions.create(model=HOUSE_MODEL, messages=ASK, max_tokens=8).id
        lost = server.client().chat.completions.create(
            model=HOUSE_MODEL, messages=ASK, max_tokens=200, stream=True, extra_body={"ignore_eos": True}
        )
        next(iter(lost))
        server.kill()
        server.start()
        after = server.client().chat.completions.create(model=HOUSE_MODEL, messages=ASK, max_tokens=8).id
        assert server.stop() == 0, server.output
        books = read_books(server.data)
        check(books)
        assert set(books.receipts) == {settled, after}
        [line] = demand_idle_is_booked(server)
        assert abs(line.busy_us - books.receipts[after].engine_us) <= 2
    finally:
        server.kill()


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Solvent]:
    """A second Solvent whose upstream is the engine's own OpenAI server, as anybody's would be."""
    engine = open_engine(Settings(HOUSE, seats=2, context_tokens=512, threads=1))
    key = getattr(engine, "key", "")
    config = CONFIG + (
        '[[models]]\nname = "borrowed"\nprovider = "openai_compatible"\nkey = "env:ENGINE_KEY"\n'
        f'base_url = "{engine.base_url}"\ncost_card = "doors-cost"\nprice_card = "doors-price"\n'
    )
    server = Solvent(tmp_path_factory.mktemp("second"), config, {"ENGINE_KEY": key or "none"})
    try:
        yield server.start()
        assert server.stop() == 0
        check(read_books(server.data))
    finally:
        server.kill()
        engine.close()


def test_tools_pass_through_to_a_real_openai_server(second: Solvent) -> None:
    """The model is too small to use a tool well; the server takes the definition, and refuses a senseless one."""
    tool: Any = {
        "type": "function",
        "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
    client = second.client()
    answer = client.chat.completions.create(model="borrowed", messages=ASK, tools=[tool], max_tokens=20)
    assert answer.choices[0].message.content or answer.choices[0].message.tool_calls
    with client.chat.completions.create(
        model="borrowed", messages=ASK, tools=[tool], tool_choice="none", max_tokens=20, stream=True
    ) as stream:
        chunks = list(stream)
    assert chunks[-1].choices[0].finish_reason in ("stop", "length", "tool_calls")
    refused = second.send(
        "POST",
        "/v1/chat/completions",
        {"model": "borrowed", "messages": ASK, "tools": [tool], "tool_choice": {"type": "nonsense"}, "max_tokens": 5},
    )
    assert refused.status in (200, 400, 502)


def test_a_real_openai_server_is_metered_by_its_own_report(second: Solvent) -> None:
    for stream in (False, True):
        body = {
            "model": "borrowed", "messages": ASK, "max_tokens": 15, "stream": stream,
            "stream_options": {"include_usage": True},
        }  # fmt: skip
        answer = second.send("POST", "/v1/chat/completions", body)
        receipt = second.receipt(answer.headers["x-request-id"])
        assert (receipt["outcome"], receipt["usage"]["estimated"]) == ("answered", False)
        assert 0 < receipt["usage"]["output_tokens"] <= 15
