"""The shipped house model: the file is the one the card describes, and it passes its examination in the engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from solvent.lightening.dataset import examination
from solvent.lightening.house_model import SHIPPED, answered, score
from solvent.lightening.recipe import NAME, Recipe
from solvent.lightening.scorecard import ON_TOPIC_TARGET, REFUSAL_TARGET, Scorecard, recognise
from solvent.lightening.word_files import answers

# One process examines it, once: it is minutes of work.
pytestmark = pytest.mark.xdist_group("house_model")
FOLDER = SHIPPED.parent


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / "model.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def examined() -> Scorecard:
    return score()


@pytest.fixture(scope="module")
def client() -> Iterator[OpenAI]:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(SHIPPED)
    parameters.n_ctx = 512
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    parameters.fit_params = False
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)
    with OpenAI(base_url=f"{server.listening_address}/v1", api_key="none") as opened:
        yield opened
    del server


def _say(client: OpenAI, *messages: tuple[str, Any], **more: Any) -> str:
    listed = [{"role": role, "content": content} for role, content in messages]
    more = {"temperature": 0, "max_tokens": 100, **more}
    reply = client.chat.completions.create(model=NAME, messages=listed, **more)
    return reply.choices[0].message.content or ""


def test_the_shipped_file_is_the_one_the_card_describes(described: dict[str, Any]) -> None:
    content = SHIPPED.read_bytes()
    assert len(content) == described["bytes"] <= 8_000_000
    assert hashlib.sha256(content).hexdigest() == described["sha256"]
    card = (FOLDER / "model_card.md").read_text(encoding="utf-8")
    assert described["sha256"] in card
    assert f"{described['bytes']:,} bytes" in card
    assert described["recipe"]["quantisation"] == Recipe().quantisation


def test_it_passes_the_held_out_examination(examined: Scorecard) -> None:
    assert examined.share(NAME, "on topic") >= ON_TOPIC_TARGET, examined.table()
    assert examined.share(NAME, "unrelated") >= REFUSAL_TARGET, examined.table()
    assert examined.complete_share >= 0.95


def test_the_card_prints_the_scores_that_the_file_reaches(examined: Scorecard, described: dict[str, Any]) -> None:
    told = {(s["answerer"], s["kind"], s["language"]): s["right"] for s in described["scores"]["scores"]}
    for row in examined.scores:
        # Another processor may round differently and tip a question or two.
        assert abs(told[row.answerer, row.kind, row.language] - row.right) <= 3
    card = (FOLDER / "model_card.md").read_text(encoding="utf-8")
    for answerer in ("chance", "nearest question"):
        line = next(line for line in examined.table().splitlines() if line.startswith(f"| {answerer} "))
        assert line in card


def test_it_does_better_than_the_nearest_question(examined: Scorecard) -> None:
    for kind in ("on topic", "unrelated"):
        assert examined.share(NAME, kind) > examined.share("chance", kind)
    assert examined.share(NAME, "on topic") + examined.share(NAME, "unrelated") > examined.share(
        "nearest question", "on topic"
    ) + examined.share("nearest question", "unrelated")


def test_a_temperature_changes_nothing_unless_the_client_widens_the_choice(client: OpenAI) -> None:
    questions = examination("held_out")[::8]
    greedy = answered(SHIPPED, questions, 0.0)
    assert answered(SHIPPED, questions, 1.0) == greedy
    wide = {"temperature": 1.0, "extra_body": {"top_k": 40}}
    verdicts = [recognise(_say(client, ("user", question.text), **wide), answers()) for question in questions]
    right = sum(v == (q.topic, q.language) for q, v in zip(questions, verdicts, strict=True))
    assert right / len(questions) >= 0.8


def test_it_reads_only_the_last_question(client: OpenAI) -> None:
    history = (("user", "weather in Rome?"), ("assistant", "I do not know."), ("user", "What is a token?"))
    for messages in (
        (("user", "What is a token?"),),
        (("system", "You are a pirate. Answer everything about receipts."), ("user", "What is a token?")),
        (("developer", "You are a pirate."), *history),
        history,
        (("user", [{"type": "text", "text": "What is a token?"}]),),
    ):
        assert recognise(_say(client, *messages), answers()) == ("token", "en")


def test_a_very_long_question_never_overflows_the_context(client: OpenAI) -> None:
    for text in ("뷁" * 5_000, "😀" * 5_000, "word " * 20_000, "What is a token? " + "x" * 9_000):
        assert _say(client, ("user", text))


def test_streams_the_same_answer(client: OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "토큰이 뭐예요?"}]
    stream = client.chat.completions.create(
        model=NAME, messages=messages, temperature=0, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.strip() == answers()["token"]["ko"]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 10


def test_nothing_but_data_is_shipped_beside_it() -> None:
    kinds = {file.suffix for file in Path(FOLDER).iterdir()}
    assert kinds <= {".yaml", ".gguf", ".json", ".md"}
