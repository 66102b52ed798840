"""Asks and carries out operations for whoever visits: with the API's own validation, permission and acts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from solvent.app.build import App
from solvent.app.business import Business, business_of
from solvent.audit.act import Act
from solvent.console.carry_out import act_behind, carry_out, read_members, read_path
from solvent.console.fields import members_of
from solvent.console.operation import AnyOperation, Operation
from solvent.identity.permission import demand, may
from solvent.pages.once import act_of, mark_of
from solvent.pages.visit import Visit

Q = TypeVar("Q")
B = TypeVar("B")
R = TypeVar("R")


class Clerk:
    """For one visit. business: the running service's, with the settings in force now."""

    def __init__(self, app: App, visit: Visit) -> None:
        self.app = app
        self.visit = visit
        self.business: Business = business_of(app)

    def may(self, operation: AnyOperation) -> bool:
        """Whether the visitor may have this done."""
        return may(self.visit.caller.role, operation.action)

    async def ask(self, operation: Operation[Q, B, R], query: Mapping[str, object] | None = None, **path: str) -> R:
        """What an operation that reads tells. path: the names in its path. Raises what it refuses with."""
        demand(self.visit.caller, operation.action)
        asked = read_members(query or {}, operation.query, "the query")
        act = Act(self.visit.caller.key, "", "", self.business.now_us())
        return await carry_out(operation, self.business, act, read_path(path), asked, operation.body())

    async def ask_if_may(
        self, operation: Operation[Q, B, R], query: Mapping[str, object] | None = None, **path: str
    ) -> R | None:
        """The same; None where the visitor may not see it."""
        if not self.may(operation):
            return None
        return await self.ask(operation, query, **path)

    async def carry_out(self, operation: Operation[Q, B, R], members: Mapping[str, object] | None = None) -> R:
        """What the form that was sent comes to. Sent twice, it has its effect once.

        members: what it says of the operation's body; None for its fields as they are.

        Raises what the operation refuses with, and Refused for who may not have it done.
        """
        demand(self.visit.caller, operation.action)
        form = self.visit.form
        path = read_path({name: self.visit.path.get(name) or form.get(name, "") for name in operation.names})
        given = members_of(form, operation.body) if members is None else members
        body = read_members(given, operation.body, "the form")
        for member, action in operation.also.items():
            if getattr(body, member) is not None:
                demand(self.visit.caller, action)
        act = act_behind(
            operation,
            path,
            body,
            self.visit.caller.key,
            "" if operation.is_reading else mark_of(self.visit),
            self.business.now_us(),
        )
        query = read_members({}, operation.query, "the form")
        done = await carry_out(operation, self.business, act, path, query, body)
        if operation.touches_callers:
            await self.app.reload_callers()
        return done

    def body_of(self, kind: type[B]) -> B:
        """What the form says, as a `kind`. Raises Invalid naming the member."""
        return read_members(members_of(self.visit.form, kind), kind, "the form")

    def act(self) -> Act:
        """The act behind the form that was sent; sent twice, it is one."""
        return act_of(self.visit, self.business.now_us())


def query_of(given: Mapping[str, str], operation: AnyOperation) -> dict[str, str]:
    """The members of an address that an operation asks for; those without a value are left out."""
    known = {str(name) for name in operation.query.__struct_encode_fields__}
    return {name: value for name, value in given.items() if value and name in known}
