"""The timings of our own engine, which keep cached tokens apart already."""

from __future__ import annotations

import msgspec

from solvent.metering.disjoint import Count, Read, Written, unreadable, usage_of
from solvent.values.usage import Usage


class _Timings(msgspec.Struct):
    prompt_n: Count = 0
    cache_n: Count = 0
    predicted_n: Count = 0


_decode = msgspec.json.Decoder(_Timings).decode


def engine_usage(report: bytes | msgspec.Raw) -> Usage:
    """A llama.cpp `timings` object as buckets, so far. Raises Invalid("bad_usage") for nonsense."""
    try:
        said = _decode(report)
    except msgspec.DecodeError as wrong:
        raise unreadable("timings object", wrong, report) from None
    return usage_of(Read(said.prompt_n + said.cache_n, said.cache_n), Written(said.predicted_n))
