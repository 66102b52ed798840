"""Which tariff an answer was served at, in the provider's own words: what it says counts, not what was asked.

A request for priority may be served as an ordinary one, and a project may be set to priority without asking.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

# Ours for theirs; "" is the plain way of being served.
_TARIFFS: Final[Mapping[str, str]] = {
    "": "",
    "default": "",
    "standard": "",
    "on_demand": "",
    "on_demand_flex": "flex",
    "on_demand_priority": "priority",
    "provisioned_throughput": "",  # paid for by the month
    "scale": "",
    "batch": "batch",
    "flex": "flex",
    "priority": "priority",
    "fast": "fast",
}


UNKNOWN: Final = "unknown"  # where a provider names a tariff that we have no word for
# What nearly all say, as JSON.
PLAIN: Final = (msgspec.Raw(b'"default"'), msgspec.Raw(b"null"), msgspec.Raw(b'"standard"'))


class _Report(msgspec.Struct):
    service_tier: str | None = None
    serviceTier: str | None = None  # noqa: N815  # Google's spelling
    trafficType: str | None = None  # noqa: N815
    speed: str | None = None  # Anthropic


_decode = msgspec.json.Decoder(_Report).decode


def tariff_named(words: str) -> str | None:
    """Our name of a provider's service tier, such as "flex"; "" is the plain one, None one we do not know."""
    return _TARIFFS.get(words.lower())


def may_name_tariff(report: bytes) -> bool:
    """Whether it is worth looking for a tariff in a usage report: most name none, and this is asked of each."""
    return report.find(b"ervice") >= 0 or report.find(b"raffic") >= 0 or report.find(b"speed") >= 0


def reported_tariff(report: bytes | msgspec.Raw) -> str | None:
    """The tariff a usage report, or a whole reply, says the answer was served at; None for one we do not know.

    An answer that says nothing was served the plain way.
    """
    try:
        said = _decode(report)
    except msgspec.DecodeError:
        return None
    named = [tariff_named(words or "") for words in (said.service_tier, said.serviceTier, said.trafficType, said.speed)]
    if None in named:
        return None
    return next((tariff for tariff in named if tariff), "")
