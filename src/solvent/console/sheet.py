"""A page of the console over operations: what it shows, and what its forms carry out.

A form is sent to the page it stands on and names one of the page's operations. What is wrong is said beside the form,
with everything that was written still in it; what was done is said on top of the page.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.responses import Response

from solvent.app.build import App
from solvent.app.problems import status_and_type
from solvent.console.clerk import Clerk
from solvent.console.fields import DO, fields_of
from solvent.console.operation import AnyOperation
from solvent.console.telling import Telling
from solvent.console.wrong_fields import detail_of, said_of
from solvent.identity.permission import Action, demand, may
from solvent.pages.place import Place
from solvent.pages.visit import Visit
from solvent.values.errors import Invalid, SolventError
from solvent.values.period import zone

DONE: Final = "done"  # in the address: what was done just now
Read = Callable[[Clerk], Awaitable[Mapping[str, Any]]]
Show = Callable[[Clerk], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Errand:
    """What a form of a page does that no operation of the API does. body: what its form says."""

    action: Action
    run: Callable[[Clerk, Any], Awaitable[Any]]
    body: type


@dataclass(frozen=True)
class Sheet:
    """path: with the names of its operations' paths in it. who: may see it. show: what its template shows.

    does: what its forms carry out, by the names the forms say. tells: those whose result is shown on the page at once,
    such as a key that is shown once, or a preview. reads: how a form says what its operation takes, where that is more
    than its fields. says: what is wrong and with which field, where that is more than the problem's own words.
    goes: where one is led when something is done, where that is another page. bytes_max: of what its forms send; 0 for
    what a form may be.
    """

    path: str
    who: Action
    template: str
    show: Show
    does: Mapping[str, AnyOperation | Errand] = field(default_factory=dict)
    tells: frozenset[str] = frozenset()
    reads: Mapping[str, Read] = field(default_factory=dict)
    says: Callable[[Clerk, SolventError], tuple[str, str]] | None = None
    goes: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    bytes_max: int = 0


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a form. do: which. param: the member at fault. detail: more, where it says more."""

    do: str
    said: str
    param: str
    detail: str


@dataclass(frozen=True)
class Told:
    """What a form has come to, to be shown at once."""

    do: str
    result: Any


def places_of(sheets: tuple[Sheet, ...], app: App) -> list[Place]:
    """Where the sheets are, and who may go there."""
    found: list[Place] = []
    for sheet in sheets:
        paper = _Paper(sheet, app)
        found.append(Place("GET", sheet.path, sheet.who, paper.show))
        if sheet.does:
            found.append(Place("POST", sheet.path, sheet.who, paper.carry_out, sheet.bytes_max))
    return found


class _Paper:
    """One sheet on a running service."""

    def __init__(self, sheet: Sheet, app: App) -> None:
        self._sheet = sheet
        self._app = app

    async def show(self, visit: Visit) -> Response:
        return await self._draw(Clerk(self._app, visit), visit)

    async def carry_out(self, visit: Visit) -> Response:
        clerk, do = Clerk(self._app, visit), visit.form.get(DO, "")
        try:
            operation = self._sheet.does.get(do)
            if operation is None:
                raise Invalid("no_such_form", f"this page has no form {do[:40]!r}; load it again")
            if isinstance(operation, Errand):
                demand(visit.caller, operation.action)
                result = await operation.run(clerk, clerk.body_of(operation.body))
            else:
                read = self._sheet.reads.get(do)
                result = await clerk.carry_out(operation, await read(clerk) if read else None)
        except SolventError as problem:
            says = self._sheet.says
            said, param = says(clerk, problem) if says else said_of(visit, problem, do)
            trouble = Trouble(do, said, param, detail_of(problem, said))
            return await self._draw(clerk, visit, status_and_type(problem)[0], trouble=trouble)
        if do in self._sheet.tells:
            return await self._draw(clerk, visit, told=Told(do, result))
        goes = self._sheet.goes.get(do)
        return visit.go(f"{goes(result) if goes else visit.here}?{DONE}={do}")

    async def _draw(
        self, clerk: Clerk, visit: Visit, status: int = 200, *, trouble: Trouble | None = None,
        told: Told | None = None,
    ) -> Response:  # fmt: skip
        sheet = self._sheet
        shown = await sheet.show(clerk)
        done = visit.query.get(DONE, "") if visit.request.method == "GET" else ""
        telling = Telling(visit.visitor.language, visit.texts, zone(self._app.config.time_zone))
        return visit.page(
            sheet.template, status, told=told, trouble=trouble, form_sent=visit.form, query=visit.query,
            kept=_kept(visit), done=done if done in sheet.does else "",
            tell=telling,
            fields={do: fields_of(operation.body) for do, operation in sheet.does.items()},
            can={do: may(visit.caller.role, operation.action) for do, operation in sheet.does.items()},
            role=visit.caller.role, currency=clerk.business.currency, **shown,
        )  # fmt: skip


def _kept(visit: Visit) -> dict[str, str]:
    """What a list was asked for, without which part of it."""
    return {name: value for name, value in visit.query.items() if value and name not in (DONE, "cursor")}
