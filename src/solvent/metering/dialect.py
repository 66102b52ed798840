"""Providers' usage reports, read into disjoint buckets; nonsense is refused, never booked.

OpenAI's prompt_tokens include cached_tokens and its completion_tokens include reasoning_tokens
(facts/API_CONTRACT.md, "Usage normalisation"); llama.cpp's timings keep them apart already.
"""

from __future__ import annotations

import msgspec

from solvent.values.errors import Invalid
from solvent.values.limits import TOKENS_MAX
from solvent.values.usage import Usage


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _OpenAIUsage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


class _Timings(msgspec.Struct):
    prompt_n: int = 0
    cache_n: int = 0
    predicted_n: int = 0


_decode_openai = msgspec.json.Decoder(_OpenAIUsage).decode
_decode_timings = msgspec.json.Decoder(_Timings).decode


def openai_usage(report: bytes | msgspec.Raw) -> Usage:
    """An OpenAI `usage` object as disjoint buckets. Raises Invalid("bad_usage") for nonsense."""
    try:
        read = _decode_openai(report)
    except msgspec.DecodeError as wrong:
        raise Invalid("bad_usage", f"the upstream's usage report is not readable: {wrong}") from None
    prompt, completion = read.prompt_tokens, read.completion_tokens or 0
    cached = (read.prompt_tokens_details and read.prompt_tokens_details.cached_tokens) or 0
    reasoning = (read.completion_tokens_details and read.completion_tokens_details.reasoning_tokens) or 0
    if not (0 <= cached <= prompt <= TOKENS_MAX and 0 <= reasoning <= completion <= TOKENS_MAX):
        message = (
            f"the upstream reports prompt {prompt} (cached {cached}), completion {completion} "
            f"(reasoning {reasoning}), which cannot be"
        )
        raise Invalid("bad_usage", message)
    return Usage(
        input_tokens=prompt - cached,
        cached_input_tokens=cached,
        output_tokens=completion - reasoning,
        reasoning_tokens=reasoning,
    )


def engine_usage(report: bytes | msgspec.Raw) -> Usage:
    """A llama.cpp `timings` object as buckets, so far. Raises Invalid("bad_usage") for nonsense."""
    try:
        read = _decode_timings(report)
    except msgspec.DecodeError as wrong:
        raise Invalid("bad_usage", f"the engine's timings are not readable: {wrong}") from None
    counts = (read.prompt_n, read.cache_n, read.predicted_n)
    if min(counts) < 0 or max(counts) > TOKENS_MAX:
        raise Invalid("bad_usage", f"the engine reports {counts} tokens, which cannot be")
    return Usage(input_tokens=read.prompt_n, cached_input_tokens=read.cache_n, output_tokens=read.predicted_n)
