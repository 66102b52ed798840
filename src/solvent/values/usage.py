"""What one answer used, in disjoint buckets: no token is ever in two of them.

Providers overlap theirs (cached inside prompt, reasoning inside completion); `metering` takes
them apart, so that rating is one sum of products.
"""

from __future__ import annotations

import msgspec


class Usage(msgspec.Struct, frozen=True):
    """Quantities of one answer.

    *_tokens: whole tokens. `reasoning_tokens` are not in `output_tokens`; `cached_input_tokens` and
    the cache writes are not in `input_tokens`; audio and images are in neither.
    image_*: everything that is seen: pictures, scanned pages, frames of a video.
    web_searches: how often the provider searched, the web on the way to the answer or documents to rank them.
    engine_us: this answer's share of the busy time of our own engine, in microseconds.
    energy_uj: this answer's share of its energy, in microjoules (3.6e9 of them are one watt-hour).
    pictures: made. characters: of text that was spoken. audio_input_ms: milliseconds of sound that were heard.
    video_seconds: of video that was made. What is counted so may be counted in tokens too; a card prices it one way or
    the other.
    """

    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    audio_input_tokens: int = 0
    cached_audio_input_tokens: int = 0
    image_input_tokens: int = 0
    cached_image_input_tokens: int = 0
    audio_output_tokens: int = 0
    image_output_tokens: int = 0
    web_searches: int = 0
    engine_us: int = 0
    energy_uj: int = 0
    pictures: int = 0
    characters: int = 0
    audio_input_ms: int = 0
    video_seconds: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(a + b for a, b in zip(amounts(self), amounts(other), strict=True)))


BUCKETS = Usage.__struct_fields__


def amounts(usage: Usage) -> tuple[int, ...]:
    """The quantities in the order of BUCKETS."""
    return (
        usage.input_tokens,
        usage.cached_input_tokens,
        usage.cache_write_5m_tokens,
        usage.cache_write_1h_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
        usage.audio_input_tokens,
        usage.cached_audio_input_tokens,
        usage.image_input_tokens,
        usage.cached_image_input_tokens,
        usage.audio_output_tokens,
        usage.image_output_tokens,
        usage.web_searches,
        usage.engine_us,
        usage.energy_uj,
        usage.pictures,
        usage.characters,
        usage.audio_input_ms,
        usage.video_seconds,
    )


INPUT_TOKENS = (
    "input_tokens", "cached_input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "audio_input_tokens",
    "cached_audio_input_tokens", "image_input_tokens", "cached_image_input_tokens",
)  # fmt: skip
OUTPUT_TOKENS = ("output_tokens", "reasoning_tokens", "audio_output_tokens", "image_output_tokens")


def all_input_tokens(usage: Usage) -> int:
    """Everything the model read, cached or not: what OpenAI calls prompt_tokens."""
    return (
        usage.input_tokens
        + usage.cached_input_tokens
        + usage.cache_write_5m_tokens
        + usage.cache_write_1h_tokens
        + usage.audio_input_tokens
        + usage.cached_audio_input_tokens
        + usage.image_input_tokens
        + usage.cached_image_input_tokens
    )


def all_output_tokens(usage: Usage) -> int:
    """Everything the model wrote, thought or said: what OpenAI calls completion_tokens."""
    return usage.output_tokens + usage.reasoning_tokens + usage.audio_output_tokens + usage.image_output_tokens


def is_none(usage: Usage) -> bool:
    """Whether nothing was read, written, searched, drawn, spoken, heard or filmed."""
    return not (
        all_input_tokens(usage)
        or all_output_tokens(usage)
        or usage.web_searches
        or usage.pictures
        or usage.characters
        or usage.audio_input_ms
        or usage.video_seconds
    )
