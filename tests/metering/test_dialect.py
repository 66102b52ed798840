"""Each provider's API has its reader, and an unknown provider speaks plain OpenAI."""

from __future__ import annotations

import pytest

from solvent.metering.anthropic import anthropic_usage
from solvent.metering.bedrock import bedrock_usage
from solvent.metering.cohere import cohere_tokens, cohere_usage
from solvent.metering.dialect import ReadUsage, reader
from solvent.metering.engine import engine_usage
from solvent.metering.google import google_usage
from solvent.metering.openai import (
    embeddings_usage,
    openai_usage,
    responses_usage,
    usage_with_more_beside,
    usage_with_thoughts_beside,
    usage_with_thoughts_in_total,
)


@pytest.mark.parametrize(
    ("provider", "api", "expected"),
    [
        ("openai", "chat", openai_usage),
        ("openai", "responses", responses_usage),
        ("openai", "embeddings", embeddings_usage),
        ("azure", "anthropic", anthropic_usage),
        ("anthropic", "default", anthropic_usage),
        ("anthropic", "messages", anthropic_usage),
        ("aws", "default", bedrock_usage),
        ("aws", "anthropic", anthropic_usage),
        ("google", "default", google_usage),
        ("bedrock", "converse", bedrock_usage),
        ("gemini", "gemini", google_usage),
        ("whoever", "gemini", google_usage),
        ("google", "chat", usage_with_thoughts_in_total),
        ("google", "anthropic", anthropic_usage),
        ("cohere", "default", cohere_usage),
        ("cohere", "tokens", cohere_tokens),
        ("cohere", "embeddings", cohere_usage),
        ("mistral", "default", openai_usage),
        ("mistral", "chat", openai_usage),
        ("deepseek", "chat", openai_usage),
        ("azure", "chat", openai_usage),
        ("upstage", "chat", openai_usage),
        ("clova", "chat", openai_usage),
        ("groq", "default", openai_usage),
        ("openrouter", "chat", openai_usage),
        ("openrouter", "default", responses_usage),
        ("perplexity", "default", usage_with_more_beside),
        ("x-ai", "chat", usage_with_thoughts_beside),
        ("x-ai", "default", usage_with_more_beside),
        ("minimax", "default", anthropic_usage),
        ("llamacpp", "engine", engine_usage),
        ("somebody", "default", openai_usage),
        ("somebody", "chat", openai_usage),
        ("somebody", "something", openai_usage),
    ],
)
def test_each_api_has_its_reader(provider: str, api: str, expected: ReadUsage) -> None:
    assert reader(provider, api) is expected
