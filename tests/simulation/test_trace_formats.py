"""Each export by its name and its columns: what it means, and that nothing of a bad one is replayed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from solvent.simulation.trace import Trace
from solvent.simulation.trace_store import Reading, open_trace
from solvent.values.errors import Invalid
from solvent.values.instant import instant
from solvent.values.limits import MIB
from solvent.values.usage import Usage

MOONCAKE = Path("/work/shared/data/mooncake")
AZURE = Path("/work/shared/data/azure_llm_2023")
NOON = instant("2026-11-01T12:00:00Z", "a test")
# A good row of each, and which of its columns says what.
ROWS: dict[str, dict[str, Any]] = {
    "azure": {"TIMESTAMP": "2026-11-01 12:00:00.5000000", "ContextTokens": 9, "GeneratedTokens": 4},
    "mooncake": {"timestamp": 0, "input_length": 1100, "output_length": 4, "hash_ids": [1, 2, 3]},
    "litellm": {
        "request_id": "a", "call_type": "acompletion", "api_key": "k1", "spend": 0.1, "total_tokens": 13,
        "prompt_tokens": 9, "completion_tokens": 4, "startTime": "2026-11-01T12:00:00Z",
        "endTime": "2026-11-01T12:00:01Z", "model": "gpt", "cache_hit": "False", "status": "success",
        "metadata": {"usage_object": {"prompt_tokens_details": {"cached_tokens": 5}}},
    },
    "openrouter": {
        "generation_id": "gen-1", "created_at": "2026-11-01 12:00:00.713", "cost_total": 0.01, "tokens_prompt": 9,
        "tokens_completion": 4, "tokens_reasoning": 1, "tokens_cached": 5, "model_permaslug": "a/b", "user": "",
        "api_key_name": "Primary", "cancelled": "false",
    },
    "solvent": {
        "at": "2026-11-01 12:00", "input_tokens": 9, "output_tokens": 4, "customer": "k1", "model": "gpt", "id": "a",
        "currency": "USD",
    },
}  # fmt: skip
MEANING = {
    "azure": ("TIMESTAMP", "ContextTokens", ""),
    "mooncake": ("timestamp", "input_length", ""),
    "litellm": ("endTime", "prompt_tokens", "request_id"),
    "openrouter": ("created_at", "tokens_prompt", "generation_id"),
    "solvent": ("at", "input_tokens", "id"),
}
EARLIER = {"mooncake": -1}
NAMES = sorted(ROWS)


def written(folder: Path, name: str, rows: Sequence[Mapping[str, Any]], *, bom: bool = False) -> Path:
    """Mooncake as JSON lines, all others as CSV."""
    file = folder / f"traffic.{'jsonl' if name == 'mooncake' else 'csv'}"
    if name == "mooncake":
        text = "".join(json.dumps(row) + "\n" for row in rows)
    else:
        cells = [[json.dumps(v) if isinstance(v, dict) else str(v) for v in row.values()] for row in rows]
        lines = [list(rows[0]), *cells]
        text = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in line) + "\n" for line in lines)
    file.write_text("\ufeff" * bom + text, encoding="utf-8")
    return file


def usages(trace: Trace) -> list[Usage]:
    return [block.usage(n) for block in trace.read() for n in range(block.answers)]


def opened(file: Path, **said: Any) -> tuple[Trace, list[Usage]]:
    with open_trace(file, Reading(model="m", **said)) as trace:
        return trace, usages(trace)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_known_by_its_columns_and_says_so(tmp_path: Path, name: str) -> None:
    for bom in (False, True):
        file = written(tmp_path, name, [ROWS[name]], bom=bom)
        for said in ({}, {"format": name}):
            trace, found = opened(file, undated_us=NOON, **said)
            assert trace.source == f"{file.name} ({name})"
            assert NOON <= trace.from_us < NOON + 2_000_000
            assert sum((one.output_tokens + one.reasoning_tokens) for one in found) == 4
    assert opened(file, start_us=5)[0].from_us == 5


def test_what_exports_say_of_caches_thoughts_and_keys(tmp_path: Path) -> None:
    trace, found = opened(written(tmp_path, "litellm", [ROWS["litellm"]]))
    assert (trace.customers, trace.models) == (("k1",), ("gpt",))
    assert found == [Usage(input_tokens=4, cached_input_tokens=5, output_tokens=4)]
    trace, found = opened(written(tmp_path, "openrouter", [ROWS["openrouter"]]))
    assert (trace.customers, trace.models) == (("Primary",), ("a/b",))
    assert found == [Usage(input_tokens=4, cached_input_tokens=5, output_tokens=3, reasoning_tokens=1)]


def test_litellm_as_its_api_gives_it_with_failed_answers_and_answers_of_no_key(tmp_path: Path) -> None:
    file = tmp_path / "logs.json"
    good, failed = ROWS["litellm"], {**ROWS["litellm"], "request_id": "b", "status": "failure", "prompt_tokens": 0}
    file.write_text(json.dumps([good, failed, {**good, "request_id": "c", "api_key": "", "metadata": {}}]))
    trace, found = opened(file)
    assert (trace.customers, trace.answers) == (("k1", "everybody"), 2)
    assert [one.cached_input_tokens for one in found] == [5, 0]
    assert trace.notes == ("1 answers that failed are left out",)


def test_a_column_that_is_wrong_can_be_left_out(tmp_path: Path) -> None:
    row = {**ROWS["openrouter"], "tokens_cached": 10, "tokens_reasoning": ""}
    file = written(tmp_path, "openrouter", [row])
    with pytest.raises(Invalid, match=r"'10' is more than tokens_prompt, .* --column cached= leaves it out"):
        opened(file)
    assert opened(file, columns={"cached": ""})[1] == [Usage(input_tokens=9, output_tokens=4)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("tokens", "word"), [(-5, "'-5'"), (10**12, "'1000000000000'"), ("x", "'x'"), (1.5, "'1.5'")])
def test_tokens_that_cannot_be_are_named_by_row_and_column(
    tmp_path: Path, name: str, tokens: object, word: str
) -> None:  # fmt: skip
    _, column, ids = MEANING[name]
    row = {**ROWS[name], column: tokens} | ({ids: "other"} if ids else {})
    with pytest.raises(Invalid, match=f"row 2, column '{column}': {word}"):
        opened(written(tmp_path, name, [ROWS[name], row]))


@pytest.mark.parametrize("name", NAMES)
def test_times_that_go_backwards_or_are_none_are_named(tmp_path: Path, name: str) -> None:
    at, _, ids = MEANING[name]
    other = {ids: "other"} if ids else {}
    later, before = ({"timestamp": 5}, 1) if name == "mooncake" else ({}, "2026-10-30 12:00")
    file = written(tmp_path, name, [{**ROWS[name], **later}, {**ROWS[name], at: before, **other}])
    with pytest.raises(Invalid, match=f"row 2, column '{at}': .* is before the row above; sort"):
        opened(file)
    assert opened(file, sort=True)[0].answers == 2
    with pytest.raises(Invalid, match=f"row 2, column '{at}': 'soon' is no"):
        opened(written(tmp_path, name, [ROWS[name], {**ROWS[name], at: "soon", **other}]))


@pytest.mark.parametrize("name", ["litellm", "openrouter", "solvent"])
def test_an_answer_that_is_there_twice_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid, match=f"row 2, column '{MEANING[name][2]}': .* is there twice"):
        opened(written(tmp_path, name, [ROWS[name], ROWS[name]]))


def test_a_second_currency_is_named(tmp_path: Path) -> None:
    rows = [ROWS["solvent"], {**ROWS["solvent"], "id": "b", "currency": "KRW"}]
    with pytest.raises(Invalid, match="row 2, column 'currency': 'KRW' is another currency"):
        opened(written(tmp_path, "solvent", rows))


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_column_and_another_format_than_said_are_named(tmp_path: Path, name: str) -> None:
    column = MEANING[name][1]
    row = {key: value for key, value in ROWS[name].items() if key != column}
    file = written(tmp_path, name, [row])
    with pytest.raises(Invalid, match=f"there is no column '{column}'; its columns are"):
        opened(file, format=name)
    with pytest.raises(Invalid, match=f"there is no column .{column}.; its columns are"):
        opened(file)
    with pytest.raises(Invalid, match="--format 'csv': there are mooncake"):
        opened(file, format="csv")


@pytest.mark.parametrize("name", ["x.csv.gz", "x.jsonl.gz"])
def test_a_gzip_bomb_is_not_unpacked_whatever_is_in_it(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    with gzip.open(file, "wb") as out:
        for _ in range(64):
            out.write(b" " * MIB)
    with pytest.raises(Invalid, match="unpacks to more than"):
        opened(file)


def test_other_packings_are_not_unpacked_at_all(tmp_path: Path) -> None:
    (tmp_path / "x.csv.zst").write_bytes(b"(\xb5/\xfd")
    with pytest.raises(Invalid, match="unpack it first"):
        opened(tmp_path / "x.csv.zst")


@pytest.mark.parametrize("blocks", [None, "x", [1, None], {"a": 1}])
def test_blocks_that_are_no_list_of_numbers_are_named(tmp_path: Path, blocks: object) -> None:
    rows = [ROWS["mooncake"], {**ROWS["mooncake"], "hash_ids": blocks}]
    with pytest.raises(Invalid, match=r"row 2, column 'hash_ids': .* is no list of block numbers"):
        opened(written(tmp_path, "mooncake", rows))


def test_a_broken_line_of_json_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, "mooncake", [ROWS["mooncake"]] * 2)
    file.write_text(file.read_text() + '{"timestamp": ')
    with pytest.raises(Invalid, match=r"Malformed JSON .* in line"):
        opened(file)
    file.write_text("[1, 2]")
    with pytest.raises(Invalid, match="no objects"):
        opened(file)


def test_prompts_that_begin_alike_are_read_from_a_cache_of_so_many_tokens(tmp_path: Path) -> None:
    def asked(at: int, blocks: list[int], tokens: int) -> dict[str, Any]:
        return {"timestamp": at, "input_length": tokens, "output_length": 1, "hash_ids": blocks}

    rows = [asked(0, [1, 2, 3], 1100), asked(1, [1, 2, 9], 1500), asked(2, [7, 8], 1024), asked(3, [1, 2, 3], 1100)]
    file = written(tmp_path, "mooncake", rows)
    for capacity, cached in ((10**6, [0, 1024, 0, 1100]), (4 * 512, [0, 1024, 0, 1024]), (512, [0, 512, 0, 0])):
        trace, found = opened(file, cache_tokens=capacity)
        assert [one.cached_input_tokens for one in found] == cached, capacity
        assert [one.cached_input_tokens + one.input_tokens for one in found] == [1100, 1500, 1024, 1100]
        assert f"prompt beginnings of {capacity:,} tokens" in trace.notes[0]
    with pytest.raises(Invalid, match="a cache holds 0 to"):
        opened(file, cache_tokens=-1)


@pytest.mark.skipif(not MOONCAKE.is_dir(), reason="reads shared/data/mooncake, which is not here")
def test_mooncakes_chat_finds_as_many_blocks_as_was_measured() -> None:
    """36.6 % of its blocks with a cache without end (shared/facts/ECONOMICS.md, section 4)."""
    file = MOONCAKE / "conversation_trace.jsonl.gz"
    for capacity, least, most in ((10**12, 0.355, 0.366), (5_120_000, 0.18, 0.25), (0, 0, 0)):
        _, found = opened(file, cache_tokens=capacity)
        cached = sum(one.cached_input_tokens for one in found)
        assert least <= cached / sum(one.cached_input_tokens + one.input_tokens for one in found) <= most


@pytest.mark.skipif(not AZURE.is_dir(), reason="reads shared/data/azure_llm_2023, which is not here")
def test_azures_two_services_are_read_whole() -> None:
    for name in ("code", "conv"):
        file = AZURE / f"AzureLLMInferenceTrace_{name}.csv"
        trace, found = opened(file)
        assert trace.source == f"{file.name} (azure)"
        assert trace.answers == len(found) == len(file.read_text().splitlines()) - 1
