"""Render model.json as the model card that people read: size, data, recipe, scores, limits.

Pure, so that the card can never say anything else than the description that the tests check.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from solvent.lightening.recipe import NAME
from solvent.lightening.scorecard import Scorecard

_EXAM_RUNS = """\
While the recipe was
made, the examination was run on three models: an early one (93.5 % on topic, 90.5 % refusals), a later one (96.1 %,
84.0 %), and that one with the refusal bias. The second result is why there is a bias; its size was chosen on
`dev.yaml`, not on the examination."""

_LIMITS = """\
## Limits

- It knows wordings, not meanings: 4 million parameters trained from nothing have no knowledge of the world. A
  question in words that training never used may get a wrong topic or the refusal.
- It has one written answer for each topic and language and repeats it; it cannot combine, calculate or chat.
- It reads only the last user message, in lower case and cut to 400 bytes (133 Korean syllables). System prompts,
  earlier turns, tools and response formats have no effect.
- Only Korean and English. Other languages get one of the two at random, mostly the refusal.
- It always says the likeliest words: the file sets `top_k` to 1, so a client's temperature changes nothing. With
  `top_k` set higher by a client and temperature 1, a few questions in a hundred get another answer.
- The examination was written by the same author as the training words, before them and without copying. What
  necessarily overlaps: the names of things (token, hold, receipt, 토큰, 영수증) and everyday grammar. No examination
  question, frame, opening or ending is in the training words, which a test checks. Strangers' questions will score
  lower than these numbers.
- It states how Solvent works as of the build date; when Solvent changes, `topics.yaml` must change and the model be
  rebuilt.
"""


def render_card(described: Mapping[str, Any]) -> str:
    """The whole model_card.md for a description that `house_model.build` wrote."""
    card = msgspec.convert(described["scores"], Scorecard)
    recipe, lesson = described["recipe"], described["lesson"]
    worst = ", ".join(f"{name} {share:.0%}" for name, share in list(card.topics.items())[:8])
    versions = ", ".join(f"{name} {version}" for name, version in described["versions"].items())
    return f"""\
# {NAME}

The language model inside Solvent. It answers questions about Solvent in Korean and English and refuses everything
else, so that a first run works with no key and no download.

| | |
| --- | --- |
| file | `{described["file"]}`, GGUF, {recipe["quantisation"]}, {described["bytes"]:,} bytes |
| sha256 | `{described["sha256"]}` |
| licence | Apache-2.0 (weights, word lists, answers and code) |
| shape | Qwen2, {recipe["layers"]} layers, width {recipe["width"]}, {recipe["heads"]} heads, \
{recipe["key_value_heads"]} key-value heads, feed-forward {recipe["feed_forward"]}, tied embedding |
| parameters | {described["parameters"]:,} |
| tokenizer | own byte-level BPE, {recipe["vocabulary"]} tokens, Qwen2 regex, NFC |
| context | 512 tokens are always enough |
| built | {described["built"]}, {described["machine"]}, {lesson["seconds"] / 60:.1f} minutes of training |
| versions | {versions} |
| command | `make house-model`, that is `solvent.lightening.house_model.build(directory, minutes, say)` |

## Data

No text from outside. A seeded generator (`lightening/dataset.py`) makes questions from word lists
(`train_ko.yaml`, `train_en.yaml`, `train_other.yaml`): {len(described["topics"])} topics in two languages, and
unrelated questions including hard ones that borrow the service's words (a workout plan, a leather wallet). Noise adds
typos, lost spaces, lost and reordered words. The answers are written by hand (`topics.yaml`).

## Recipe

{lesson["steps"]:,} steps of {recipe["batch_rows"]} rows, {lesson["questions"]:,} questions made on the fly and hardly
ever repeated, {lesson["tokens"]:,} tokens. Only answer tokens carry loss; {recipe["full_answer_share"]:.0%} of the rows
teach the whole answer, the others its first {recipe["answer_head_tokens"]} tokens, where topic and language are
decided. AdamW, peak rate {recipe["peak_learning_rate"]}, cosine, bfloat16 matrix products, averaged weights
({recipe["averaging"]}), a bias of {recipe["refusal_bias"]} on the refusal's first token, BPE merge dropout {recipe["merge_dropout"]} on {recipe["merge_dropout_share"]:.0%} of the rows,
seed {recipe["seed"]}. Training is timed, so a faster machine takes more steps and its file differs.

## Scores

Right answer in the right language, greedy, through the engine that serves it. The examination (`held_out.yaml`) uses
wordings that training never sees; tuning used `dev.yaml`. {_EXAM_RUNS}

{card.table()}

{card.complete_share:.1%} of all answers were a written answer, complete to its last character. Weakest topics: {worst}.

{_LIMITS}"""
