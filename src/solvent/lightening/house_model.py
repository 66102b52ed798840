"""Build the house model from nothing, and score the shipped file through the engine that serves it.

Blocking jobs: `build` needs the development dependencies (torch, tokenizers, gguf), `score` only the engine.
"""

import hashlib
import importlib.metadata
import json
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from solvent.lightening.baseline import NearestQuestion, chance_verdicts
from solvent.lightening.dataset import ExamName, examination, topics, training_questions
from solvent.lightening.model_card import render_card
from solvent.lightening.recipe import NAME, Recipe
from solvent.lightening.scorecard import (
    Scorecard,
    Verdict,
    recognise,
    score_verdicts,
    topic_shares,
)
from solvent.lightening.word_files import answers
from solvent.lightening.words import OTHER, Question

SHIPPED = Path(str(files("solvent.data.house_model").joinpath(f"{NAME}.gguf")))
ANSWER_TOKENS_MAX = 100
ENGINE_THREADS = 1
"""The model is so small that a second thread costs more in waiting than it computes."""
BASELINE_QUESTIONS = 20_000
_VERSIONS_OF = ("torch", "tokenizers", "gguf", "numpy", "xllamacpp")

Say = Callable[[str], None]
Reply = Callable[[str, float], str]
"""Answers a question text at a temperature."""


def build(directory: Path, minutes: float, say: Say) -> None:
    """Make tokenizer, weights, GGUF, scores, model.json and the card in `directory`; training takes `minutes`."""
    from solvent.lightening.tokenizer import train_tokenizer
    from solvent.lightening.train import train

    recipe = Recipe()
    directory.mkdir(parents=True, exist_ok=True)
    say("tokenizer: training")
    train_tokenizer(recipe, directory / "tokenizer.json")
    say(f"training: {minutes:g} minutes")
    lesson = train(recipe, directory, minutes, say)
    (directory / "lesson.json").write_bytes(msgspec.json.encode(lesson))
    package(recipe, directory, say)


def package(recipe: Recipe, directory: Path, say: Say) -> None:
    """Export what training left in `directory`, examine it and describe it."""
    import numpy

    from solvent.lightening.export_gguf import export_gguf
    from solvent.lightening.tokenizer import load_tokenizer

    gguf_file = directory / f"{NAME}.gguf"
    tokenizer = load_tokenizer(directory / "tokenizer.json")
    bias = numpy.zeros(tokenizer.get_vocab_size(), dtype=numpy.float32)
    for refusal in answers()[OTHER].values():
        bias[tokenizer.encode(refusal).ids[0]] = recipe.refusal_bias
    with numpy.load(directory / "weights.npz") as trained:
        weights = {**trained, "output.bias": bias}
    parameters = export_gguf(recipe, weights, directory / "tokenizer.json", gguf_file)
    say(f"exported: {gguf_file} with {gguf_file.stat().st_size:,} bytes")
    card = score(gguf_file)
    say(card.table())
    described = describe(gguf_file, parameters, card) | {
        "recipe": msgspec.to_builtins(recipe),
        "lesson": msgspec.json.decode((directory / "lesson.json").read_bytes()),
        "versions": {name: importlib.metadata.version(name) for name in _VERSIONS_OF},
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        "topics": list(topics()),
        "built": datetime.now(UTC).date().isoformat(),
    }
    text = json.dumps(described, ensure_ascii=False, indent=2) + "\n"
    (directory / "model.json").write_text(text, encoding="utf-8")
    (directory / "model_card.md").write_text(render_card(described), encoding="utf-8")
    say(f"described: {directory / 'model.json'} and model_card.md")


def describe(gguf_file: Path, parameters: int, card: Scorecard) -> dict[str, Any]:
    """What model.json says about a file: identity, size and scores."""
    return {
        "name": NAME,
        "file": gguf_file.name,
        "sha256": hashlib.sha256(gguf_file.read_bytes()).hexdigest(),
        "bytes": gguf_file.stat().st_size,
        "parameters": parameters,
        "licence": "Apache-2.0",
        "scores": msgspec.to_builtins(card),
    }


def score(gguf: Path = SHIPPED, name: ExamName = "held_out") -> Scorecard:
    """Examine a GGUF through the engine at temperature 0, beside chance and the nearest training question."""
    questions = examination(name)
    started = time.monotonic()
    with engine(gguf) as reply:
        texts = [reply(question.text, 0.0) for question in questions]
    seconds = time.monotonic() - started
    verdicts = [recognise(text, answers()) for text in texts]
    known = list(islice(training_questions(Recipe().seed + 3), BASELINE_QUESTIONS))
    nearest = NearestQuestion(known)
    rows = (
        *score_verdicts("chance", questions, chance_verdicts(questions, (*topics(), OTHER), Recipe().seed)),
        *score_verdicts("nearest question", questions, [nearest.verdict(each.text) for each in questions]),
        *score_verdicts(NAME, questions, verdicts),
    )
    whole = sum(_complete(text, verdict) for text, verdict in zip(texts, verdicts, strict=True))
    return Scorecard(
        examination=name.replace("_", "-"),
        scores=rows,
        topics=topic_shares(questions, verdicts),
        complete_share=whole / len(texts),
        seconds=round(seconds, 1),
    )


def _complete(text: str, verdict: Verdict) -> bool:
    """True when a recognised answer is word for word the written one, to its end."""
    return verdict is not None and text.strip() == answers()[verdict[0]][verdict[1]]


def answered(gguf: Path, questions: Iterable[Question], temperature: float) -> list[Verdict]:
    """The verdicts of a GGUF at any temperature; for checks beyond the examination."""
    with engine(gguf) as reply:
        return [recognise(reply(question.text, temperature), answers()) for question in questions]


@contextmanager
def engine(gguf: Path) -> Iterator[Reply]:
    """A running engine with the file loaded, as a function from question and temperature to answer."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(gguf)
    parameters.n_ctx = 512
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = ENGINE_THREADS
    parameters.cpuparams_batch.n_threads = ENGINE_THREADS
    parameters.fit_params = False
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)
    yield partial(_reply, server)


def _reply(server: Any, question: str, temperature: float) -> str:
    outcome = server.handle_chat_completions(
        {
            "messages": [{"role": "user", "content": question}],
            "temperature": temperature,
            "max_tokens": ANSWER_TOKENS_MAX,
        }
    )
    return str(outcome["choices"][0]["message"]["content"])
