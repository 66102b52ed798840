"""Files of traffic: read as they are exported, and refused whole, by row and column, for what cannot be."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import duckdb
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solvent.simulation.trace import Answer
from solvent.simulation.trace_store import Reading, open_trace
from solvent.values.errors import Invalid
from solvent.values.instant import instant
from solvent.values.usage import Usage

AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
OURS = "at,input_tokens,output_tokens,cached_input_tokens,customer,model,id,currency\n"
NOON = instant("2026-11-01T12:00:00Z", "a test")


def read(file: Path, said: Mapping[str, str] | None = None, *, sort: bool = False) -> list[Answer]:
    with open_trace(file, Reading(said or {}, "m", sort)) as trace:
        return [
            Answer(
                int(block.at_us[n]), trace.customers[block.customer[n]], trace.models[block.model[n]], block.usage(n)
            )
            for block in trace.read()
            for n in range(block.answers)
        ]  # fmt: skip


def written(folder: Path, text: str, name: str = "t.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_azure_has_times_and_tokens_alone(tmp_path: Path) -> None:
    file = written(tmp_path, f"\ufeff{AZURE}2026-11-01 12:00:00.5000000,374,44\n2026-11-01 12:00:01,396,109\n")
    assert read(file) == [
        Answer(NOON + 500_000, "everybody", "m", Usage(input_tokens=374, output_tokens=44)),
        Answer(NOON + 1_000_000, "everybody", "m", Usage(input_tokens=396, output_tokens=109)),
    ]


def test_exports_that_begin_with_the_newest_are_sorted_when_asked(tmp_path: Path) -> None:
    text = "request_id,api_key,model,prompt_tokens,completion_tokens,startTime,endTime\n"
    text += "b,key2,gpt,5,6,2026-11-01T12:00:00+00:00,2026-11-01T21:00:02+09:00\n"
    text += "a,key1,gpt,3,4,2026-11-01T12:00:00+00:00,2026-11-01T12:00:01+00:00\n"
    file = written(tmp_path, text)
    with pytest.raises(Invalid, match=r"row 2, column 'endTime': .* sort the file"):
        read(file)
    assert [(one.customer, one.at_us - NOON) for one in read(file, sort=True)] == [("key1", 10**6), ("key2", 2 * 10**6)]


def test_parts_of_tokens_are_taken_out_of_them(tmp_path: Path) -> None:
    text = "created_at,tokens_prompt,tokens_completion,model_permaslug,tokens_cached,tokens_reasoning\n"
    file = written(tmp_path, f"{text}2026-11-01 12:00:00,100,50,a/b,40,20\n")
    used = Usage(input_tokens=60, cached_input_tokens=40, output_tokens=30, reasoning_tokens=20)
    assert read(file) == [Answer(NOON, "everybody", "a/b", used)]


@pytest.mark.parametrize(
    "number", [str(NOON * 1000), str(NOON), str(NOON // 1000), str(NOON // 10**6), f"{NOON // 10**6}.0"]
)
def test_any_columns_can_be_named_and_times_be_numbers(tmp_path: Path, number: str) -> None:
    file = written(tmp_path, f"ts;who;in;out\n{number};kim;1;2\n")
    (found,) = read(file, {"at": "ts", "customer": "who", "input": "in", "output": "out"})
    assert found == Answer(NOON, "kim", "m", Usage(input_tokens=1, output_tokens=2))


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ("2026-11-01,-5,1,0,k,m,a,USD", "row 2, column 'input_tokens': '-5' is not 0 to"),
        ("2026-11-01,5,1000000000000,0,k,m,a,USD", "row 2, column 'output_tokens': '1000000000000'"),
        ("2026-11-01,5,1e400,0,k,m,a,USD", "row 2, column 'output_tokens'"),
        ("2026-11-01,5,1,6,k,m,a,USD", "row 2, column 'cached_input_tokens': '6' is more than input_tokens"),
        ("tomorrow,5,1,0,k,m,a,USD", "row 2, column 'at': 'tomorrow' is no date"),
        ("2026-10-30,5,1,0,k,m,a,USD", "row 2, column 'at': .* is before the row above"),
        ("2026-11-01,5,1,0,k,m,first,USD", "row 2, column 'id': 'first' is there twice"),
        ("2026-11-01,5,1,0,k,m,a,KRW", "row 2, column 'currency': 'KRW' is another currency"),
        ("2026-11-01,5,1,0,,m,a,USD", "row 2, column 'customer': it is empty"),
        ("2026-11-01,,1,0,k,m,a,USD", "row 2, column 'input_tokens'"),
        ("2026-11-01,5,1,0,k,m,,USD", "row 2, column 'id': it is empty, .* --column id= leaves it out"),
        ("inf,5,1,0,k,m,a,USD", "row 2, column 'at': 'inf' is no date and time from 1970 to 2199"),
        ("-inf,5,1,0,k,m,a,USD", "row 2, column 'at'"),
        ("nan,5,1,0,k,m,a,USD", "row 2, column 'at'"),
        ("infinity,5,1,0,k,m,a,USD", "row 2, column 'at'"),
        ("1e300,5,1,0,k,m,a,USD", "row 2, column 'at'"),
        ("-5,5,1,0,k,m,a,USD", "row 2, column 'at'"),
        ("9999-01-01,5,1,0,k,m,a,USD", "row 2, column 'at'"),
        ("2026-11-09T00:00:00+99:00,5,1,0,k,m,a,USD", "is no date and time"),
        ("2026-11-09 00:00:00.5 -1500,5,1,0,k,m,a,USD", "is no date and time"),
        ("1969-12-31 23:59:59,5,1,0,k,m,a,USD", "row 2, column 'at'"),
        ("999999999999999999999999,5,1,0,k,m,a,USD", "row 2, column 'at'"),
        ("2026-11-01,nan,1,0,k,m,a,USD", "row 2, column 'input_tokens'"),
        ("2026-11-01,5,inf,0,k,m,a,USD", "row 2, column 'output_tokens'"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_read(tmp_path: Path, rows: str, named: str) -> None:
    file = written(tmp_path, f"{OURS}2026-11-01,5,1,0,k,m,first,USD\n{rows}\n")
    with pytest.raises(Invalid, match=named):
        read(file)


@pytest.mark.parametrize(
    ("text", "said", "named"),
    [
        ("a,b\n1,2\n", {}, "no column is known to say 'at'; its columns are a, b"),
        ("a,b\n1,2\n", {"at": "c"}, "there is no column 'c'"),
        (
            "at,input_tokens\n2026-11-01,2\n",
            {},
            "there is no column 'output_tokens'; its columns are at, input_tokens; add",
        ),
        ("TIMESTAMP,GeneratedTokens\n1,2\n", {}, "there is no column 'ContextTokens'"),
        ("a,b\n1,2\n", {"when": "a"}, "--column when: there is no such thing"),
        (AZURE, {}, "no answers in it"),
    ],
)
def test_missing_columns_are_named(tmp_path: Path, text: str, said: dict[str, str], named: str) -> None:
    with pytest.raises(Invalid, match=named):
        read(written(tmp_path, text), said=said)


def test_a_gzip_bomb_is_not_unpacked_and_a_broken_one_is_said_to_be(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.csv.gz"
    with gzip.open(bomb, "wb") as out:
        for _ in range(64):
            out.write(b"0" * (1 << 20))
    with pytest.raises(Invalid, match="unpacks to more than"):
        read(bomb)
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(AZURE.encode() * 100)[:-9])
    with pytest.raises(Invalid, match="no whole gzip file"):
        read(tmp_path / "cut.csv.gz")
    good = tmp_path / "good.csv.gz"
    good.write_bytes(gzip.compress(f"{AZURE}2026-11-01 12:00:00,1,2\n".encode()))
    assert len(read(good)) == 1


def test_a_file_that_is_not_there_or_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="is no file"):
        read(tmp_path / "none.csv")
    with pytest.raises(Invalid, match="cannot be read"):
        read(written(tmp_path, "at,b\n", "t.parquet"))


def test_a_column_that_is_there_twice_is_refused_where_it_is_read(tmp_path: Path) -> None:
    file = written(tmp_path, "at,input_tokens,output_tokens,Input_Tokens,note,note\n2026-11-01T12:00:00Z,1,2,7,a,b\n")
    with pytest.raises(Invalid, match="names column 'input_tokens' more than once; rename or remove"):
        read(file)
    with pytest.raises(Invalid, match="column 'note' more than once"):
        read(file, {"input": "Input_Tokens_3", "customer": "note"})
    (answer,) = read(file, {"input": "Input_Tokens_3"})
    assert answer.usage == Usage(input_tokens=7, output_tokens=2)


def test_other_quantities_are_read_in_our_own_columns_and_are_parts(tmp_path: Path) -> None:
    head = "at,customer,model,input_tokens,output_tokens,cache_write_5m_tokens,reasoning_tokens,pictures\n"
    (found,) = read(written(tmp_path, f"{head}2026-11-01,k,m,100,9,30,4,2\n"))
    used = Usage(input_tokens=70, cache_write_5m_tokens=30, output_tokens=5, reasoning_tokens=4, pictures=2)
    assert found.usage == used
    with pytest.raises(Invalid, match="row 1, column 'input_tokens': '100' is less than its parts cached, cache_write"):
        read(written(tmp_path, f"{head}2026-11-01,k,m,100,9,130,4,2\n"))
    with pytest.raises(Invalid, match="row 1, column 'pictures': '-2' is not 0 to"):
        read(written(tmp_path, f"{head}2026-11-01,k,m,100,9,30,4,-2\n"))


def test_structs_of_parquet_are_read_as_json_is(tmp_path: Path) -> None:
    usage = "{'usage_object': {'prompt_tokens_details': {'cached_tokens': 5}}}"
    names = "'a' AS request_id, 'k' AS api_key, 'g' AS model"
    row = f"{names}, 9 AS prompt_tokens, 4 AS completion_tokens, {usage} AS metadata"
    file = tmp_path / "t.parquet"
    duckdb.sql(f"COPY (SELECT {row}, TIMESTAMP '2026-11-01 12:00:00' AS endTime) TO '{file}' (FORMAT parquet)")
    assert read(file) == [Answer(NOON, "k", "g", Usage(input_tokens=4, cached_input_tokens=5, output_tokens=4))]


def test_a_line_without_an_end_is_refused_and_says_where(tmp_path: Path) -> None:
    good = f"{OURS}2026-11-01,5,1,0,k,m,first,USD\n"
    for long in ("x" * 10_000_000, '"' + "x" * 10_000_000):
        with pytest.raises(
            Invalid, match=r"t.csv: row 2: a quotation mark is not closed|t.csv cannot be read: .*[Ll]ine"
        ):
            read(written(tmp_path, good + long))


FOREIGN = "when;in;out;who;what"
SAYS = {"at": "when", "input": "in", "output": "out", "customer": "who", "model": "what"}
ROW = "2026-11-01 12:00:00;5;1;k;m"


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([ROW, "2026-11-01 12:00:01;5;1;k"], "row 2 has 4 cells, and the file has 5 columns"),
        (["2026-11-01 12:00:01;5;1;k", ROW], "row 1 has 4 cells, and the file has 5 columns"),
        ([ROW, f"{ROW};more"], "row 2 has 6 cells, and the file has 5 columns"),
        ([ROW, ROW, f"{FOREIGN};id", *[f"{ROW};{n}" for n in range(200)]], "row 3 has 6 cells"),
        ([ROW, '2026-11-01 12:00:01;5;1;"k;m', ROW], "row 2: a quotation mark is not closed"),
    ],
)
def test_a_file_of_others_whose_rows_differ_is_refused_by_row_and_none_is_skipped(
    tmp_path: Path, rows: list[str], named: str
) -> None:
    with pytest.raises(Invalid, match=named):
        read(written(tmp_path, "\n".join([FOREIGN, *rows]) + "\n"), SAYS)


def test_a_file_of_others_is_read_whole(tmp_path: Path) -> None:
    for end in ("\n", "\r\n"):
        file = tmp_path / "others.csv"
        file.write_text(end.join([FOREIGN, ROW, ROW, ROW]) + end, encoding="utf-8", newline="")
        assert len(read(file, SAYS)) == 3


def test_what_is_not_utf_8_is_refused_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    for content, named in (
        (f"{FOREIGN}\n".encode() + "2026-11-01 12:00:00;5;1;한;m\n".encode("cp949"), "line 2 is not UTF-8"),
        (f"{FOREIGN}\n{ROW}\n".encode("utf-16"), "line 1 is not UTF-8"),
        (b"\n", "its first line does not name columns"),
    ):
        file.write_bytes(content)
        with pytest.raises(Invalid, match=named):
            read(file, SAYS)


CELLS = st.one_of(
    st.sampled_from(
        ["", "NULL", "nan", "-0", "1e12", "1000000000000", "9" * 40, "\x00", "\r", '"', "';--", "\ufeff", "0x10"]
    ),
    st.text(max_size=6), st.integers(-(2**70), 2**70).map(str), st.floats().map(str),
)  # fmt: skip
GOOD = ("2026-11-01", "5", "1", "0", "k", "m", "first", "USD")


@given(
    rows=st.lists(st.tuples(st.integers(0, 7), CELLS), max_size=3), end=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(), quoted=st.booleans(),
)  # fmt: skip
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_row_with_anything_in_it_is_read_whole_or_refused_by_row_and_column(
    tmp_path: Path,
    rows: list[tuple[int, str]],
    end: str,
    bom: bool,
    quoted: bool,
) -> None:
    lines = [OURS.strip(), ",".join(GOOD)]
    for number, (place, cell) in enumerate(rows):
        cells = [*GOOD[:6], f"id{number}", "USD"]
        cells[place] = '"' + cell.replace('"', '""') + '"' if quoted else cell
        lines.append(",".join(cells))
    file = tmp_path / "any.csv"
    file.write_text("\ufeff" * bom + end.join(lines) + end, encoding="utf-8", newline="")
    try:
        found = read(file)
    except Invalid as refused:
        said = refused.message
        assert any(word in said for word in ("row ", "cannot be read", "no column"))
        return
    assert found[0].usage == Usage(input_tokens=5, output_tokens=1)
    for one in found:
        assert min(one.at_us, *msgspec.structs.astuple(one.usage)) >= 0


@given(st.binary(max_size=200))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused_in_words(tmp_path: Path, noise: bytes) -> None:
    file = tmp_path / "noise.csv"
    file.write_bytes(AZURE.encode() + noise)
    with suppress(Invalid):
        assert read(file)
