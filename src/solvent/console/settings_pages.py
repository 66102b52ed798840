"""The pages of settings and of who runs the place: what is in force, and operators' people and keys."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, get_args, get_type_hints

import msgspec
from msgspec import Meta

from solvent.app.config import Config
from solvent.app.running import tell_running
from solvent.console import keys, people
from solvent.console.clerk import Clerk
from solvent.console.keys import OperatorRole
from solvent.console.members import NOTE, WORD
from solvent.console.operation import Nothing
from solvent.console.sheet import Errand, Sheet
from solvent.identity.session import TOKEN_BYTES
from solvent.office.close_operator import close_operator
from solvent.office.invite_operator import Inviting, invite_operator
from solvent.values.errors import Conflict
from solvent.values.ids import PersonId

_REFERENCES: Final = ("env:", "file:")
# That may hold one where they are no reference.
_SECRET: Final = ("database", "key", "webhook_secret", "proxy", "sealing_key")
HIDDEN: Final = "•••"


class Setting(msgspec.Struct, frozen=True):
    """One setting: its value now, and what it is for."""

    name: str
    value: str
    meaning: str


class Invitation(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to invite."""

    email: Annotated[str, NOTE]
    name: Annotated[str, WORD]
    role: OperatorRole


class Invited(msgspec.Struct, kw_only=True):
    """Who was invited. path: where they choose their password; "" where it was shown before."""

    name: str
    path: str


class Whom(msgspec.Struct, forbid_unknown_fields=True):
    """Whose account."""

    person: Annotated[str, WORD]


async def settings(clerk: Clerk) -> Mapping[str, Any]:
    """Every setting in force, without a secret."""
    config = clerk.app.config
    tables = {
        name: len(value) for name in Config.__struct_fields__ if isinstance(value := getattr(config, name), tuple)
    }  # fmt: skip
    return {"settings": list(_settings(config)), "tables": tables}


def _settings(values: msgspec.Struct, prefix: str = "") -> Iterator[Setting]:
    hints = get_type_hints(type(values), include_extras=True)
    for field in msgspec.structs.fields(values):
        value, name = getattr(values, field.name), f"{prefix}{field.encode_name}"
        if isinstance(value, msgspec.Struct):
            yield from _settings(value, f"{name}.")
        elif not isinstance(value, tuple) or (value and not isinstance(value[0], msgspec.Struct)):
            notes = (one.description for one in get_args(hints[field.name])[1:] if isinstance(one, Meta))
            yield Setting(name, _shown(field.name, value), next((note or "" for note in notes), ""))


def _shown(name: str, value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    may_be_secret = name in _SECRET or "@" in text
    return HIDDEN if text and may_be_secret and not text.startswith(_REFERENCES) else text


async def reload(clerk: Clerk, _: Nothing) -> None:
    """Read settings, prices and plans again, in every service on this directory; their logs say what came of it."""
    if not tell_running(clerk.app.directory.path, signal.SIGHUP):
        raise Conflict("nothing_to_reload", "this service reads no settings while it runs; restart it")


async def operators(clerk: Clerk) -> Mapping[str, Any]:
    """Who runs the place: people with accounts, and keys."""
    origin = clerk.app.config.public_url or str(clerk.visit.request.base_url)
    return {
        "people": (await clerk.ask(people.LIST)).data,
        "origin": origin.rstrip("/"),
        "keys": (await clerk.ask(keys.LIST_OPERATORS, {"limit": 100})).data,
    }


async def invite(clerk: Clerk, asked: Invitation) -> Invited:
    """Somebody new, who chooses a password over a link that is shown this once."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    inviting = Inviting(email=asked.email, name=asked.name, role=asked.role, token=token)
    act = clerk.act()
    person, is_new = await invite_operator(inviting, act, clerk.business.database, clerk.business.entropy())
    return Invited(name=person.name, path=f"/console/invited/{person.id}/{token}" if is_new else "")


async def close_person(clerk: Clerk, asked: Whom) -> None:
    """Somebody who leaves; not oneself."""
    act = clerk.act()
    await close_operator(PersonId(asked.person), act, clerk.business.database)


SHEETS: Final = (
    Sheet(
        "/console/settings", "operators.read", "console/settings.html", settings,
        {"reload": Errand("operators.write", reload, Nothing)},
    ),
    Sheet(
        "/console/operators", "operators.read", "console/operators.html", operators,
        {
            "invite": Errand("operators.write", invite, Invitation),
            "close_person": Errand("operators.write", close_person, Whom),
            "reset_second_factor": people.RESET,
            "issue_operator": keys.ISSUE_OPERATOR, "rotate_operator": keys.ROTATE_OPERATOR,
            "revoke_operator": keys.REVOKE_OPERATOR,
        },
        frozenset({"invite", "issue_operator", "rotate_operator"}),
    ),
)  # fmt: skip
