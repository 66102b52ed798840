"""Reads a JSON request body, or a query: what is wrong with it is said by the name of the member at fault."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from solvent.app.http import Scope
from solvent.values.errors import Invalid
from solvent.values.limits import CHOICES_MAX, OUTPUT_TOKENS_MAX, QUERY_MEMBERS_MAX
from solvent.values.misfit import misfit

T = TypeVar("T")

_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_TIERS = ("flex", "priority")


def read_members(body: bytes, decoder: msgspec.json.Decoder[T]) -> tuple[T, dict[str, msgspec.Raw]]:
    """The body as `decoder` reads it, and all its members verbatim. Raises Invalid naming the member at fault."""
    try:
        if not body.isascii():
            body.decode()  # the members are passed on unread: they must at least be text
        return decoder.decode(body), _decode_members(body)
    except UnicodeDecodeError as wrong:
        raise Invalid("not_utf8", f"the body is not UTF-8: {wrong.reason} at byte {wrong.start}") from None
    except msgspec.ValidationError as wrong:
        raise misfit(str(wrong)) from None
    except msgspec.DecodeError as wrong:
        raise Invalid("not_json", f"the body is not JSON: {wrong}") from None
    except RecursionError:
        raise Invalid("not_json", "the body is nested too deeply to be read; send a flatter one") from None


def read_query(scope: Scope, kind: type[T]) -> T:
    """The query of a request. Raises Invalid naming the member at fault."""
    text = scope.get("query_string", b"").decode("latin-1")
    try:
        return msgspec.convert(dict(parse_qsl(text, max_num_fields=QUERY_MEMBERS_MAX)), kind, strict=False)
    except msgspec.ValidationError as wrong:
        raise misfit(str(wrong)) from None
    except ValueError:
        raise Invalid("bad_request", f"the query has more than {QUERY_MEMBERS_MAX} members; send fewer") from None


def check_limit(name: str, limit: int | None) -> None:
    """How many tokens may be written. Raises Invalid naming the member."""
    if limit is not None and not 1 <= limit <= OUTPUT_TOKENS_MAX:
        message = f"{name}: {str(limit)[:20]} is not between 1 and {OUTPUT_TOKENS_MAX:,}"
        raise Invalid("bad_request", message, param=name)


def check_choices(n: int | None) -> int:
    """How many answers are asked for at once. Raises Invalid."""
    if n is not None and not 1 <= n <= CHOICES_MAX:
        raise Invalid("bad_request", f"n: {str(n)[:20]} is not between 1 and CHOICES_MAX, {CHOICES_MAX}", param="n")
    return n or 1


def tariff_asked(tier: str | None) -> str:
    """The tariff that OpenAI's `service_tier` asks for; "" for the plain way. Raises Invalid for one without a price.

    "auto" is whatever the operator's project at the provider is set to, which its report then says.
    """
    if tier in (None, "auto", "default"):
        return ""
    if tier not in _TIERS:
        raise unpriced("service_tier", f"{str(tier)[:40]!r} has no price here; ask for auto, default, flex or priority")
    return str(tier)


def unpriced(name: str, what: str = "it has no price here, so it is not served") -> Invalid:
    """A member that costs more than tokens, or could: refused, never free."""
    return Invalid("unpriced_feature", f"{name}: {what}", param=name)
