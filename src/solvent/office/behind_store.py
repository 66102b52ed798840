"""Who stands behind an act: a person, or those who were shown the secret of the key that it was done with.

A key is nobody's by itself. The journal, of which nothing is ever deleted, knows who issued and rotated it.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, or_, select

from solvent.audit.store import changes
from solvent.identity.caller import OPERATOR_ROLES
from solvent.identity.key import Key
from solvent.values.ids import PersonId

PERSON = "psn_"
KEY = "key_"


class Behind(msgspec.Struct, frozen=True):
    """people: who may have done it. is_sure: it was one of them; else somebody whom nobody knows holds the key, too."""

    people: frozenset[PersonId]
    is_sure: bool


def behind(connection: Connection, actor: str) -> Behind:
    """actor: of an act. A key that was issued or rotated with another has whoever stands behind that one, too."""
    people: set[PersonId] = set()
    seen, left, is_sure = {actor}, [actor], True
    while left:
        one = left.pop()
        if one.startswith(PERSON):
            people.add(PersonId(one))
            continue
        makers = _makers(connection, one) if one.startswith(KEY) else set()
        is_sure = is_sure and bool(makers)
        left += makers - seen
        seen |= makers
    return Behind(frozenset(people), is_sure)


def _makers(connection: Connection, key: str) -> set[str]:
    """Who was shown a secret of a key: the actors of its issue and of its rotations."""
    of_roles = (changes.c.action == "key.issue") & changes.c.subject.in_(OPERATOR_ROLES)
    of_key = (changes.c.action == "key.rotate") & (changes.c.subject == key)
    rows = connection.execute(select(changes.c.actor, changes.c.action, changes.c.result).where(or_(of_roles, of_key)))
    return {
        str(actor) for actor, action, result in rows
        if action == "key.rotate" or msgspec.json.decode(bytes(result), type=Key).id == key
    }  # fmt: skip
