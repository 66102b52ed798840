"""Anthropic's usage report, as it comes from Anthropic, Bedrock, Azure and Vertex.

What was read leaves out what was cached or written to a cache; what was written includes the thoughts.
`iterations` lists every pass over the model, also those that the sums above it leave out: a compaction, and an
advisor, which are billed all the same.
"""

from __future__ import annotations

import msgspec

from solvent.metering.disjoint import Count, Read, Written, unreadable, usage_of
from solvent.values.usage import Usage


class _Creation(msgspec.Struct):
    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None


class _Searches(msgspec.Struct):
    web_search_requests: Count | None = None


class _Details(msgspec.Struct):
    thinking_tokens: Count | None = None


class _Pass(msgspec.Struct):
    input_tokens: Count
    output_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation: _Creation | None = None


class _Report(_Pass):
    server_tool_use: _Searches | None = None
    output_tokens_details: _Details | None = None
    iterations: list[_Pass] | None = None


_decode = msgspec.json.Decoder(_Report).decode


def anthropic_usage(report: bytes | msgspec.Raw) -> Usage:
    """A `usage` object of messages as disjoint buckets. Raises Invalid("bad_usage") for nonsense."""
    try:
        said = _decode(report)
    except msgspec.DecodeError as wrong:
        raise unreadable("usage report", wrong, report) from None
    searches = (said.server_tool_use and said.server_tool_use.web_search_requests) or 0
    thoughts = (said.output_tokens_details and said.output_tokens_details.thinking_tokens) or 0
    passes: list[_Pass] = list(said.iterations or [said])
    read = [_read(one) for one in passes]
    for one, its in zip(passes, read, strict=True):
        usage_of(its, Written(one.output_tokens or 0))  # nonsense in one pass must not be hidden by another
    whole = Read(
        sum(one.total for one in read),
        sum(one.cached for one in read),
        sum(one.written_5m for one in read),
        sum(one.written_1h for one in read),
    )
    return usage_of(whole, Written(sum(one.output_tokens or 0 for one in passes), thoughts), searches)


def _read(said: _Pass) -> Read:
    """A cache write that nobody says the time of is for five minutes, which is what Anthropic does unasked."""
    times = said.cache_creation or _Creation()
    hour = times.ephemeral_1h_input_tokens or 0
    written = said.cache_creation_input_tokens
    if written is None:
        written = (times.ephemeral_5m_input_tokens or 0) + hour
    cached = said.cache_read_input_tokens or 0
    return Read(said.input_tokens + written + cached, cached, written - hour, hour)
