"""What is read of files that people attach; and hostile ones, which cost the service nothing."""

from __future__ import annotations

import asyncio
import random

import pytest
from tests import documents as made

from solvent.app.documents import Documents, DocumentText
from solvent.values.errors import Invalid
from solvent.values.limits import DOCUMENT_CHARACTERS_MAX, DOCUMENT_PAGES_MAX

PLAIN = made.pdf(["The first page", "And the second"])


def read(data: bytes) -> DocumentText:
    return asyncio.run(Documents().read(data))


def refused(data: bytes) -> str:
    with pytest.raises(Invalid) as problem:
        read(data)
    return problem.value.code


def test_a_pdf_is_read_page_by_page_as_far_as_it_fits() -> None:
    assert read(PLAIN) == DocumentText("The first page\nAnd the second", 2, 2)
    long = read(made.pdf(["x" * 30_000] * 4))
    assert (long.pages, long.pages_read, long.is_cut) == (4, 2, True)
    assert len(long.text) == 60_001
    one = read(made.pdf(["x" * (DOCUMENT_CHARACTERS_MAX + 1), "more"]))
    assert (len(one.text), one.pages_read, one.is_cut) == (DOCUMENT_CHARACTERS_MAX, 1, True)


def test_a_tree_of_ten_thousand_pages_is_read_to_the_limit() -> None:
    found = read(made.pdf([f"p{n}" for n in range(10_000)]))
    assert (found.pages, found.pages_read, found.is_cut) == (10_000, DOCUMENT_PAGES_MAX, True)
    assert found.text.endswith(f"p{DOCUMENT_PAGES_MAX - 1}")


def test_a_word_document_is_read_once_with_its_lines_and_tabs() -> None:
    beside = "<w:r><w:t>twice</w:t></w:r>"
    again = f"<mc:AlternateContent><mc:Choice>{beside}</mc:Choice><mc:Fallback>{beside}</mc:Fallback>"
    body = (
        "<w:p><w:r><w:t>안녕 </w:t><w:tab/><w:t>하세요</w:t></w:r></w:p>"
        f"<w:p>{again}</mc:AlternateContent><w:del><w:delText>gone</w:delText></w:del></w:p>"
    )
    assert read(made.docx(body)) == DocumentText("안녕 \t하세요\ntwice")
    long = read(made.docx("<w:p><w:r><w:t>hello</w:t></w:r></w:p>" * 20_000))
    assert long.is_cut
    assert DOCUMENT_CHARACTERS_MAX - 10 < len(long.text) <= DOCUMENT_CHARACTERS_MAX


def test_texts_are_read_in_what_they_are_written_in() -> None:
    for code in ("utf-8", "utf-8-sig", "cp949", "utf-16"):
        assert read("품목,값\n사과,1000".encode(code)).text == "품목,값\n사과,1000", code
    assert read(b"x" * (DOCUMENT_CHARACTERS_MAX + 1)) == DocumentText("x" * DOCUMENT_CHARACTERS_MAX, is_cut=True)
    assert refused(b" \n") == refused(b"") == "document_without_text"
    assert refused(b"\x7fELF\x00\x00\xff\xff") == refused(b"a\x00b") == "document_unknown"


def test_what_asks_for_a_password_is_not_read_and_what_only_forbids_is() -> None:
    assert refused(made.locked(PLAIN, "secret")) == "document_locked"
    assert read(made.locked(PLAIN, "")).pages == 2


def test_what_has_no_text_or_is_something_else_says_so() -> None:
    assert refused(made.pdf(["", " "])) == "document_without_text"
    assert refused(made.docx("<w:p/>")) == "document_without_text"
    assert refused(made.docx("", name="xl/workbook.xml")) == "document_unknown"


def test_hostile_files_end_with_a_word() -> None:
    noise = random.Random(7).randbytes(50_000)
    for name, data in (
        ("random", b"%PDF-1.7\n" + noise), ("random zip", b"PK\x03\x04" + noise),
        ("truncated", PLAIN[: len(PLAIN) // 2]), ("truncated zip", made.docx("<w:p/>")[:-30]),
        ("its own kid", made.own_kid()), ("laughs", made.laughs()), ("bomb", made.bomb(1 << 27)),
        ("no XML", made.docx("<w:p>")),
    ):  # fmt: skip
        assert refused(data) in ("document_broken", "document_too_much", "document_without_text"), name


def test_what_never_ends_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solvent.app.documents.DOCUMENT_CPU_S_MAX", 1)
    assert refused(made.docx("<w:p>" * 1_000_000)) == "document_too_much"
    monkeypatch.setattr("solvent.app.documents.DOCUMENT_S_MAX", 0.01)
    assert refused(PLAIN) == "document_too_much"
