"""Origins of pages, as browsers say them: scheme, host and perhaps a port, and nothing after."""

from __future__ import annotations

import re

from solvent.values.errors import Invalid

_ORIGIN = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?")


def read_origins(text: str) -> tuple[str, ...]:
    """The origins in a text with commas; "*" is any. Raises Invalid for what is none."""
    origins = tuple(text.replace(",", " ").split())
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise Invalid("bad_config", f"cors_origins: {origin[:100]!r} is no origin; write like https://example.com")
    return origins
