"""What can go wrong with a payment processor, one function a code, in words that hold no secret."""

from __future__ import annotations

import msgspec

from solvent.values.errors import Invalid, Refused, Unavailable

_WORDS_MAX = 300
RETRY_S = 30
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # all that reading a stranger's JSON may raise


def unavailable(rail: str, what: str, status: int | None = None) -> Unavailable:
    """Nobody knows whether it was done; asking again is safe."""
    message = f"{rail}: {_short(what)}; whether it was done is not known yet, and is looked up again"
    return Unavailable("processor_unavailable", message, retry_after_s=RETRY_S, upstream_status=status)


def key_refused(rail: str, status: int) -> Unavailable:
    """Our key is wrong, or may not do this."""
    message = f"{rail}: the processor does not accept our key, or not for this; check `key` of this rail"
    return Unavailable("processor_key_refused", message, upstream_status=status)


def garbage(rail: str, what: str) -> Unavailable:
    """It answered with something that cannot be read."""
    message = f"{rail}: what the processor answered cannot be read: {_short(what)}; check `base_url` of this rail"
    return Unavailable("processor_garbage", message)


def refused(rail: str, words: str) -> Refused:
    """It says no, for good."""
    return Refused("processor_refused", f"{rail}: the processor refuses: {_short(words)}")


def return_mismatch(rail: str, what: str) -> Refused:
    """What the browser brought back is not about the order."""
    message = f"{rail}: the {what} in the address is not that of this order; nothing was paid, begin again"
    return Refused("return_mismatch", message)


def bad_signature(rail: str, why: str) -> Refused:
    """A webhook that is not the processor's."""
    return Refused("bad_webhook_signature", f"{rail}: this webhook is not the processor's: {why}; nothing was changed")


def unreadable_webhook(rail: str, why: str) -> Invalid:
    """A webhook that nobody can make sense of."""
    return Invalid("webhook_unreadable", f"{rail}: this webhook cannot be read: {why}; nothing was changed")


def no_webhooks(rail: str) -> Refused:
    """A rail that sends none."""
    return Refused("no_webhooks", f"{rail} sends no webhooks; an operator confirms what came")


def cannot_charge(rail: str) -> Refused:
    """A rail without saved methods."""
    return Refused("cannot_charge", f"{rail} cannot be charged from here; ask the customer to pay the order")


def no_secret(rail: str, field: str, why: str) -> Invalid:
    """A setting without which the rail would believe anybody."""
    return Invalid("bad_config", f"payments {rail!r}: `{field}` is empty; {why}", param=field)


def no_return_url(rail: str) -> Invalid:
    """A checkout in a browser has to lead somewhere afterwards."""
    message = f"{rail}: say in `return_url` where the customer's browser comes back to"
    return Invalid("return_url_needed", message, param="return_url")


def _short(words: str) -> str:
    clean = " ".join(words.split())
    return clean if len(clean) <= _WORDS_MAX else clean[: _WORDS_MAX - 1] + "…"
