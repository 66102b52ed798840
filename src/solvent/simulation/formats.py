"""The columns that files of traffic have: who else's export, and which of its columns says what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from solvent.values.errors import Invalid
from solvent.values.usage import BUCKETS


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """Which column says what; "" where there is none.

    at: when it ended: a date and time (UTC where it says no zone), or seconds, milliseconds or microseconds since 1970.
    input, output: all tokens read and written. cached, reasoning: those among them; "a/b/c" is member c of member b of
    the JSON in column a. id: of the answer, unique. currency: of the row's money, which must be one and the same.
    blocks: the list of the blocks of BLOCK_TOKENS that a prompt begins with, the same number for the same beginning.
    beside: other quantities, each in a column of the name of its bucket; tokens are among those read, or written.
    """

    name: str = "columns"
    at: str = ""
    input: str = ""
    output: str = ""
    customer: str = ""
    model: str = ""
    cached: str = ""
    reasoning: str = ""
    id: str = ""
    currency: str = ""
    blocks: str = ""
    beside: tuple[str, ...] = ()


NEEDED: Final = ("at", "input", "output")
MEMBERS: Final = Format.__struct_fields__[1:-1]
_MAIN: Final = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")
BESIDE: Final = tuple(bucket for bucket in BUCKETS if bucket not in _MAIN)
BLOCK_TOKENS: Final = 512  # of Mooncake's blocks; source: its README, kvcache-ai/Mooncake, FAST25-release/traces
# Of these an answer with no customer is nobody's in particular: their exports leave the column empty where no key was
# used. Of all others an empty customer is a mistake.
UNNAMED_IN: Final = ("litellm", "openrouter")
UNNAMED: Final = "everybody"
# Rows of an export that are no answers: (column, what it says of those).
FAILED: Final = {"litellm": ("status", "failure")}
# Times that are milliseconds since the first answer, and no date.
UNDATED: Final = ("mooncake",)
SERVEGEN: Final = "servegen"  # no rows of answers, but a pool of clients: see `servegen_store`
# Sources of the names, looked up on 2026-11-28. Azure: AzureLLMInferenceTrace_conv and _code, 2023 (Azure/
# AzurePublicDataset). Mooncake: its traces' README (kvcache-ai/Mooncake). LiteLLM: LiteLLM_SpendLogs in BerriAI/litellm
# schema.prisma; the usage of the provider stands in its `metadata` since 2025-05 (BerriAI/litellm issue 8784).
# OpenRouter: the header of its activity export, as tools that read it list it (21 to 24 columns; times are UTC);
# completion tokens hold reasoning tokens (openrouter.ai/docs/guides/guides/activity-export).
FORMATS: Final = (
    Format(name="mooncake", at="timestamp", input="input_length", output="output_length", blocks="hash_ids"),
    Format(name="azure", at="TIMESTAMP", input="ContextTokens", output="GeneratedTokens"),
    Format(
        name="litellm", at="endTime", input="prompt_tokens", output="completion_tokens", customer="api_key",
        model="model", id="request_id", cached="metadata/usage_object/prompt_tokens_details/cached_tokens",
    ),
    Format(
        name="openrouter", at="created_at", input="tokens_prompt", output="tokens_completion",
        customer="api_key_name", model="model_permaslug", cached="tokens_cached",
        reasoning="tokens_reasoning", id="generation_id",
    ),
    Format(
        name="solvent", at="at", input="input_tokens", output="output_tokens", customer="customer", model="model",
        cached="cached_input_tokens", reasoning="reasoning_tokens", id="id", currency="currency", beside=BESIDE,
    ),
)  # fmt: skip


NAMES: Final = (*(form.name for form in FORMATS), SERVEGEN)


def format_of(columns: Sequence[str], said: Mapping[str, str], source: str, name: str = "") -> Format:
    """The format of a file by the names of its columns, or the one of that name.

    said: which column says what, where its user knows better; "" for none. Columns that a format may have and the file
    has not are left out. Raises Invalid naming the column that is missing.
    """
    for member, column in said.items():
        if member not in MEMBERS:
            message = f"--column {member}: there is no such thing; write one of {', '.join(MEMBERS)}"
            raise Invalid("bad_trace", message, param="column")
        if column and not _has(columns, column):
            raise Invalid("bad_trace", f"{source}: there is no column {column!r}; {_these(columns)}", param="column")
    known = _named(name) if name else _nearest(columns)
    found = {member: said.get(member, getattr(known, member)) for member in MEMBERS}
    there = {member: column for member, column in found.items() if column and _has(columns, column)}
    for need in NEEDED:
        if need not in there:
            what = f"no column is known to say {need!r}" if not found[need] else f"there is no column {found[need]!r}"
            raise Invalid(
                "bad_trace", f"{source}: {what}; {_these(columns)}; add --column {need}=NAME", param="column"
            )  # fmt: skip
    return Format(name=known.name, **there, beside=tuple(bucket for bucket in known.beside if bucket in columns))


def _nearest(columns: Sequence[str]) -> Format:
    """The format that has all that is needed, or all but one, which is then missed by its name."""
    found = max(FORMATS, key=lambda one: sum(getattr(one, need) in columns for need in NEEDED))
    there = sum(getattr(found, need) in columns for need in NEEDED)
    return found if there >= len(NEEDED) - 1 else Format()


def demand_known(name: str) -> None:
    """Raises Invalid naming the formats that there are. A name may go on with what it is of, as in servegen:m-small."""
    if name and name.partition(":")[0] not in NAMES:
        raise Invalid("bad_trace", f"--format {name[:60]!r}: there are {', '.join(NAMES)}", param="format")


def _named(name: str) -> Format:
    demand_known(name)
    found = next((form for form in FORMATS if form.name == name), None)
    if found is None:
        message = f"--format {name[:60]!r} is of a folder with client_rates.parquet and client_token_loghist.parquet"
        raise Invalid("bad_trace", message, param="format")
    return found


def _has(columns: Sequence[str], column: str) -> bool:
    return column in columns or column.partition("/")[0] in columns


def _these(columns: Sequence[str]) -> str:
    return f"its columns are {', '.join(columns)[:500] or 'none'}"
