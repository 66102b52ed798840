"""/v1/files: what customers upload for batches and what batches write for them, as OpenAI's clients ask for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from msgspec import Meta

from solvent.app.build import App
from solvent.app.http import Download, Receive, Scope, body_parts, header
from solvent.db.port import Connection
from solvent.filing import store
from solvent.filing.file import File, Purpose
from solvent.filing.forget_file import forget_file
from solvent.filing.keep_file import keep_file
from solvent.filing.open_file import open_file
from solvent.gateway.endpoints import Body
from solvent.gateway.multipart import Multipart
from solvent.gateway.reading import read_query
from solvent.identity.caller import Caller, demand_customer, demand_wallet
from solvent.values.errors import Invalid, NotFound
from solvent.values.ids import CustomerId, new_id
from solvent.values.instant import DAY_US, US_PER_S
from solvent.values.limits import (
    FILE_BYTES_MAX,
    FILE_DAYS,
    FILE_NAME_CHARACTERS_MAX,
    FILE_S_MIN,
    FILE_UPLOAD_S_MAX,
    FILES_MAX,
    MIB,
)

PATH = "/v1/files/"
_CONTENT = "/content"
_SECONDS = "expires_after[seconds]"
_ANCHOR = "expires_after[anchor]"
_FIELDS = {"purpose", _ANCHOR, _SECONDS}


class _Query(msgspec.Struct, forbid_unknown_fields=True):
    limit: Annotated[int, Meta(ge=1, le=10_000)] = FILES_MAX
    after: str = ""
    order: Annotated[str, Meta(pattern="^(asc|desc)$")] = "desc"
    purpose: Purpose | None = None


async def upload(app: App, caller: Caller, scope: Scope, receive: Receive) -> Body:
    """POST /v1/files: keep one. The fields may come before its bytes or after them."""
    customer, now_us = demand_customer(caller), app.desk.now_us()
    body = body_parts(receive, FILE_BYTES_MAX + MIB, FILE_UPLOAD_S_MAX)
    form = _Form(Multipart(header(scope, b"content-type"), body))
    id = new_id("file", now_us, app.desk.entropy())
    draft = File(id, customer.id, "batch", "", 0, now_us, now_us + FILE_DAYS * DAY_US)
    return file_body(await keep_file(draft, form.pieces(), form.told, app.database, bounded=True))


class _Form:
    """An upload: one file, and what is said of it."""

    def __init__(self, form: Multipart) -> None:
        self._form = form
        self._name: str | None = None
        self._fields: dict[str, str] = {}

    async def pieces(self) -> AsyncIterator[bytes]:
        """The bytes of the file; once they have run out, all the fields are known."""
        async for part in self._form.parts():
            if part.name == "file" and part.file_name is not None and self._name is None:
                self._name = part.file_name
                async for piece in part.pieces:
                    yield piece
            elif part.name in _FIELDS:
                self._fields[part.name] = await part.text()
            else:
                message = f"{part.name[:40]}: an upload has one file, a purpose and expires_after, and nothing else"
                raise Invalid("bad_request", message, param=part.name[:40])

    def told(self, draft: File) -> File:
        """The file as the form says. Raises Invalid naming the field at fault."""
        if self._name is None:
            raise Invalid("bad_request", "file: send the file itself, with its name", param="file")
        purpose = self._fields.get("purpose", "")
        if purpose != "batch":
            message = f"purpose: {purpose[:40]!r} is not served here; the one purpose of an upload is batch"
            raise Invalid("bad_request", message, param="purpose")
        until_us = draft.created_us + kept_for_us(
            self._fields.get(_ANCHOR), self._fields.get(_SECONDS), "expires_after"
        )
        return msgspec.structs.replace(draft, name=_plain_name(self._name), expires_us=until_us)


def kept_for_us(anchor: str | None, seconds: str | int | None, param: str) -> int:
    """How long a file is kept from its making on. Raises Invalid for what is no such time."""
    if anchor is None and seconds is None:
        return FILE_DAYS * DAY_US
    if anchor != "created_at":
        raise Invalid("bad_request", f"{param}.anchor: it is created_at", param=f"{param}.anchor")
    most = FILE_DAYS * DAY_US // US_PER_S
    text = str(seconds)
    if not (text.isascii() and text.isdigit() and len(text) < 12 and FILE_S_MIN <= int(text) <= most):
        message = f"{param}.seconds: {text[:20]!r} is not between {FILE_S_MIN:,} and {most:,}"
        raise Invalid("bad_request", message, param=f"{param}.seconds")
    return int(text) * US_PER_S


async def listed(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body:
    """GET /v1/files: those of the customer, newest first."""
    query = read_query(scope, _Query)
    customer, now_us = demand_wallet(caller).id, app.desk.now_us()

    def read(connection: Connection) -> list[File]:
        return store.page(
            connection, customer, now_us, query.limit + 1,
            after=query.after, purpose=query.purpose, oldest_first=query.order == "asc",
        )  # fmt: skip

    return page_body([file_body(file) for file in await app.database.read(read)], query.limit)


async def one(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body | Download:
    """GET /v1/files/{id}, and its bytes: GET /v1/files/{id}/content."""
    id = scope["path"].removeprefix(PATH)
    file = await _found(app, caller, id.removesuffix(_CONTENT))
    if id.endswith(_CONTENT):
        return Download("application/octet-stream", file.name, open_file(file, app.database))
    return file_body(file)


async def deleted(app: App, caller: Caller, scope: Scope, _receive: Receive) -> Body:
    """DELETE /v1/files/{id}: for its customer, once no batch needs it."""
    id = scope["path"].removeprefix(PATH)
    await forget_file(id, demand_wallet(caller).id, app.database, app.desk.now_us())
    return {"id": id, "object": "file", "deleted": True}


async def _found(app: App, caller: Caller, id: str) -> File:
    customer = demand_wallet(caller).id
    return await app.database.read(
        lambda connection: demand_file(connection, id, customer, app.desk.now_us(), "file_id")
    )


def demand_file(connection: Connection, id: str, customer: CustomerId, now_us: int, param: str) -> File:
    """A file of that customer. Raises NotFound, for whoever else has it too."""
    file = store.file(connection, id, customer, now_us) if id.isprintable() else None
    if file is None:
        raise NotFound("no_such_file", f"there is no file {id[:40]!r}, or not any more", param=param)
    return file


def _plain_name(given: str) -> str:
    """The last part of a path, as whoever lists the files can read it."""
    name = given.replace("\\", "/").rpartition("/")[2][:FILE_NAME_CHARACTERS_MAX]
    return "".join(letter for letter in name if letter.isprintable() and letter != '"') or "file"


def page_body(rows: list[Body], limit: int) -> Body:
    """One page of a list, of up to limit + 1 rows."""
    shown = rows[:limit]
    ends = {"first_id": shown[0]["id"], "last_id": shown[-1]["id"]} if shown else {"first_id": None, "last_id": None}
    return {"object": "list", "data": shown, **ends, "has_more": len(rows) > limit}


def file_body(file: File) -> Body:
    """A file as clients read it."""
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.size,
        "created_at": file.created_us // US_PER_S,
        "expires_at": file.expires_us // US_PER_S,
        "filename": file.name,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
    }
