"""Two answerers that learn no weights, for comparison: chance, and the nearest training question by TF-IDF.

Pure Python: words and character pieces of three and four letters, cosine similarity, the best match's topic wins.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence

from solvent.lightening.scorecard import Verdict
from solvent.lightening.words import LANGUAGES, OTHER, Question


def pieces(text: str) -> Counter[str]:
    """Words, and pieces of three and four characters with word edges marked by a space."""
    lowered = text.lower()
    counted: Counter[str] = Counter()
    for word in "".join(letter if letter.isalnum() else " " for letter in lowered).split():
        counted[f"={word}"] += 1
        padded = f" {word} "
        for size in (2, 3, 4):
            counted.update(padded[at : at + size] for at in range(max(1, len(padded) - size + 1)))
    return counted


class NearestQuestion:
    """Finds the most similar training question; build once, ask often."""

    def __init__(self, known: Sequence[Question]) -> None:
        documents = [pieces(question.text) for question in known]
        frequency = Counter(piece for document in documents for piece in document)
        total = len(documents)
        self._rarity = {piece: math.log(total / count) + 1 for piece, count in frequency.items()}
        self._known = known
        self._index: dict[str, list[tuple[int, float]]] = {}
        for at, document in enumerate(documents):
            for piece, weight in self._weights(document).items():
                self._index.setdefault(piece, []).append((at, weight))

    def _weights(self, document: Counter[str]) -> dict[str, float]:
        raw = {
            piece: (1 + math.log(count)) * self._rarity[piece]
            for piece, count in document.items()
            if piece in self._rarity
        }
        length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        return {piece: weight / length for piece, weight in raw.items()}

    def verdict(self, text: str) -> Verdict:
        """Topic and language of the nearest known question; the refusal when nothing overlaps."""
        similar: dict[int, float] = {}
        for piece, weight in self._weights(pieces(text)).items():
            for at, other in self._index[piece]:
                similar[at] = similar.get(at, 0.0) + weight * other
        if not similar:
            return OTHER, "en"
        best = self._known[max(similar, key=lambda at: similar[at])]
        return best.topic, best.language


def chance_verdicts(questions: Iterable[Question], topics: Sequence[str], seed: int) -> list[Verdict]:
    """A blind guess for each question: any of the topics, in either language."""
    chance = random.Random(seed)
    return [(chance.choice(topics), chance.choice(LANGUAGES)) for _ in questions]
