"""How keys are shown to people: in lists without their secret, and once with it."""

from __future__ import annotations

from typing import Final

from solvent.cli.here import Screen
from solvent.console.keys import KeyBody, RotatedKey

KEY_COLUMNS: Final = {
    "id": "left", "name": "left", "role": "left", "hint": "left", "state": "left", "since": "left", "expires": "left",
    "key_models": "left", "key_addresses": "left", "key_uses": "left",
}  # fmt: skip


def key_row(key: KeyBody, screen: Screen) -> list[str]:
    """One key of a list."""
    say = screen.say
    since, expires = screen.day(key.created_at), screen.day(key.expires_at)
    limits = _limits(key, screen).values() if key.role == "customer" else ("", "", "")
    return [key.id, key.name, say(key.role), key.hint, say(key.state), since, expires, *limits]


def changed_key(key: KeyBody, screen: Screen) -> None:
    """What a key may do from now on."""
    screen.facts({"key": key.id, "name": key.name, "hint": key.hint, **_limits(key, screen),
                  "key_user_header": key.user_header})  # fmt: skip
    screen.word("key_changed")


def _limits(key: KeyBody, screen: Screen) -> dict[str, str]:
    """What a customer's key may do."""
    return {
        "key_models": ", ".join(key.models) or screen.say("all_models"),
        "key_addresses": ", ".join(key.addresses) or screen.say("all_addresses"),
        "key_uses": ", ".join(key.uses) or screen.say("all_uses"),
    }


def rotated_key(made: RotatedKey, screen: Screen) -> None:
    """A key's new secret, and for how long the one before is good."""
    issued_key(made.api_key, screen)
    if made.former_until is None:
        screen.word("key_rotated_at_once")
    else:
        screen.word("key_rotated", until=screen.minute(made.former_until))


def issued_key(api_key: str | None, screen: Screen) -> None:
    """A new key, and that it is shown this once."""
    if api_key is None:
        screen.word("key_not_shown")
        return
    screen.facts({"api_key": api_key})
    screen.word("key_shown_once")
