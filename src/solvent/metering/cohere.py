"""Cohere's two counts of one answer: the tokens that went through the model, and the units it bills."""

from __future__ import annotations

import msgspec

from solvent.metering.disjoint import Count, Read, Written, unreadable, usage_of
from solvent.values.usage import Usage


class _Units(msgspec.Struct):
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    image_tokens: Count | None = None


class _Report(msgspec.Struct):
    billed_units: _Units | None = None
    tokens: _Units | None = None
    cached_tokens: Count | None = None


_decode = msgspec.json.Decoder(_Report).decode


def cohere_usage(report: bytes | msgspec.Raw) -> Usage:
    """The `usage` of a chat or the `meta` of an embedding: the units Cohere bills, pictures beside the rest.

    Raises Invalid("bad_usage") for nonsense, and where nothing says what is billed.
    """
    billed = _said(report).billed_units
    if billed is None or billed.input_tokens is None:
        raise unreadable("usage report", "it has no billed_units.input_tokens", report)
    image = billed.image_tokens or 0
    return usage_of(Read(billed.input_tokens + image, image=image), Written(billed.output_tokens or 0))


def cohere_tokens(report: bytes | msgspec.Raw) -> Usage:
    """The tokens that went through the model, for comparing with other models. Raises as `cohere_usage` does."""
    said = _said(report)
    if said.tokens is None:
        raise unreadable("usage report", "it has no tokens", report)
    return usage_of(
        Read(said.tokens.input_tokens or 0, said.cached_tokens or 0), Written(said.tokens.output_tokens or 0)
    )


def _said(report: bytes | msgspec.Raw) -> _Report:
    try:
        return _decode(report)
    except msgspec.DecodeError as wrong:
        raise unreadable("usage report", wrong, report) from None
