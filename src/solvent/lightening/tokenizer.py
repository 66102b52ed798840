"""Train the house model's byte-level BPE with the Qwen2 regex and NFC, which llama.cpp knows as `qwen2`.

A blocking job: `tokenizers` is a development dependency, so it is imported inside functions.
"""

import random
from itertools import islice
from pathlib import Path
from typing import Any

from solvent.lightening.dataset import training_questions
from solvent.lightening.recipe import ANSWER, END, QUESTION, Recipe, prompt_text
from solvent.lightening.word_files import answers

QWEN2_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIALS = (QUESTION, ANSWER, END)
_ANSWER_REPEATS = 40


def train_tokenizer(recipe: Recipe, file: Path) -> None:
    """Write tokenizer.json; answers are repeated so that each becomes few tokens and decodes fast."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=recipe.vocabulary,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_corpus(recipe), trainer)
    tokenizer.save(str(file))


def _corpus(recipe: Recipe) -> list[str]:
    stream = islice(training_questions(recipe.seed), recipe.tokenizer_questions)
    questions = [prompt_text(question.text) for question in stream]
    texts = [text for languages in answers().values() for text in languages.values()] * _ANSWER_REPEATS
    corpus = questions + texts
    random.Random(recipe.seed).shuffle(corpus)
    return corpus


def load_tokenizer(file: Path, merge_dropout: float = 0.0) -> Any:
    """The trained tokenizer; merge dropout splits words at random so that unseen forms look familiar."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    if merge_dropout:
        tokenizer.model.dropout = merge_dropout
    return tokenizer
