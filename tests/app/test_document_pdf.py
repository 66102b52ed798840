"""Documents on paper: every figure of the document is on it, in both languages, and nothing else moves it."""

from __future__ import annotations

import re

import msgspec
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.invoicing.drafts import CUSTOMER, DAY_US, RATE, draft, drafts, issued, line

from solvent.app import document_words
from solvent.app.config import InvoiceSettings
from solvent.app.document_pdf import invoice_pdf, statement_pdf
from solvent.app.document_words import Words, decimals_of, figure
from solvent.console.invoices import line_body
from solvent.invoicing.credit import Part, credit_note
from solvent.invoicing.invoice import Invoice, InvoiceDraft, InvoiceId, Standing
from solvent.invoicing.line import DraftLine
from solvent.invoicing.number import Number
from solvent.invoicing.profile import Profile
from solvent.invoicing.statement import ModelUse, PotUse, Statement, Wallet
from solvent.invoicing.tax import Tax
from solvent.values.errors import Invalid
from solvent.values.instant import instant
from solvent.values.money import Money, plain
from solvent.values.period import zone

SEOUL = zone("Asia/Seoul")
KOREAN, ENGLISH = Words("ko", SEOUL), Words("en", SEOUL)
NOW_US = instant("2026-11-27T09:00:00+09:00", "now")
SETTINGS = InvoiceSettings(
    name="주식회사 솔벤트", registration_number="1248100998", representative="김정직", address="서울 중구 세종대로 110",
    email="bill@solvent.example", bank_account="한국은행 123-456", remark="늘 고맙습니다.",
)  # fmt: skip


def text_of(pdf: bytes) -> str:
    """All text of a PDF, with single spaces."""
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    return re.sub(r"\s+", " ", " ".join(pages))


def pages_of(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    return pages


def in_november(invoice: Invoice) -> Invoice:
    return msgspec.structs.replace(invoice, issued_us=NOW_US, due_us=NOW_US + 14 * DAY_US)


def test_a_korean_invoice_says_all_that_one_must() -> None:
    invoice = in_november(issued(draft(line(29_000), line(-2_900, "coupon", text="WELCOME"))))
    text = text_of(invoice_pdf(invoice, Standing(), SETTINGS, KOREAN))
    for said in (
        "청구서", "2026-000001", "2026년 12월 11일까지 내실 금액은 26,100원입니다.", "주식회사 솔벤트", "124-81-00998",
        "김정직", "주식회사 다리", "발행일", "2026-11-27", "구독 · Pro", "26,363", "2,637", "29,000", "쿠폰 · WELCOME",
        "−2,900", "공급가액 23,727원", "부가세 10% 2,373원", "합계 26,100원", "한국은행 123-456", "늘 고맙습니다.",
    ):  # fmt: skip
        assert said in text, (said, text)


def test_an_english_invoice_in_dollars_states_the_vat_in_won() -> None:
    dollars = DraftLine(kind="subscription", text="Team", amount=Money(110 * 10**9, "USD"), credit_account="revenue:a")
    invoice = in_november(issued(draft(dollars)))
    text = text_of(invoice_pdf(invoice, Standing(), SETTINGS, ENGLISH))
    for said in ("Invoice", "Net (USD)", "100.00", "10.00", "110.00", "VAT 10 %", "1 USD = 1,385.5 KRW", RATE.source):
        assert said in text, (said, text)
    assert re.search(r"Please pay \$\s?110.00 by 11 December 2026", text)
    assert re.search(r"The VAT is ₩\s?13,855", text)


@pytest.mark.parametrize(
    ("unit", "quantity", "korean", "english"),
    [
        ("money", 12_000 * 10**7, "12,000원", r"₩\s?12,000"),
        ("money", 12_000 * 10**7 + 5 * 10**6, "12,000.50원", r"₩\s?12,000.50"),
        ("answers", 1_200, "답변 1,200개", "1,200 answers"),
        ("tokens", 5_000, "토큰 5,000개", "5,000 tokens"),
    ],
)
def test_what_a_pack_gives_is_said_in_words_that_people_count_in(
    unit: str, quantity: int, korean: str, english: str
) -> None:
    """Money's worth is money, not the grains it is kept in."""
    pack = line(10_000, "pack", "deferred:pak_1", text="bonus", quantity=quantity, unit=unit, pot="allowance:a:1")
    invoice = in_november(issued(draft(pack)))
    for words, said in ((KOREAN, korean), (ENGLISH, english)):
        text = text_of(invoice_pdf(invoice, Standing(), SETTINGS, words))
        assert re.search(said, text), (said, text)
    body = line_body(1, invoice.lines[0])
    is_money = unit == "money"
    assert body.quantity == (plain(Money(quantity, "KRW")) if is_money else str(quantity))
    assert body.unit == ("KRW" if is_money else unit)


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing(paid=29_000 * 10**7), "모두 내셨습니다. 내신 금액은 29,000원입니다."),
        (Standing(paid=20_000 * 10**7), "내실 금액은 9,000원입니다."),
        (Standing(credited=29_000 * 10**7), "이 청구서는 취소되었습니다."),
        (Standing(paid=29_000 * 10**7, credited=9_000 * 10**7), "돌려드릴 금액은 9,000원입니다."),
        (Standing(paid=29_000 * 10**7, returned=29_000 * 10**7), "내실 금액은 29,000원입니다."),
    ],
)
def test_the_sentence_says_how_the_invoice_stands(standing: Standing, said: str) -> None:
    assert said in text_of(invoice_pdf(in_november(issued(draft(line(29_000)))), standing, SETTINGS, KOREAN))


def test_a_credit_note_names_the_invoice_it_corrects() -> None:
    invoice = issued(draft(line(29_000)))
    part = Part(1, Money(9_000 * 10**7, "KRW"), 10 * DAY_US)
    note = credit_note(invoice, [], [part], InvoiceId("inv_2"), Number("CN", 2026, 7), NOW_US, "back", "다 쓰지 않아서")
    text = text_of(invoice_pdf(note, Standing(), SETTINGS, KOREAN, invoice.number))
    for said in (
        "취소 청구서",
        "CN-2026-000007",
        "청구서 2026-000001에서 취소한 금액은 9,000원입니다.",
        "−9,000원",
        "다 쓰지 않아서",
    ):
        assert said in text, (said, text)


@pytest.mark.parametrize(
    ("treatment", "said"), [("reverse_charge", "Reverse charge"), ("none", "No VAT is due"), ("exclusive", "VAT 10 %")]
)
def test_each_treatment_says_why_there_is_vat_or_none(treatment: str, said: str) -> None:
    invoice = issued(draft(line(29_000)), Tax(treatment, 100))  # type: ignore[arg-type]
    text = text_of(invoice_pdf(invoice, Standing(), SETTINGS, ENGLISH))
    assert said in text
    assert ("VAT (KRW)" in text) == (treatment == "exclusive")


def test_what_bears_vat_later_says_so() -> None:
    invoice = issued(draft(line(10_000, "top_up", "wallet:cus_1", tax="outside")))
    assert "쓰실 때 부가세가 생깁니다." in text_of(invoice_pdf(invoice, Standing(), SETTINGS, KOREAN))


@pytest.mark.parametrize("count", [1, 21, 22, 60])
def test_lines_go_on_over_pages_and_the_sums_are_never_alone(count: int) -> None:
    lines = tuple(line(1_000 + n, "usage", "revenue:a", text=f"모델 {n:03}") for n in range(count))
    pages = pages_of(invoice_pdf(issued(draft(*lines)), Standing(), SETTINGS, KOREAN))
    whole = " ".join(pages)
    assert all(whole.count(f"모델 {n:03}") == 1 for n in range(count))
    (summed,) = (page for page in pages if "부가세 10%" in page)
    assert f"모델 {count - 1:03}" in summed
    assert all("내용" in page for page in pages if "모델" in page), "each page of lines has their head"
    assert f"{len(pages)} / {len(pages)}" in pages[-1]


def test_the_same_document_gives_the_same_bytes() -> None:
    invoice = issued(draft(line(29_000)))
    first = invoice_pdf(invoice, Standing(), SETTINGS, KOREAN)
    assert invoice_pdf(invoice, Standing(), SETTINGS, KOREAN) == first
    assert first != invoice_pdf(invoice, Standing(paid=10**7), SETTINGS, KOREAN)


def test_it_is_made_to_be_kept_and_to_be_read_aloud() -> None:
    pdf = invoice_pdf(issued(draft(line(29_000))), Standing(), SETTINGS, KOREAN)
    assert b"pdfaid:part" in pdf
    assert b"pdfuaid:part" in pdf
    document = pypdfium2.PdfDocument(pdf)
    assert document.get_metadata_dict()["Title"] == "청구서 2026-000001"
    assert document.is_tagged()
    document.close()


@pytest.mark.parametrize("text", ['#panic("x")', "$x$ *bold* _it_ @ref <label>", "`raw`", "\\", '"}]', "한글 漢字 😀"])
def test_what_customers_write_is_never_markup(text: str) -> None:
    invoice = issued(draft(line(29_000, text=text)))
    marked = msgspec.structs.replace(invoice, remark=text, profile=Profile(legal_name=text, address=text))
    pdf = invoice_pdf(marked, Standing(), SETTINGS, KOREAN)
    plain = text if text.isascii() else "한글"
    assert text_of(pdf).count(re.sub(r"\s+", " ", plain)) >= 4


@given(drafts(), st.sampled_from([KOREAN, ENGLISH]))
@settings(max_examples=25, deadline=None)
def test_every_figure_of_a_document_stands_on_it(wanted: InvoiceDraft, words: Words) -> None:
    try:
        invoice = issued(wanted)
    except Invalid:
        return
    text = text_of(invoice_pdf(invoice, Standing(), SETTINGS, words))
    for part in invoice.lines:
        assert words.amount(part.total.grains, invoice.currency) in text
    for total in (invoice.supply, invoice.vat, invoice.total):
        assert words.amount(total.grains, invoice.currency) in text


def test_a_statement_shows_the_way_from_one_balance_to_the_next() -> None:
    statement = Statement(
        customer=CUSTOMER, currency="KRW", month=202611,
        wallet=Wallet(opening=100 * 10**7, paid_in=20_000 * 10**7, used=75_005_000_000, gifts_used=10**10),
        vat=591 * 10**7, models=(ModelUse("large", 37, 90_210, 28_033, 75_005_000_000, 0),),
        pots=(
            PotUse("allowance", "ANSWERS", 300, 3, 97, 200), PotUse("allowance", "KRW.INCLUDED", 10**11, 0, 0, 10**11),
        ),
    )  # fmt: skip
    for words, saids in (
        (KOREAN, ("2026년 11월에 받으신 답변은 37개입니다.", "7,500.50원", "월초 잔액 100.00", "−7,500.50",
                  "월말 잔액 12,599.50", "591.00", "90,210", "300 3 97 200", "10,000 0 0 10,000")),
        (ENGLISH, ("37 answers in November 2026.", "At the end 12,599.50", "Plan (answers) 300 3 97 200")),
    ):  # fmt: skip
        text = text_of(statement_pdf(statement, Profile(), "다리", SETTINGS, words, NOW_US))
        assert "다리" in text
        for said in saids:
            assert said in text, (said, text)


def test_an_allowance_without_limit_says_so() -> None:
    endless = PotUse("allowance", "ANSWERS", 10**9, 42, 0, 10**9 - 42)
    statement = Statement(customer=CUSTOMER, currency="KRW", month=202611, wallet=Wallet(), pots=(endless,))
    text = text_of(statement_pdf(statement, Profile(), "다리", SETTINGS, KOREAN, NOW_US))
    assert "요금제 제공 (답변) 제한 없음 42 제한 없음" in text


def test_both_languages_know_the_same_words() -> None:
    words = document_words._WORDS
    assert words["ko"].keys() == words["en"].keys()
    for word in words["ko"]:
        holes = [sorted(re.findall(r"\{\w*\}", words[language][word])) for language in ("ko", "en")]
        assert holes[0] == holes[1], word


@given(st.integers(-(10**18), 10**18), st.integers(0, 9), st.integers(0, 9))
def test_a_figure_is_exact_where_its_decimals_hold_it(whole: int, scale: int, digits: int) -> None:
    digits = min(digits, scale)
    read = figure(whole, scale, digits).replace(",", "").replace("−", "-")
    shown = int(read.replace(".", ""))
    assert 2 * abs(shown * 10 ** (scale - digits) - whole) <= 10 ** (scale - digits)
    assert len(read.partition(".")[2]) == digits
    assert figure(-whole, scale, digits).lstrip("−") == figure(whole, scale, digits).lstrip("−")


def test_columns_share_their_decimals() -> None:
    assert decimals_of([10**7, 0], "KRW") == 0
    assert decimals_of([10**7, 5], "KRW") == 2
    assert decimals_of([5 * 10**7], "USD") == 2
    assert decimals_of([5], "USD") == 4
