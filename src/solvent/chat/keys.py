"""My keys: issued and shown once, limited, rotated and taken back; how much each was used; and code that works."""

from __future__ import annotations

from functools import partial
from typing import Final, cast

from starlette.responses import Response

from solvent.answering.receipt_store import used_by_key
from solvent.app.build import App
from solvent.app.business import business_of
from solvent.chat.snippets import snippets
from solvent.db.port import Connection
from solvent.identity import store as identity_store
from solvent.identity.caller import USES, Use
from solvent.identity.key import Key, NewKey, secret
from solvent.office.change_key import KeyChange, change_key
from solvent.office.issue_key import issue_key
from solvent.office.revoke_key import revoke_key
from solvent.office.rotate_key import Rotation, rotate_key
from solvent.pages.once import act_of
from solvent.pages.place import Place
from solvent.pages.visit import Visit
from solvent.values.errors import Invalid, NotFound, SolventError
from solvent.values.ids import KeyId
from solvent.values.instant import DAY_US, HOUR_US, NEVER_US, instant
from solvent.values.limits import OVERLAP_HOURS, OVERLAP_HOURS_MAX, PAGE_ROWS_MAX
from solvent.values.money import Money

_DAYS: Final = 31
_OVERLAPS: Final = (0, 1, OVERLAP_HOURS, 168, OVERLAP_HOURS_MAX)  # hours


class Keys:
    """The places under /keys."""

    def __init__(self, app: App) -> None:
        self._app = app

    def places(self) -> list[Place]:
        """Where they are."""
        return [
            Place("GET", "/keys", "customer", self.list),
            Place("POST", "/keys", "customer", self.issue),
            Place("GET", "/keys/{key}", "customer", self.show),
            Place("POST", "/keys/{key}", "customer", self.change),
            Place("POST", "/keys/{key}/rotate", "customer", self.rotate),
            Place("POST", "/keys/{key}/revoke", "customer", self.revoke),
        ]

    async def list(self, visit: Visit) -> Response:
        """All of them, and how to use one."""
        return await self._page(visit)

    async def issue(self, visit: Visit) -> Response:
        """One more; it is shown this once."""
        business, form = business_of(self._app), visit.form
        shown = secret("customer", business.new_secret())
        try:
            until = form.get("expires", "").strip()
            new = NewKey(
                "customer", visit.customer.id, shown, business.entropy(), form.get("name", "").strip(),
                instant(until, "expires") if until else NEVER_US, models=self._models(visit), uses=_uses(visit),
            )  # fmt: skip
            _, is_new = await issue_key(new, act_of(visit, business.now_us()), business.database)
        except SolventError as problem:
            return await self._page(visit, problem)
        await self._app.reload_callers()
        return await self._page(visit, shown=shown if is_new else "", was_shown=not is_new)

    async def show(self, visit: Visit) -> Response:
        """One, and what can be done about it."""
        return await self._one(visit)

    async def change(self, visit: Visit) -> Response:
        """Another name, and other limits from the next call on."""
        key = await self._own(visit)
        wish = KeyChange(models=self._models(visit), uses=_uses(visit), name=visit.form.get("name"))
        try:
            await change_key(key.id, wish, act_of(visit, self._app.desk.now_us()), self._app.database)
        except SolventError as problem:
            return await self._one(visit, problem)
        await self._app.reload_callers()
        return visit.go(f"/keys/{key.id}")

    async def rotate(self, visit: Visit) -> Response:
        """A new secret, shown this once; the one before is good for a while."""
        key, business = await self._own(visit), business_of(self._app)
        shown = secret("customer", business.new_secret())
        try:
            hours = visit.form.get("overlap", str(OVERLAP_HOURS))
            if hours not in map(str, _OVERLAPS):
                raise Invalid("bad_request", "overlap: choose one of those on the page", param="overlap")
            rotation = Rotation(key.id, shown, int(hours) * HOUR_US)
            act = act_of(visit, business.now_us())
            _, is_new = await rotate_key(rotation, act, business.database, of_operators=False)
        except SolventError as problem:
            return await self._one(visit, problem)
        await self._app.reload_callers()
        return await self._one(visit, shown=shown if is_new else "", was_shown=not is_new)

    async def revoke(self, visit: Visit) -> Response:
        """It opens nothing from the next call on."""
        key = await self._own(visit)
        try:
            act = act_of(visit, self._app.desk.now_us())
            await revoke_key(key.id, act, self._app.database, of_operators=False)
        except SolventError as problem:
            return await self._one(visit, problem)
        await self._app.reload_callers()
        return visit.go("/keys")

    async def _page(
        self, visit: Visit, problem: SolventError | None = None, *, shown: str = "", was_shown: bool = False
    ) -> Response:
        app, id = self._app, visit.customer.id
        now_us = app.desk.now_us()

        def look(connection: Connection) -> tuple[list[Key], dict[str, object]]:
            found = identity_store.keys_page(connection, id, "", PAGE_ROWS_MAX)
            return found, dict(used_by_key(connection, id, now_us - _DAYS * DAY_US))

        keys, used = await app.database.read(look)
        model = next((name for name, route in app.desk.routes.items() if route.task == "chat"), "")
        address = app.config.public_url.rstrip("/") or str(visit.request.base_url).rstrip("/")
        return visit.page(
            "chat/keys.html", 200 if problem is None else 422, keys=keys, used=used, now_us=now_us, never_us=NEVER_US,
            models=sorted(app.desk.routes), uses=USES, shown=shown, was_shown=was_shown, asked=visit.form,
            problem=visit.said(problem) if problem is not None else "", currency=app.desk.currency, money_of=Money,
            snippets=snippets(address, model) if model else (), address=address,
        )  # fmt: skip

    async def _one(
        self, visit: Visit, problem: SolventError | None = None, *, shown: str = "", was_shown: bool = False
    ) -> Response:
        app, key = self._app, await self._own(visit)
        now_us = app.desk.now_us()
        look = partial(used_by_key, customer=visit.customer.id, from_us=now_us - _DAYS * DAY_US)
        used = (await app.database.read(look)).get(key.id)
        return visit.page(
            "chat/key.html", 200 if problem is None else 422, key=key, used=used, now_us=now_us, never_us=NEVER_US,
            is_good=not key.revoked_us and key.expires_us > now_us, models=sorted({*app.desk.routes, *key.models}),
            uses=USES, overlaps=_OVERLAPS, overlap=OVERLAP_HOURS, shown=shown, was_shown=was_shown, money_of=Money,
            problem=visit.said(problem) if problem is not None else "", currency=app.desk.currency,
        )  # fmt: skip

    async def _own(self, visit: Visit) -> Key:
        """Raises NotFound for another customer's as for one that does not exist."""
        id = KeyId(visit.path["key"])
        found = await self._app.database.read(
            lambda connection: identity_store.known_key(connection, id, of_operators=False)
        )
        if found.customer != visit.customer.id:
            raise NotFound("no_such_key", "there is no such key of yours", param="key")
        return found

    def _models(self, visit: Visit) -> tuple[str, ...]:
        """Which models were ticked, each a member of its own."""
        return tuple(name.removeprefix("model:") for name in visit.form if name.startswith("model:"))


def _uses(visit: Visit) -> tuple[Use, ...]:
    return tuple(cast("Use", name.removeprefix("use:")) for name in visit.form if name.startswith("use:"))
