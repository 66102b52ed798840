"""Bills as providers export them are read whole and exactly, or refused by row and column."""

from __future__ import annotations

import base64
import gzip
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reconciling.exports import ANTHROPIC_CSV, ANTHROPIC_JSON, AWS_CSV, AZURE_CSV, OPENAI_CSV, OPENAI_JSON

from solvent.reconciling import summed as summing
from solvent.reconciling import unpack
from solvent.reconciling.alias import aliases_of, key_of, known_as
from solvent.reconciling.amount import amount_of, decimal_text
from solvent.reconciling.bill import ReadBill
from solvent.reconciling.kind import kind_of
from solvent.reconciling.reading import Terms, read_bill
from solvent.reconciling.unpack import sent, unpacked
from solvent.values.errors import Invalid
from solvent.values.period import day_name

MAPPED = Terms(columns="date=Day; amount=Cost; model=Model", currency="USD")


def said(read: ReadBill) -> dict[tuple[str, str, str], str]:
    return {(day_name(day), kind, named): decimal_text(sum_) for (day, kind, named), (sum_, _) in read.sums.items()}


def test_openais_export_is_read_by_line_item() -> None:
    read = read_bill(OPENAI_CSV, Terms())
    assert (read.layout, read.currency, read.rows, read.left_out) == ("openai", "USD", 5, 0)
    assert said(read) == {
        ("2026-11-01", "usage", "gpt-4o-2024-08-06"): "1.25006",
        ("2026-11-02", "usage", "gpt-4o-mini-2024-07-18"): "0.5000000001",
        ("2026-11-02", "usage", "web search"): "0.01",
        ("2026-11-02", "other", "code interpreter sessions"): "0.03",
    }


def test_reports_of_apis_speak_of_days_without_costs_too() -> None:
    read = read_bill(OPENAI_JSON, Terms())
    assert said(read) == {("2026-11-01", "usage", "gpt-4o"): "0.0600001"}
    assert (day_name(read.first_day), day_name(read.until_day)) == ("2026-11-01", "2026-11-03")
    two = read_bill(OPENAI_JSON.replace("\n", "") + "\n" + OPENAI_JSON.replace("\n", ""), Terms())
    assert said(two) == {("2026-11-01", "usage", "gpt-4o"): "0.1200002"}
    with pytest.raises(Invalid, match="has_more"):
        read_bill(OPENAI_JSON.replace("false", "true"), Terms())


def test_anthropics_report_is_in_cents_and_its_export_in_dollars() -> None:
    assert said(read_bill(ANTHROPIC_JSON, Terms())) == {
        ("2026-11-01", "usage", "claude-sonnet-4-5-20250929"): "1.2378912",
        ("2026-11-01", "other", "Code Execution Usage"): "0.2",
        ("2026-11-01", "usage", "Web Search Usage"): "0.01",
    }
    assert said(read_bill(ANTHROPIC_CSV, Terms())) == {
        ("2026-11-01", "usage", "Claude Haiku 4.5"): "0.05",
        ("2026-11-02", "usage", "Claude Haiku 4.5"): "0.1",
    }


def test_of_a_cost_and_usage_report_only_bedrock_counts_and_the_rest_is_counted() -> None:
    sums = {
        ("2026-11-01", "usage", "Claude4.6Sonnet"): "0.283",
        ("2026-11-01", "usage", "Claude Opus 4.5"): "1.5",
        ("2026-11-01", "tax", ""): "0.18",
        ("2026-11-01", "credit", "Claude4.6Sonnet"): "-0.05",
    }
    read = read_bill(AWS_CSV, Terms())
    assert (said(read), read.left_out) == (sums, 1)
    azure = read_bill(AZURE_CSV, Terms())
    assert (said(azure), azure.left_out) == ({("2026-11-01", "usage", "gpt 4o Inp glbl Tokens"): "0.75"}, 1)


def test_any_table_is_read_by_a_map_of_its_columns() -> None:
    text = "\ufeffDay;Service;Model;Cost\n01/11/2026;ai;m-1;-0,5\n".replace("-0,5", "-0.5") + "02/11/2026;web;;7\n"
    terms = Terms(
        columns="date=Day; amount=Cost; model=Model; dates=dmy; only=Service:AI", currency="EUR", until=20_760
    )
    read = read_bill(text.removeprefix("\ufeff"), terms)
    assert (said(read), read.left_out, read.until_day) == ({("2026-11-01", "usage", "m-1"): "-0.5"}, 1, 20_760)
    assert read_bill(unpacked(gzip.compress(text.encode())), terms) == read
    for columns, words in {
        "date=Day": "which column is the amount",
        "date=Day; amount=Price": "no column 'Price'",
        "date=Day; amount=Cost; colour=Red": "'colour=Red'",
        "date=Day; amount=Cost; dates=ymd": "dates: choose",
        "date=Day; amount=Cost; only=Service": "'only=Service'",
        "date=Day; amount=Cost": "no column says the currency",
    }.items():
        with pytest.raises(Invalid, match=words):
            read_bill(text.removeprefix("\ufeff"), Terms(columns=columns))


def test_days_are_of_the_zone_that_is_named() -> None:
    text = "Day,Cost,Model\n2026-11-01T20:00:00Z,1,m\n2026-11-02T08:00:00+09:00,1,m\n2026-11-02,1,m\n"
    assert [key[0] for key in said(read_bill(text, MAPPED))] == ["2026-11-01", "2026-11-02"]
    seoul = Terms(columns=MAPPED.columns, currency="USD", zone="Asia/Seoul")
    assert said(read_bill(text, seoul)) == {("2026-11-02", "usage", "m"): "3"}


BAD = {
    "a,b\n1,2\n": "these columns are of no export that is known here: a, b",
    "Day,Cost,Model\n2026-11-01,1,m\nsoon,$5,m\n": "line 3, column Day: 'soon' is no date.*line 3, column Cost: '\\$5'",
    "Day,Cost,Model\n2026-11-01,1,m\n2026-11-01,1\n": "line 3 has 2 columns, and line 1 has 3",
    'Day,Cost,Model\n2026-11-01,1,"m\n': "no row of a CSV file",
    "Day,Cost,Model\n": "no rows that count",
    "Day,Cost,Cost\n2026-11-01,1,m\n": "the column 'Cost' is there twice",
    "Day,Cost,Model\n2026-11-01,1e99,m\n2026-11-01,1e999,m": "line 3, column Cost",
    "Day,Cost,Model\n2026-11-01,,m": "line 2, column Cost: '' is no amount",
    "Day,Cost,Model\n1926-11-01,1,m": "is no date",
    "Day,Cost,Model\n2026-11-01,nan,m": "is no amount",
    '{"data": []}': "no days",
    '{"data": 1}': "no page of costs by day",
    "{": "no JSON",
    "[" * 100_000: "no page of costs by day",
    '{"data":[{"results":[{"amount":' + "[" * 100_000: "no JSON",
    '{"data":[{"start_time":1793491200,"results":[{"amount":5}]}]}': r"data\[0\].results\[0\].amount",
}


@pytest.mark.parametrize("number", range(len(BAD)))
def test_what_is_wrong_is_named_by_row_and_column(number: int) -> None:
    text, words = list(BAD.items())[number]
    terms = MAPPED if text.startswith("Day") else Terms()
    with pytest.raises(Invalid, match=words):
        read_bill(text, terms)


def test_one_bill_has_one_currency_and_its_days() -> None:
    text = "Day,Cost,Model,C\n2026-11-01,1,m,USD\n2026-11-02,1,m,EUR\n"
    with pytest.raises(Invalid, match="line 3 is in EUR, and those before in USD"):
        read_bill(text, Terms(columns=f"{MAPPED.columns}; currency=C"))
    with pytest.raises(Invalid, match="line 3 is of 2026-11-02, outside"):
        read_bill(text.replace("EUR", "USD"), Terms(columns=f"{MAPPED.columns}; currency=C", until=20_759))
    with pytest.raises(Invalid, match="'XYZ' is no currency"):
        read_bill(text.replace("EUR", "XYZ"), Terms(columns=f"{MAPPED.columns}; currency=C"))


def test_what_is_no_text_says_what_it_is_and_a_bomb_is_never_opened_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "BILL_BYTES_MAX", 1_000)
    for content, words in {
        gzip.compress(b"a" * 10_000_000): "larger than 1,000 bytes unpacked",
        gzip.compress(b"a" * 600) * 2: "larger than 1,000 bytes unpacked",
        b"a" * 1_001: "larger than 1,000 bytes",
        gzip.compress(b"abc")[:-3]: "breaks off",
        b"\x1f\x8b and no more": "broken",
        b"PK\x03\x04...": "a zip or a spreadsheet",
        b"PAR1...": "Parquet",
        b"%PDF-1.7": "a PDF",
        "Day".encode("utf-16"): "UTF-16",
        b"Day\n\xff\xfe": "line 2 is not UTF-8",
        b"Day\n\x00": "line 2 has a character that is none",
        b"  \n": "empty",
    }.items():
        with pytest.raises(Invalid, match=words):
            unpacked(content)
    assert unpacked(b"\xef\xbb\xbfDay") == "Day"
    assert sent(base64.b64encode(b"Day").decode()) == b"Day"
    with pytest.raises(Invalid, match="no base64"):
        sent("no!")


@pytest.mark.parametrize("between", [b"", b"\x00" * 9_000], ids=["at once", "padded"])
def test_a_gzip_file_of_many_parts_is_one(between: bytes) -> None:
    """A hundred thousand empty ones take a moment: the rest is not copied for each of them."""
    words = "Day\n" + "2026-11-01\n" * 5_000
    parts = [gzip.compress(words[at : at + 7_000].encode()) for at in range(0, len(words), 7_000)]
    assert unpacked(between.join([gzip.compress(b"") * 100_000, *parts]) + between) == words


def test_a_file_of_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"2026-11-{day:02d},1,m\n" for day in range(1, 29))
    for name in ("BILL_ROWS_MAX", "BILL_LINES_MAX"):
        with monkeypatch.context() as lowered:
            lowered.setattr(summing, name, 20)
            with pytest.raises(Invalid, match="line 22: more than 20"):
                read_bill(f"Day,Cost,Model\n{rows}", MAPPED)
    with pytest.raises(Invalid, match=r"nothing was taken: line 2.* and 95 more"):
        read_bill("Day,Cost,Model\n" + "soon,1,m\n" * 1_000, MAPPED)


@given(st.fractions(), st.integers(0, 30))
def test_amounts_are_exact_in_and_out(value: Fraction, places: int) -> None:
    exact = Fraction(round(value * 10**places), 10**places)
    assert Fraction(decimal_text(exact)) == exact
    if len(decimal_text(exact)) <= 60:
        assert amount_of(decimal_text(exact)) == exact


@pytest.mark.parametrize(("text", "value"), {"6e-05": "0.00006", "+1.E2": "100", "-.5": "-0.5", " 7 ": "7"}.items())
def test_amounts_are_read_as_machines_write_them(text: str, value: str) -> None:
    assert decimal_text(amount_of(text)) == value


@given(st.text(max_size=70))
def test_no_amount_is_a_fault_and_nothing_else(text: str) -> None:
    with suppress(Invalid):
        assert Fraction(decimal_text(amount_of(text))) == Fraction(text.strip())


def test_models_are_known_by_names_with_dates_regions_and_versions() -> None:
    ours = ["us.anthropic.claude-sonnet-4-6-20260201-v1:0", "gpt-4o", "gpt-4o-2024-11-20", "claude-haiku-4-5-20251001"]
    theirs = ["Claude4.6Sonnet", "gpt-4o-2024-11-20", "gpt-4o-2024-08-06", "Claude Haiku 4.5", "gpt-5", ""]
    assert known_as(theirs, ours, {"gpt-5": "gpt-4o"}) == dict(
        zip(theirs, [ours[0], ours[2], ours[1], ours[3], "gpt-4o", ""], strict=True)
    )
    two = ["gpt-4o-2024-05-13", "gpt-4o-2024-11-20"]
    assert known_as(["gpt-4o"], two, {}) == {"gpt-4o": ""}, "one of several, nobody knows which"
    dated = ["gpt-4o-2024-05-13", "gpt-4o-2024-08-06"]
    assert known_as(dated, ["gpt-4o"], {}) == dict.fromkeys(dated, ""), "two dates are two models"
    assert known_as(["gpt-4o", dated[0]], ["gpt-4o"], {}) == {"gpt-4o": "gpt-4o", dated[0]: ""}
    assert known_as(dated[:1], ["gpt-4o"], {}) == {dated[0]: "gpt-4o"}, "nothing else could be it"
    assert known_as(dated[:1], ["gpt-4o", dated[0]], {}) == {dated[0]: dated[0]}, "a name of the price book is itself"
    assert known_as(dated[:1], dated[1:], {}) == {dated[0]: ""}
    second = "anthropic.claude-3-5-sonnet-20241022-v2:0"
    versions = ["deepseek-v2", "deepseek-v3", second, "Claude 3.5 Sonnet v2", "gemini-1.5-pro@002"]
    sonnet = "anthropic.claude-3-5-sonnet-20240620-v1:0"
    assert set(known_as(versions, ["deepseek-v1.5", "deepseek", sonnet, "gemini-1.5-pro-001"], {}).values()) == {""}
    assert known_as(["Claude 3.5 Sonnet"], [sonnet, second], {}) == {"Claude 3.5 Sonnet": sonnet}
    assert known_as([versions[3]], [sonnet, second], {}) == {versions[3]: second}
    assert key_of("openai/gpt-4.1-mini") == key_of("GPT 4.1 mini") != key_of("gpt-4.1")
    assert aliases_of(" GPT 4o = gpt-4o ;; a=b=c ") == {"GPT 4o": "gpt-4o", "a=b": "c"}
    for wrong in ("GPT 4o", "=b", "a="):
        with pytest.raises(Invalid, match="write a name of the bill"):
            aliases_of(wrong)


@pytest.mark.parametrize(
    ("said_", "kind"),
    {
        "Usage": "usage", "SavingsPlanCoveredUsage": "usage", "SavingsPlanNegation": "credit", "Tax": "tax",
        "VAT 10%": "tax", "EdpDiscount": "credit", "Refund": "credit", "RIFee": "fee", "minimum commitment": "fee",
        "code_execution": "other", "taxonomy-model": "usage", "": "usage", "fee-model, cached input": "usage",
        "ft:gpt-4o-mini-2024-07-18:acme:support-bot:x, input": "usage", "file search storage": "other",
    }.items(),
)  # fmt: skip
def test_lines_have_classes(said_: str, kind: str) -> None:
    assert kind_of(said_) == kind
