"""What keys and other secrets look like, wherever people paste them. Pure rules.

Sources: how vendors write their keys (OpenAI, Anthropic, Google, AWS, GitHub, Slack, Stripe), RFC 6750 (bearer
tokens), RFC 7519 (JSON web tokens), RFC 7468 (private keys); read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_SECRET: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:sk|op|pk|rk|whsec|glpat|hf|npm)[-_](?=[A-Za-z_-]{0,64}[0-9])[A-Za-z0-9_-]{16,}"  # ours too
    r"|(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|(?<![A-Za-z0-9])AIza[0-9A-Za-z_-]{35}"
    r"|(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,}"
    r"|(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}"
    r"|(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"
    r"|(?i:(?<![a-z0-9])bearer)[ :]{1,3}[A-Za-z0-9._~+/=-]{16,}"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[^-]|-(?!----))*"
)


def secrets(words: str) -> Iterator[tuple[int, int]]:
    """Where keys, tokens and private keys begin and end."""
    for match in _SECRET.finditer(words):
        yield match.span()
