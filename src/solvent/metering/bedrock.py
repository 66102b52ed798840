"""Bedrock's usage report of its Converse API: what was read leaves out what was cached or written to a cache."""

from __future__ import annotations

import msgspec

from solvent.metering.disjoint import Count, Read, Written, unreadable, usage_of
from solvent.values.usage import Usage


class _CacheWrite(msgspec.Struct, rename="camel"):
    ttl: str
    input_tokens: Count = 0


class _Report(msgspec.Struct, rename="camel"):
    input_tokens: Count
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_write_input_tokens: Count | None = None
    cache_details: list[_CacheWrite] | None = None


_decode = msgspec.json.Decoder(_Report).decode


def bedrock_usage(report: bytes | msgspec.Raw) -> Usage:
    """A `usage` object of Converse as disjoint buckets. Raises Invalid("bad_usage") for nonsense."""
    try:
        said = _decode(report)
    except msgspec.DecodeError as wrong:
        raise unreadable("usage report", wrong, report) from None
    cached, written = said.cache_read_input_tokens or 0, said.cache_write_input_tokens or 0
    hour = sum(write.input_tokens for write in said.cache_details or () if write.ttl == "1h")
    read = Read(said.input_tokens + cached + written, cached, written - hour, hour)
    return usage_of(read, Written(said.output_tokens or 0))
