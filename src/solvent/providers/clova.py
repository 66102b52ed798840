"""NAVER's HyperCLOVA X, by the API of CLOVA Studio that is compatible with OpenAI's.

Its models that think (HCX-007) want `limit_field = "max_completion_tokens"`. Errors may come in NAVER's own shape.
Source: api.ncloud-docs.com/docs/clovastudio-openaicompatibility (read 2026-11).
"""

from __future__ import annotations

from typing import Final

from solvent.providers.openai_compatible import Accent, OpenAICompatible
from solvent.providers.port import Provider, Settings

ACCENT: Final = Accent(base_url="https://clovastudio.stream.ntruss.com/v1/openai")


def open_provider(settings: Settings) -> Provider:
    """See `OpenProvider`."""
    return OpenAICompatible(settings, ACCENT)
