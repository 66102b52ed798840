"""Which reader understands the usage reports of which provider and which of its APIs.

An unknown provider is taken to speak plain OpenAI, as nearly all do; nonsense is refused, never booked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import msgspec

from solvent.metering.anthropic import anthropic_usage
from solvent.metering.bedrock import bedrock_usage
from solvent.metering.cohere import cohere_tokens, cohere_usage
from solvent.metering.engine import engine_usage
from solvent.metering.google import google_usage
from solvent.metering.openai import (
    embeddings_usage,
    images_usage,
    openai_usage,
    responses_usage,
    transcriptions_usage,
    usage_with_more_beside,
    usage_with_thoughts_beside,
    usage_with_thoughts_in_total,
)
from solvent.metering.ranking import ranking_usage
from solvent.values.usage import Usage

ReadUsage = Callable[[bytes | msgspec.Raw], Usage]

# An API by its name, whoever offers it.
_BY_API: Final[Mapping[str, ReadUsage]] = {
    "chat": openai_usage,
    "responses": responses_usage,
    "realtime": responses_usage,
    "images": images_usage,
    "transcriptions": transcriptions_usage,
    "embeddings": embeddings_usage,
    "rerank": ranking_usage,
    "anthropic": anthropic_usage,
    "messages": anthropic_usage,
    "gemini": google_usage,
    "converse": bedrock_usage,
    "engine": engine_usage,
}
# A provider's own API ("default"), and where its accent is another.
_BY_PROVIDER: Final[Mapping[tuple[str, str], ReadUsage]] = {
    ("anthropic", "default"): anthropic_usage,
    ("minimax", "default"): anthropic_usage,
    ("aws", "default"): bedrock_usage,
    ("bedrock", "default"): bedrock_usage,
    ("google", "default"): google_usage,
    ("google", "chat"): usage_with_thoughts_in_total,
    ("cohere", "default"): cohere_usage,
    ("cohere", "tokens"): cohere_tokens,
    ("cohere", "embeddings"): cohere_usage,
    ("openrouter", "default"): responses_usage,
    ("perplexity", "default"): usage_with_more_beside,
    ("x-ai", "default"): usage_with_more_beside,
    ("x-ai", "chat"): usage_with_thoughts_beside,
}


@cache
def reader(provider: str, api: str = "default") -> ReadUsage:
    """The reader for a provider, such as "openai" or "x-ai", and one of its APIs, such as "chat" or "responses"."""
    return _BY_PROVIDER.get((provider, api)) or _BY_API.get(api, openai_usage)


__all__ = ["ReadUsage", "engine_usage", "openai_usage", "reader"]
