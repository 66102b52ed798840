"""Usage reports of rankings: Cohere bills searches, everybody else the tokens of the query and the documents.

Sources: docs.cohere.com/v2/reference/rerank, api.jina.ai, docs.vllm.ai (Jina's form) (read 2026-11).
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from solvent.metering.disjoint import Count, Read, Written, unreadable, usage_of
from solvent.values.limits import WEB_SEARCHES_MAX
from solvent.values.usage import Usage


class _Units(msgspec.Struct):
    # Cohere writes whole searches as 1.0.
    search_units: Annotated[float, msgspec.Meta(ge=0, le=WEB_SEARCHES_MAX)] | None = None


class _Report(msgspec.Struct):
    total_tokens: Count | None = None
    prompt_tokens: Count | None = None
    billed_units: _Units | None = None


_decode = msgspec.json.Decoder(_Report).decode


def ranking_usage(report: bytes | msgspec.Raw) -> Usage:
    """Of a `usage`, or of Cohere's `meta`. Raises Invalid("bad_usage") for nonsense, and where neither is counted."""
    try:
        said = _decode(report)
    except msgspec.DecodeError as wrong:
        raise unreadable("usage report", wrong, report) from None
    read = said.total_tokens if said.total_tokens is not None else said.prompt_tokens
    searches = said.billed_units.search_units if said.billed_units else None
    if read is None and searches is None:
        raise unreadable("usage report", "it has neither total_tokens nor billed_units.search_units", report)
    return usage_of(Read(read or 0), Written(0), int(-(-(searches or 0) // 1)))
