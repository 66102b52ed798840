"""Keep a file, piece by piece as it comes: whole in the end, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import msgspec

from solvent.db.port import Connection, Database
from solvent.filing import store
from solvent.filing.file import File
from solvent.values.errors import Invalid, Refused
from solvent.values.limits import FILE_BYTES_MAX, FILE_PIECE_BYTES, FILES_ARRIVING_MAX, FILES_BYTES_MAX, FILES_MAX, MIB

Told = Callable[[File], File]


async def keep_file(
    draft: File, pieces: AsyncIterator[bytes], told: Told, database: Database, *, bounded: bool
) -> File:
    """told: what is known of the file once all its bytes have come; what it raises, keeps it from being kept.
    bounded: whether it counts against how much its customer may keep; what a batch writes is kept in any case.

    Raises Refused for too many files, and Invalid for too many bytes.
    """

    def begin(connection: Connection) -> None:
        if bounded:
            _demand_room(connection, draft)
        store.begin(connection, draft)

    def finish(connection: Connection) -> None:
        if bounded:
            _demand_bytes(connection, whole)
        store.finish(connection, whole)

    await database.write(begin)
    try:
        size = await _write(draft.id, pieces, database, most=FILE_BYTES_MAX if bounded else None)
        whole = msgspec.structs.replace(told(draft), size=size, state="kept")
        await database.write(finish)
    except BaseException:  # also when whoever sent it has left: nothing of it is left behind
        database.append_later([(_drop, draft.id)])
        raise
    return whole


async def _write(id: str, pieces: AsyncIterator[bytes], database: Database, *, most: int | None) -> int:
    """Write all pieces, each as large as one may be but the last; how many bytes they were."""
    waiting, size = bytearray(), 0
    async for piece in pieces:
        waiting += piece
        if most is not None and size + len(waiting) > most:
            raise Invalid(
                "file_too_large", f"file: it is larger than {most // MIB} MiB; send it in parts", param="file"
            )
        while len(waiting) >= FILE_PIECE_BYTES:
            await _add(id, size, bytes(waiting[:FILE_PIECE_BYTES]), database)
            del waiting[:FILE_PIECE_BYTES]
            size += FILE_PIECE_BYTES
    if waiting:
        await _add(id, size, bytes(waiting), database)
    return size + len(waiting)


async def _add(id: str, starts: int, piece: bytes, database: Database) -> None:
    await database.write(lambda connection: store.add_piece(connection, id, starts, piece))


def _drop(connection: Connection, ids: list[str]) -> None:
    for id in ids:
        store.drop(connection, id)


def _demand_room(connection: Connection, draft: File) -> None:
    count, _ = store.kept(connection, draft.customer)
    if count >= FILES_MAX:
        raise Refused("too_many_files", f"{FILES_MAX:,} files are kept for you already; delete some", param="file")
    if store.arriving(connection, draft.customer) >= FILES_ARRIVING_MAX:
        message = f"{FILES_ARRIVING_MAX} files of yours are being uploaded already; send this one after them"
        raise Refused("too_many_files", message, param="file", retry_after_s=5)


def _demand_bytes(connection: Connection, whole: File) -> None:
    _, size = store.kept(connection, whole.customer)
    if size + whole.size > FILES_BYTES_MAX:
        message = f"all files together would be larger than {FILES_BYTES_MAX // MIB:,} MiB; delete some first"
        raise Refused("too_many_files", message, param="file")
