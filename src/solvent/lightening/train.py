"""Train the house model on questions made on the fly, for a given number of minutes.

The compute goes to many different questions: most rows stop after the first answer tokens, where the topic and
the language are decided; a fixed share of rows teaches the answers to their end.
"""

import math
import random
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from solvent.lightening.dataset import examination, training_questions
from solvent.lightening.network import Weights, hidden_states, make_weights, scores
from solvent.lightening.recipe import ANSWER, END, QUESTION, Recipe, prompt_text
from solvent.lightening.tokenizer import load_tokenizer
from solvent.lightening.word_files import answers
from solvent.lightening.words import OTHER, Question

Say = Callable[[str], None]
THREADS = 1
"""Two threads wait for each other at every small product: on a busy two-core machine they are four times slower."""

_MOCK_TOKENS = 6
TOLD_EVERY = 0.1
"""Share of the training after which progress and the mock scores are told."""


class Row(msgspec.Struct, frozen=True):
    """One training example: token ids, and where the answer starts in them."""

    ids: list[int]
    answer_at: int


class Lesson(msgspec.Struct, frozen=True):
    """What training did: optimiser steps, questions and tokens seen, seconds and the last mock score."""

    steps: int
    questions: int
    tokens: int
    seconds: float
    mock_score: float


def train(recipe: Recipe, directory: Path, minutes: float, say: Say) -> Lesson:
    """Train with the tokenizer in `directory` and write the averaged weights to weights.npz there."""
    import numpy
    import torch

    torch.set_num_threads(THREADS)
    clean = load_tokenizer(directory / "tokenizer.json")
    weights = make_weights(recipe, clean.get_vocab_size())
    average = {name: tensor.detach().clone() for name, tensor in weights.items()}
    say(f"network: {sum(tensor.numel() for tensor in weights.values()) / 1e6:.2f} M parameters")
    optimiser = torch.optim.AdamW(
        list(weights.values()), lr=1.0, betas=(0.9, 0.98), weight_decay=recipe.weight_decay, fused=True
    )
    started, told = time.monotonic(), 0.0
    steps, tokens, loss_mean = 0, 0, 0.0
    for batch in _batches(recipe, directory):
        part = (time.monotonic() - started) / (minutes * 60)
        if part >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = _learning_rate(recipe, steps, part)
        loss = _step(recipe, weights, optimiser, batch)
        steps, tokens = steps + 1, tokens + sum(len(row.ids) for row in batch)
        loss_mean = loss if steps == 1 else 0.98 * loss_mean + 0.02 * loss
        _follow(average, weights, min(recipe.averaging, steps / (steps + 10)))
        if part - told >= TOLD_EVERY:
            told = part
            speed = tokens / (time.monotonic() - started)
            mock = _mock_line(recipe, average, clean)
            say(f"{part:4.0%} step {steps} loss {loss_mean:.3f} {speed:,.0f} tokens/s | {mock}")
    seconds = time.monotonic() - started
    arrays = {name: tensor.numpy() for name, tensor in average.items()}
    numpy.savez(directory / "weights.npz", allow_pickle=False, **arrays)
    right = mock_scores(recipe, average, clean)
    say(f"mock examination: {_mock_line(recipe, average, clean)}")
    return Lesson(steps, steps * recipe.batch_rows, tokens, seconds, sum(right.values()) / len(right))


def _mock_line(recipe: Recipe, weights: Weights, tokenizer: Any) -> str:
    return ", ".join(f"{name} {share:.1%}" for name, share in mock_scores(recipe, weights, tokenizer).items())


def _learning_rate(recipe: Recipe, steps: int, part: float) -> float:
    """Linear warm-up, then a cosine down to the final rate."""
    wave = 0.5 * (1 + math.cos(math.pi * min(1.0, part)))
    rate = recipe.final_learning_rate + (recipe.peak_learning_rate - recipe.final_learning_rate) * wave
    return rate * min(1.0, (steps + 1) / recipe.warm_up_steps)


def _batches(recipe: Recipe, directory: Path) -> Iterator[list[Row]]:
    """Endless batches of rows of similar length, in random order."""
    clean = load_tokenizer(directory / "tokenizer.json")
    split = load_tokenizer(directory / "tokenizer.json", recipe.merge_dropout)
    chance = random.Random(recipe.seed + 1)
    stream = training_questions(recipe.seed + 2)
    endings = {
        (topic, language): clean.encode(text + END).ids
        for topic, languages in answers().items()
        for language, text in languages.items()
    }
    while True:
        rows = _rows(recipe, list(islice(stream, recipe.chunk_questions)), clean, split, endings, chance)
        rows.sort(key=lambda row: len(row.ids))
        batches = [rows[at : at + recipe.batch_rows] for at in range(0, len(rows), recipe.batch_rows)]
        chance.shuffle(batches)
        yield from batches


def _rows(
    recipe: Recipe,
    questions: list[Question],
    clean: Any,
    split: Any,
    endings: dict[tuple[str, Any], list[int]],
    chance: random.Random,
) -> list[Row]:
    chosen = [split if chance.random() < recipe.merge_dropout_share else clean for _ in questions]
    prompts: list[list[int]] = [[] for _ in questions]
    for tokenizer in (split, clean):
        at = [index for index, one in enumerate(chosen) if one is tokenizer]
        texts = [QUESTION + prompt_text(questions[index].text) + ANSWER for index in at]
        for index, encoded in zip(at, tokenizer.encode_batch(texts), strict=True):
            prompts[index] = encoded.ids
    rows: list[Row] = []
    for question, prompt in zip(questions, prompts, strict=True):
        answer = endings[question.topic, question.language]
        if chance.random() >= recipe.full_answer_share:
            answer = answer[: recipe.answer_head_tokens]
        rows.append(Row(prompt + answer, len(prompt)))
    return rows


def _step(recipe: Recipe, weights: Weights, optimiser: Any, batch: list[Row]) -> float:
    """One optimiser step on the answer tokens of a batch; returns the loss of their first tokens."""
    import torch

    length = max(len(row.ids) for row in batch)
    tokens = torch.zeros(len(batch), length, dtype=torch.long)
    wanted = torch.zeros(len(batch), length, dtype=torch.bool)
    for index, row in enumerate(batch):
        tokens[index, : len(row.ids)] = torch.tensor(row.ids)
        wanted[index, row.answer_at - 1 : len(row.ids) - 1] = True
    with torch.autocast("cpu", dtype=torch.bfloat16):
        guesses = scores(weights, hidden_states(recipe, weights, tokens, recipe.dropout)[wanted])
    targets = tokens.roll(-1, dims=1)[wanted]
    losses = torch.nn.functional.cross_entropy(guesses.float(), targets, reduction="none")
    loss: Any = losses.sum() / (4 * len(batch))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(list(weights.values()), 1.0)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return float(losses.detach().sum()) / len(batch)


def _follow(average: Weights, weights: Weights, keep: float) -> None:
    for name, slow in average.items():
        slow.lerp_(weights[name].detach(), 1 - keep)


def mock_scores(recipe: Recipe, weights: Weights, tokenizer: Any) -> dict[str, float]:
    """Share of right answers on the dev questions by greedy decoding, on topic and unrelated by language."""
    starts = {
        (topic, language): tokenizer.encode(text).ids[:_MOCK_TOKENS]
        for topic, languages in answers().items()
        for language, text in languages.items()
    }
    right: dict[str, list[bool]] = {}
    for question, said in _decoded(recipe, weights, tokenizer, examination("dev")):
        name = f"{'off' if question.topic == OTHER else 'on'} {question.language}"
        right.setdefault(name, []).append(said == starts[question.topic, question.language])
    return {name: sum(marks) / len(marks) for name, marks in sorted(right.items())}


def _decoded(
    recipe: Recipe, weights: Weights, tokenizer: Any, questions: tuple[Question, ...]
) -> Iterator[tuple[Question, list[int]]]:
    import torch

    rows = [(question, tokenizer.encode(QUESTION + prompt_text(question.text) + ANSWER).ids) for question in questions]
    by_length: dict[int, list[tuple[Question, list[int]]]] = {}
    for question, ids in rows:
        by_length.setdefault(len(ids), []).append((question, ids))
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for length, group in by_length.items():
            tokens = torch.tensor([ids for _, ids in group])
            for _ in range(_MOCK_TOKENS):
                best = scores(weights, hidden_states(recipe, weights, tokens, 0.0)[:, -1]).argmax(-1, keepdim=True)
                tokens = torch.cat((tokens, best), dim=1)
            for (question, _), ids in zip(group, tokens[:, length:].tolist(), strict=True):
                yield question, ids
