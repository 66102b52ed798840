"""DeepSeek: keeps the line open with comments and empty lines, and reports cache hits in words of its own.

Source: api-docs.deepseek.com/api/create-chat-completion and /quick_start/rate_limit (read 2026-11).
"""

from __future__ import annotations

from typing import Final

from solvent.providers.openai_compatible import Accent, OpenAICompatible
from solvent.providers.port import Provider, Settings

ACCENT: Final = Accent(base_url="https://api.deepseek.com")


def open_provider(settings: Settings) -> Provider:
    """See `OpenProvider`."""
    return OpenAICompatible(settings, ACCENT)
