"""OpenRouter, which resells many: it reports usage unasked, with what it charged us in `usage.cost`.

A question that its moderators stop is a 403, which is not about our key.
Source: openrouter.ai/docs/use-cases/usage-accounting, /docs/api-reference/streaming and /errors (read 2026-11).
"""

from __future__ import annotations

from typing import Final

from solvent.providers.openai_compatible import Accent, OpenAICompatible
from solvent.providers.port import Provider, Settings

ACCENT: Final = Accent(
    base_url="https://openrouter.ai/api/v1",
    left_out=frozenset(("stream_options", "usage", "debug")),
    asks_usage=False,
)


def open_provider(settings: Settings) -> Provider:
    """See `OpenProvider`."""
    return OpenAICompatible(settings, ACCENT)
