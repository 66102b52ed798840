"""Upstage's Solar. Source: console.upstage.ai/api/chat (read 2026-11)."""

from __future__ import annotations

from typing import Final

from solvent.providers.openai_compatible import Accent, OpenAICompatible
from solvent.providers.port import Provider, Settings

ACCENT: Final = Accent(base_url="https://api.upstage.ai/v1")


def open_provider(settings: Settings) -> Provider:
    """See `OpenProvider`."""
    return OpenAICompatible(settings, ACCENT)
