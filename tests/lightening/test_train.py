"""A few real training steps; only where the development dependencies are installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import msgspec
import pytest

from solvent.lightening.export_gguf import export_gguf
from solvent.lightening.house_model import engine
from solvent.lightening.recipe import ANSWER, QUESTION, Recipe, prompt_text

NEEDED = ("torch", "tokenizers", "gguf", "numpy")
pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in NEEDED), reason="training needs torch and tokenizers"
)


def test_prompt_text_is_what_the_chat_template_makes() -> None:
    assert prompt_text("  What IS a Token? É ") == "what is a token? É"
    assert len(prompt_text("x" * 900)) == 400
    assert len(prompt_text("가" * 900)) == 134, "133 whole syllables and one that was cut"


@pytest.mark.slow
def test_a_few_steps_make_a_file_that_the_engine_loads(tmp_path: Path) -> None:
    import numpy

    from solvent.lightening.tokenizer import load_tokenizer, train_tokenizer
    from solvent.lightening.train import train

    recipe = msgspec.structs.replace(
        Recipe(), layers=2, vocabulary=1024, tokenizer_questions=3_000, chunk_questions=960
    )
    train_tokenizer(recipe, tmp_path / "tokenizer.json")
    tokenizer = load_tokenizer(tmp_path / "tokenizer.json")
    assert tokenizer.get_vocab_size() == recipe.vocabulary
    ids = tokenizer.encode(f"{QUESTION}토큰이 뭐예요?{ANSWER}").ids
    assert ids[0] == tokenizer.token_to_id(QUESTION)
    assert ids[-1] == tokenizer.token_to_id(ANSWER)
    said: list[str] = []
    lesson = train(recipe, tmp_path, 0.05, said.append)
    assert lesson.steps > 0
    assert any("parameters" in line for line in said)
    with numpy.load(tmp_path / "weights.npz") as weights:
        export_gguf(recipe, weights, tmp_path / "tokenizer.json", tmp_path / "m.gguf")
    with engine(tmp_path / "m.gguf") as reply:
        assert isinstance(reply("token", 0.0), str)
