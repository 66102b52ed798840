"""OpenAI's two forms of usage report, and the habits of those who speak them with an accent.

In both, what was read includes what was cached, and what was written includes the thoughts. xAI and Perplexity
report thoughts beside what was written; Google hides them in the total. Mistral's num_cached_tokens is not read:
it bills by prompt_tokens_details (docs.mistral.ai, "Prompt caching", read 2026-11-27).
"""

from __future__ import annotations

import msgspec

from solvent.metering.disjoint import Count, Read, Written, unreadable, usage_of
from solvent.values.errors import Invalid
from solvent.values.limits import HEARD_S_MAX, TOKENS_MAX
from solvent.values.usage import Usage


class _Cached(msgspec.Struct):
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class _InputDetails(msgspec.Struct):
    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None
    video_tokens: Count | None = None
    cached_tokens_details: _Cached | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class _Chat(msgspec.Struct):
    prompt_tokens: Count
    completion_tokens: Count | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    cached_tokens: Count | None = None  # Moonshot
    prompt_cache_hit_tokens: Count | None = None  # DeepSeek
    cache_read_input_tokens: Count | None = None  # Databricks
    reasoning_tokens: Count | None = None  # Databricks, Perplexity, xAI long ago
    citation_tokens: Count | None = None  # Perplexity
    num_search_queries: Count | None = None  # Perplexity


_UNREAD = msgspec.Raw()


class _Plain(_Chat, forbid_unknown_fields=True):
    """A report that counts, and at most says beside what it cost us: it names no tariff."""

    prompt_cache_miss_tokens: msgspec.Raw = _UNREAD  # DeepSeek
    cost: msgspec.Raw = _UNREAD  # OpenRouter, as the next two
    is_byok: msgspec.Raw = _UNREAD
    cost_details: msgspec.Raw = _UNREAD


class _Responses(msgspec.Struct):
    input_tokens: Count
    output_tokens: Count | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None
    input_token_details: _InputDetails | None = None  # realtime
    output_token_details: _OutputDetails | None = None


class _Embeddings(msgspec.Struct):
    prompt_tokens: Count


class _Heard(msgspec.Struct):
    type: str = ""
    seconds: float = 0


_NO_INPUT, _NO_OUTPUT = _InputDetails(), _OutputDetails()
_decode_chat = msgspec.json.Decoder(_Chat).decode
_decode_plain = msgspec.json.Decoder(_Plain).decode
_decode_responses = msgspec.json.Decoder(_Responses).decode
_decode_heard = msgspec.json.Decoder(_Heard).decode
_decode_embeddings = msgspec.json.Decoder(_Embeddings).decode


def openai_usage(report: bytes | msgspec.Raw) -> Usage:
    """A `usage` object of chat completions as disjoint buckets. Raises Invalid("bad_usage") for nonsense."""
    return _openai_usage(_chat(report))


def plain_usage(report: bytes | msgspec.Raw) -> Usage | None:
    """The same of a report that names nothing beside what chat completions count, as nearly all do; None for any
    other, in which a tariff may be named. Raises Invalid("bad_usage") for nonsense."""
    try:
        said = _decode_plain(report)
    except (msgspec.DecodeError, UnicodeDecodeError):  # the latter for a name that is no text
        return None
    return _openai_usage(said)


def _openai_usage(said: _Chat) -> Usage:
    thoughts = _thoughts(said)
    written = said.completion_tokens or 0
    if thoughts and said.total_tokens == said.prompt_tokens + written + thoughts:
        written += thoughts  # the total proves that they were counted beside
    return _chat_usage(said, written, thoughts)


def usage_with_thoughts_beside(report: bytes | msgspec.Raw) -> Usage:
    """The same where completion_tokens leave the thoughts out: xAI."""
    said = _chat(report)
    thoughts = _thoughts(said)
    return _chat_usage(said, (said.completion_tokens or 0) + thoughts, thoughts)


def usage_with_more_beside(report: bytes | msgspec.Raw) -> Usage:
    """The same where thoughts and citations stand beside the usual counts: Perplexity."""
    said = _chat(report)
    beside = said.reasoning_tokens or 0
    written = (said.completion_tokens or 0) + beside + (said.citation_tokens or 0)
    return _chat_usage(said, written, beside or _thoughts(said))


def usage_with_thoughts_in_total(report: bytes | msgspec.Raw) -> Usage:
    """The same where only the total knows of thoughts: Google's OpenAI-compatible API."""
    said = _chat(report)
    thoughts, written = _thoughts(said), said.completion_tokens or 0
    hidden = max(0, (said.total_tokens or 0) - said.prompt_tokens - written)
    return _chat_usage(said, written + hidden, max(thoughts, hidden))


def responses_usage(report: bytes | msgspec.Raw) -> Usage:
    """A `usage` object of responses, images or realtime as buckets. Raises Invalid("bad_usage") for nonsense."""
    try:
        said = _decode_responses(report)
    except msgspec.DecodeError as wrong:
        raise unreadable("usage report", wrong, report) from None
    details = said.input_tokens_details or said.input_token_details or _NO_INPUT
    wrote = said.output_tokens_details or said.output_token_details or _NO_OUTPUT
    return usage_of(
        _read(said.input_tokens, details, details.cached_tokens or 0),
        _written(said.output_tokens or 0, wrote, wrote.reasoning_tokens or 0),
    )


def images_usage(report: bytes | msgspec.Raw) -> Usage:
    """A `usage` object of images: what was written is pictures, unless it says how much of it is text."""
    usage = responses_usage(report)
    if usage.image_output_tokens or not usage.output_tokens:
        return usage
    return msgspec.structs.replace(usage, output_tokens=0, image_output_tokens=usage.output_tokens)


def transcriptions_usage(report: bytes | msgspec.Raw) -> Usage:
    """A `usage` object of transcriptions: how long was listened, or else tokens. Raises Invalid("bad_usage")."""
    try:
        said = _decode_heard(report)
    except msgspec.DecodeError as wrong:
        raise unreadable("usage report", wrong, report) from None
    return heard_usage(said.seconds) if said.type == "duration" else responses_usage(report)


def heard_usage(seconds: float) -> Usage:
    """Of so many seconds that were listened to. Raises Invalid("bad_usage") for nonsense."""
    if not 0 <= seconds <= HEARD_S_MAX:
        raise Invalid("bad_usage", f"the upstream reports {seconds} seconds heard, which cannot be")
    return Usage(audio_input_ms=round(seconds * 1_000))


def embeddings_usage(report: bytes | msgspec.Raw) -> Usage:
    """A `usage` object of embeddings, where nothing is written. Raises Invalid("bad_usage") for nonsense."""
    try:
        said = _decode_embeddings(report)
    except msgspec.DecodeError as wrong:
        raise unreadable("usage report", wrong, report) from None
    return usage_of(Read(said.prompt_tokens), Written(0))


def _chat(report: bytes | msgspec.Raw) -> _Chat:
    try:
        return _decode_chat(report)
    except msgspec.DecodeError as wrong:
        raise unreadable("usage report", wrong, report) from None


def _thoughts(said: _Chat) -> int:
    details = said.completion_tokens_details
    return (details and details.reasoning_tokens) or said.reasoning_tokens or 0


def _chat_usage(said: _Chat, written: int, thoughts: int) -> Usage:
    details = said.prompt_tokens_details or _NO_INPUT
    cached = (
        details.cached_tokens or said.cached_tokens or said.prompt_cache_hit_tokens or said.cache_read_input_tokens or 0
    )
    wrote = said.completion_tokens_details or _NO_OUTPUT
    searches = said.num_search_queries or 0
    has_more = (
        details.audio_tokens
        or details.image_tokens
        or details.video_tokens
        or details.cache_write_tokens
        or wrote.audio_tokens
        or wrote.image_tokens
        or searches
    )
    if not has_more and cached <= said.prompt_tokens and thoughts <= written <= TOKENS_MAX:
        return Usage(said.prompt_tokens - cached, cached, 0, 0, written - thoughts, thoughts)  # as nearly all are
    return usage_of(_read(said.prompt_tokens, details, cached), _written(written, wrote, thoughts), searches)


def _read(total: int, details: _InputDetails, cached: int) -> Read:
    kinds = details.cached_tokens_details
    return Read(
        total,
        cached,
        written_5m=details.cache_write_tokens or 0,
        audio=details.audio_tokens or 0,
        image=(details.image_tokens or 0) + (details.video_tokens or 0),
        cached_audio=kinds.audio_tokens if kinds else None,
        cached_image=kinds.image_tokens if kinds else None,
    )


def _written(total: int, details: _OutputDetails, thoughts: int) -> Written:
    return Written(total, thoughts, details.audio_tokens or 0, details.image_tokens or 0)
