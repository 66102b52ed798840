"""The columns that files of traffic have: who else's export, and which of its columns says what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from solvent.values.errors import Invalid


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """Which column says what; "" where there is none.

    at: when it ended: a date and time (UTC where it says no zone), or seconds, milliseconds or microseconds since 1970.
    input, output: all tokens read and written. cached, reasoning: those among them. id: of the answer, unique.
    currency: of the row's money, which must be one and the same.
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


NEEDED: Final = ("at", "input", "output")
MEMBERS: Final = Format.__struct_fields__[1:]
# Source of the names: Azure's published trace (AzureLLMInferenceTrace, 2023); LiteLLM's table LiteLLM_SpendLogs
# (schema.prisma; docs.litellm.ai/docs/proxy/cost_tracking); OpenRouter, as tools that read its activity CSV list it.
FORMATS: Final = (
    Format(name="azure", at="TIMESTAMP", input="ContextTokens", output="GeneratedTokens"),
    Format(
        name="litellm", at="endTime", input="prompt_tokens", output="completion_tokens", customer="api_key",
        model="model", id="request_id",
    ),
    Format(
        name="openrouter", at="created_at", input="tokens_prompt", output="tokens_completion",
        model="model_permaslug", cached="tokens_cached", reasoning="tokens_reasoning", id="generation_id",
    ),
    Format(
        name="solvent", at="at", input="input_tokens", output="output_tokens", customer="customer", model="model",
        cached="cached_input_tokens", reasoning="reasoning_tokens", id="id", currency="currency",
    ),
)  # fmt: skip


def format_of(columns: Sequence[str], said: Mapping[str, str], source: str) -> Format:
    """The format of a file by the names of its columns. said: which column says what, where its user knows better.

    Columns that a format may have and the file has not are left out. Raises Invalid naming the column that is missing.
    """
    for member, column in said.items():
        if member not in MEMBERS:
            message = f"--column {member}: there is no such thing; write one of {', '.join(MEMBERS)}"
            raise Invalid("bad_trace", message, param="column")
        if column not in columns:
            raise Invalid("bad_trace", f"{source}: there is no column {column!r}; {_these(columns)}", param="column")
    known = next((one for one in FORMATS if all(getattr(one, need) in columns for need in NEEDED)), Format())
    found = {member: said.get(member) or getattr(known, member) for member in MEMBERS}
    there = {member: column for member, column in found.items() if column in columns}
    for need in NEEDED:
        if need not in there:
            message = f"{source}: no column is known to say {need!r}; {_these(columns)}; add --column {need}=NAME"
            raise Invalid("bad_trace", message, param="column")
    return Format(name=known.name, **there)


def _these(columns: Sequence[str]) -> str:
    return f"its columns are {', '.join(columns)[:500] or 'none'}"
