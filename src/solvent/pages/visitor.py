"""Who visits: the session behind the cookie, whom they may ask for, and how they like their pages."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Final, Literal

import msgspec

from solvent.db.port import Connection, Database
from solvent.identity import credential_store, person_store
from solvent.identity.caller import OPERATOR_ROLES, Caller, Customer, caller_still, digest
from solvent.identity.person import Language, Person, caller_for
from solvent.identity.session import SEEN_US, TOKEN_BYTES, Session, form_token
from solvent.values.errors import Unauthenticated

SESSION: Final = "solvent_session"
HALF: Final = "solvent_second"  # of whoever has given the first factor alone
STRANGER: Final = "solvent_form"  # what a form's token hangs on before anybody is signed in
LANGUAGE: Final = "solvent_language"
BROWSER: Final = "solvent_browser"  # tells one browser from another, so that strangers lock nobody out of theirs
THEME: Final = "solvent_theme"
FONT: Final = "solvent_font"  # set by js/page.js: this browser keeps the font, which else comes after the first paint
Theme = Literal["auto", "light", "dark"]


class Visitor(msgspec.Struct, frozen=True):
    """One request's visitor. token: of their session, or a stranger's; form_token: what their forms carry.

    caller: how they ask; None for a stranger. person: None also for whoever came with an operator's key.
    lacks_second: they help to run the place, and must set up a second factor first.
    """

    language: Language
    theme: Theme
    token: str
    caller: Caller | None = None
    person: Person | None = None
    customer: Customer | None = None
    lacks_second: bool = False

    @property
    def form_token(self) -> str:
        """See `session.form_token`."""
        return form_token(self.token)

    @property
    def name(self) -> str:
        """What to call them."""
        return self.person.name if self.person is not None else ""


class Visitors:
    """Finds out who visits. callers: who may call now, by their key's digest.

    demands_second: whether operators must have a second factor.
    """

    def __init__(
        self, database: Database, callers: Callable[[], Mapping[bytes, Caller]], now_us: Callable[[], int],
        demands_second: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._database = database
        self._callers = callers
        self._now_us = now_us
        self._demands_second = demands_second

    async def visitor(self, cookies: Mapping[str, str], accepts: str) -> Visitor:
        """accepts: the header Accept-Language. Whoever's session is over is a stranger."""
        token = cookies.get(SESSION, "")
        found = await self._session(token) if token else None
        chosen = cookies.get(LANGUAGE, "")
        theme = cookies.get(THEME, "")
        looks = _language(chosen, accepts), _theme(theme)
        if found is None:
            return Visitor(*looks, cookies.get(STRANGER, ""))
        session, person, customer = found
        if person is None:
            try:
                caller = caller_still(session.key, self._callers(), self._now_us())
            except Unauthenticated:
                return Visitor(*looks, cookies.get(STRANGER, ""))
            return Visitor(*looks, token, caller)
        if person.closed_us:
            return Visitor(*looks, cookies.get(STRANGER, ""))
        language = _language(chosen or person.language, accepts)
        lacks = await self._lacks_second(person)
        return Visitor(language, looks[1], token, caller_for(person, customer), person, customer, lacks)

    async def _lacks_second(self, person: Person) -> bool:
        if person.role not in OPERATOR_ROLES or not self._demands_second():
            return False
        return not await self._database.read(
            lambda connection: credential_store.has_kind(connection, person.id, "app", "passkey")
        )

    async def _session(self, token: str) -> tuple[Session, Person | None, Customer | None] | None:
        now_us, known = self._now_us(), digest(token.encode())
        found = await self._database.read(lambda connection: person_store.signed_in(connection, known))
        if found is None or not found[0].is_good(now_us):
            return None
        if now_us - found[0].seen_us > SEEN_US:

            def see(connection: Connection) -> None:
                person_store.see(connection, known, now_us)

            await self._database.write(see)
        return found


def browser_of(cookies: Mapping[str, str]) -> str:
    """What tells a browser from others: what it was given before, or something new."""
    given = cookies.get(BROWSER, "")
    return given if len(given) == 2 * TOKEN_BYTES and given.isalnum() else secrets.token_hex(TOKEN_BYTES)


def _language(chosen: str, accepts: str) -> Language:
    """What they chose, or else what their browser asks for first."""
    if chosen in ("ko", "en"):
        return "ko" if chosen == "ko" else "en"
    return "ko" if accepts.strip().lower().startswith("ko") else "en"


def _theme(chosen: str) -> Theme:
    return "light" if chosen == "light" else "dark" if chosen == "dark" else "auto"
