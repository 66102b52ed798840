"""Personal data is found however it is written, and what only looks like it is left alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvent.guards.pii import Pii, open_guard
from solvent.guards.port import Settings
from solvent.values.errors import Invalid

PII = open_guard(Settings("pii"))


def kinds(words: str, guard: Pii = PII) -> list[tuple[str, str]]:
    return [(one.kind, words[one.start : one.end]) for one in guard.look(0, words)]


@pytest.mark.parametrize(
    ("kind", "datum"),
    [
        ("resident_number", "900101-1234568"),
        ("resident_number", "900101 - 1234568"),
        ("resident_number", "9001011234568"),  # its check digit is right
        ("resident_number", "201015-3123456"),  # born since the digits are random
        ("resident_number", "2010153123456"),
        ("resident_number", "000229-4123456"),
        ("resident_number", "９００１０１－１２３４５６８"),
        ("resident_number", "900101\u200b-\u200b1234568"),
        ("foreigner_number", "850315-5678901"),
        ("foreigner_number", "010203-7123456"),
        ("card", "4111111111111111"),
        ("card", "4111-1111-1111-1111"),
        ("card", "4111 1111 1111 1111"),
        ("card", "3782 822463 10005"),
        ("card", "378282246310005"),
        ("card", "5555555555554444"),
        ("card", "6011 0009 9013 9424"),
        ("card", "3530111333300000"),
        ("phone", "010-1234-5678"),
        ("phone", "01012345678"),
        ("phone", "010 1234 5678"),
        ("phone", "010.1234.5678"),
        ("phone", "011-234-5678"),
        ("phone", "02-345-6789"),
        ("phone", "(031) 345-6789"),
        ("phone", "070-1234-5678"),
        ("phone", "+82-10-1234-5678"),
        ("phone", "+82 (0)10-1234-5678"),
        ("phone", "82-10-1234-5678"),
        ("phone", "+1 415 555 2671"),
        ("phone", "+44 20 7946 0958"),
        ("phone", "(415) 555-2671"),
        ("phone", "０１０－１２３４－５６７８"),
        ("email", "kim.min-su+test@mail.example.co.kr"),
        ("email", "A@B.IO"),
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "연락처는 {}입니다.", "연락처:{}이고", "call ({}) now", '{{"a":"{}"}}', "<{}>"]
)
def test_finds_what_is_personal(kind: str, datum: str, around: str) -> None:
    words = around.format(datum)
    found = kinds(words)
    assert [name for name, _ in found] == [kind], found
    assert datum.strip("()+") in found[0][1].strip("()+"), found


@pytest.mark.parametrize(
    "words",
    [
        "주문번호 2026112712345678",
        "order 20261127-000123, tracking 1234567890123",
        "사업자등록번호 123-45-67890",
        "법인등록번호 130111-0006246",
        "2026-11-27 12:34:56, 2026.11.27. 13:00",
        "ISBN 978-89-01-12345-6, ISBN 9788901123456, 89-01-12345-6",
        "가격은 1,234,567원, 12345678901234567890",
        "version 1.2.3.4, 192.168.100.200, 3.14159265358979",
        "4111 1111 1111 1112",  # a wrong check digit
        "900230-1234567",  # no such day
        "9001011234567",  # no hyphen and a wrong check digit
        "901301-1234567",
        "문의 1588-1234, 내선 4567",
        "def f(x): return x @ y",
        "user@localhost, @mention, a@b",
        "550e8400-e29b-41d4-a716-446655440000",
        "1764242409000",  # an instant
        "010-12-34",
    ],
)
def test_leaves_alone_what_only_looks_like_it(words: str) -> None:
    assert kinds(words) == []


def test_a_code_after_a_card_is_no_part_of_it() -> None:
    assert kinds("4111 1111 1111 1111 123") == [("card", "4111 1111 1111 1111")]


def test_looks_only_for_the_kinds_it_is_told() -> None:
    guard = open_guard(Settings("pii", {"kinds": ["email"]}))
    assert kinds("a@b.io 010-1234-5678", guard) == [("email", "a@b.io")]


@pytest.mark.parametrize("options", [{"kinds": ["names"]}, {"kinds": []}, {"kind": ["email"]}, {"kinds": "email"}])
def test_refuses_options_that_make_no_sense(options: dict[str, object]) -> None:
    with pytest.raises(Invalid, match=r"kinds|unknown|array"):
        open_guard(Settings("pii", options))


@given(st.text(st.characters(exclude_categories=("Nd", "No", "Nl", "Cs"), exclude_characters="@＠﹫"), max_size=200))
def test_text_without_digits_and_at_signs_has_nothing_in_it(words: str) -> None:
    assert kinds(words) == []


@given(st.text("0123456789-. ()@+aB가\u200b０１", max_size=120))
def test_never_fails_and_stays_in_the_text(words: str) -> None:
    found = PII.look(0, words)
    assert all(0 <= one.start < one.end <= len(words) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert 0 <= PII.unsure(words) <= len(words)


def test_a_text_made_to_be_slow_is_not() -> None:
    for piece in ("1-", "a@a.", "0", "+1(", "a.a@", "9001011", "\u200b1", "가"):
        PII.look(0, piece * (200_000 // len(piece)))
