"""OpenAI's models on Azure, under the names of deployments: its v1 API, or a dated one with the name in the path.

Its list of models has no deployments in it. Each stream begins with an event about filters, which has no choices.
Source: learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle and /openai/reference (read 2026-11).
"""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from solvent.providers.openai_compatible import Accent, OpenAICompatible
from solvent.providers.port import Provider, Settings
from solvent.values.errors import Invalid

V1: Final = Accent(key_header="api-key", limit_field="max_completion_tokens", lists_models=False)
VERSION: Final = re.compile(r"[0-9A-Za-z.-]{1,40}")


def open_provider(settings: Settings) -> Provider:
    """See `OpenProvider`. base_url: https://NAME.openai.azure.com, without a path."""
    version, resource = settings.api_version, settings.base_url.rstrip("/").removesuffix("/openai/v1")
    if not version:
        return OpenAICompatible(replace(settings, base_url=resource and f"{resource}/openai/v1"), V1)
    if not VERSION.fullmatch(version):
        raise Invalid("bad_config", "api_version: write it like 2024-10-21", param="api_version")
    dated = replace(
        V1,
        chat_path=f"/openai/deployments/{{model}}/chat/completions?api-version={version}",
        models_path=f"/openai/models?api-version={version}",
    )
    return OpenAICompatible(replace(settings, base_url=resource), dated)
