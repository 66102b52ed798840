"""The fonts of documents have all of modern Hangul; what they lack is shown as a box."""

from __future__ import annotations

from pathlib import Path

import pytest

from solvent.app.document_pdf import FOLDER
from solvent.app.font_cover import covered, displayable

FONTS = sorted((FOLDER / "fonts").glob("*.otf"))


@pytest.mark.parametrize("font", FONTS, ids=lambda font: font.stem)
def test_a_font_has_all_that_documents_say(font: Path) -> None:
    known = covered(font)
    assert known.issuperset(range(0xAC00, 0xD7A4)), "every syllable of modern Hangul"
    assert known.issuperset(map(ord, "₩$€£¥−–·%□ \u200aAZaz09äéß"))
    assert known == covered(FONTS[0]), "both weights have the same"


def test_what_a_font_lacks_is_a_box_and_hangul_is_composed() -> None:
    assert displayable("다리 漢 😀", FONTS[0]) == "다리 □ □"
    assert displayable("\u1103\u1161", FONTS[0]) == "다"
    assert displayable("a\nb\tc", FONTS[0]) == "a b c"
