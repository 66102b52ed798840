"""OpenAI itself: newer models know the limit by another word, and that word holds for thoughts too.

Source: platform.openai.com/docs/api-reference/chat/create (read 2026-11).
"""

from __future__ import annotations

from typing import Final

from solvent.providers.openai_compatible import Accent, OpenAICompatible
from solvent.providers.port import Provider, Settings

ACCENT: Final = Accent(base_url="https://api.openai.com/v1", limit_field="max_completion_tokens")


def open_provider(settings: Settings) -> Provider:
    """See `OpenProvider`."""
    return OpenAICompatible(settings, ACCENT)
