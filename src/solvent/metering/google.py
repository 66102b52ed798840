"""Google's usage metadata, from the Gemini API and Vertex.

What was read includes what was cached, but leaves out what tools handed over; what was written leaves out the
thoughts. Lists tell the tokens of each modality.
"""

from __future__ import annotations

import msgspec

from solvent.metering.disjoint import Count, Read, Written, unreadable, usage_of
from solvent.values.usage import Usage

_SEEN = ("IMAGE", "VIDEO", "DOCUMENT")


class _Modality(msgspec.Struct):
    modality: str
    tokenCount: Count = 0  # noqa: N815  # Google's spelling


class _Metadata(msgspec.Struct, rename="camel"):
    prompt_token_count: Count | None = None
    cached_content_token_count: Count | None = None
    candidates_token_count: Count | None = None
    thoughts_token_count: Count | None = None
    tool_use_prompt_token_count: Count | None = None
    prompt_tokens_details: list[_Modality] | None = None
    cache_tokens_details: list[_Modality] | None = None
    candidates_tokens_details: list[_Modality] | None = None
    tool_use_prompt_tokens_details: list[_Modality] | None = None


_decode = msgspec.json.Decoder(_Metadata).decode


def google_usage(report: bytes | msgspec.Raw) -> Usage:
    """A `usageMetadata` object as disjoint buckets. Raises Invalid("bad_usage") for nonsense."""
    try:
        said = _decode(report)
    except msgspec.DecodeError as wrong:
        raise unreadable("usageMetadata", wrong, report) from None
    given = [*(said.prompt_tokens_details or ()), *(said.tool_use_prompt_tokens_details or ())]
    cached, made = said.cache_tokens_details, said.candidates_tokens_details or ()
    thoughts = said.thoughts_token_count or 0
    return usage_of(
        Read(
            (said.prompt_token_count or 0) + (said.tool_use_prompt_token_count or 0),
            said.cached_content_token_count or 0,
            audio=_of(given, "AUDIO"),
            image=_of(given, *_SEEN),
            cached_audio=None if cached is None else _of(cached, "AUDIO"),
            cached_image=None if cached is None else _of(cached, *_SEEN),
        ),
        Written(
            (said.candidates_token_count or 0) + thoughts, thoughts, audio=_of(made, "AUDIO"), image=_of(made, *_SEEN)
        ),
    )


def _of(counts: list[_Modality] | tuple[()], *modalities: str) -> int:
    return sum(count.tokenCount for count in counts if count.modality in modalities)
