"""Files on real books: whole or not at all, for their customer alone, until their time is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest
from sqlalchemy import func, select
from tests.db.opened import Place

from solvent.db.port import Connection, Database
from solvent.filing import store
from solvent.filing.file import File, State
from solvent.filing.forget_file import forget_file
from solvent.filing.forget_old_files import forget_old_files
from solvent.filing.keep_file import keep_file
from solvent.filing.open_file import open_file
from solvent.values.errors import Conflict, Invalid, NotFound, Refused
from solvent.values.ids import CustomerId
from solvent.values.instant import US_PER_S
from solvent.values.limits import (
    FILE_ARRIVES_S_MAX,
    FILE_BYTES_MAX,
    FILE_PIECE_BYTES,
    FILES_ARRIVING_MAX,
    FILES_BYTES_MAX,
    FILES_MAX,
)

KIM, LEE = CustomerId("cus_kim"), CustomerId("cus_lee")


def draft(number: int, customer: CustomerId = KIM, expires_us: int = 1000) -> File:
    return File(f"file_{number}", customer, "batch", f"이름 {number}.jsonl", 0, 10, expires_us)


async def pieces_of(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def keep(database: Database, file: File, *pieces: bytes) -> File:
    return await keep_file(file, pieces_of(*pieces), lambda draft: draft, database, bounded=True)


async def content(file: File, database: Database) -> list[bytes]:
    return [piece async for piece in open_file(file, database)]


async def rows(database: Database) -> tuple[int, int]:
    """How many files and pieces there are, gone ones too."""
    counts = [select(func.count()).select_from(table) for table in (store.files, store.file_pieces)]
    files, pieces = [await database.read(lambda c, q=q: int(c.execute(q).scalar_one())) for q in counts]  # type: ignore[misc]
    return files, pieces


def on(place: Place, work: Callable[[Database], Awaitable[None]]) -> None:
    async def run() -> None:
        async with place.opened() as database:
            await work(database)

    asyncio.run(run())


def test_a_file_comes_back_byte_for_byte_and_in_bounded_pieces(place: Place) -> None:
    async def work(database: Database) -> None:
        sent = bytes(range(256)) * (FILE_PIECE_BYTES // 256 * 2 + 1)
        kept = await keep(
            database, draft(1), sent[:5], sent[5 : FILE_PIECE_BYTES + 9], b"", sent[FILE_PIECE_BYTES + 9 :]
        )
        assert (kept.size, kept.state) == (len(sent), "kept")
        came = await content(kept, database)
        assert b"".join(came) == sent
        assert [len(piece) for piece in came] == [FILE_PIECE_BYTES, FILE_PIECE_BYTES, 256]
        starts, ends = FILE_PIECE_BYTES - 3, 2 * FILE_PIECE_BYTES + 7
        part = await database.read(lambda connection: store.part(connection, kept.id, starts, ends))
        assert part == sent[starts:ends]
        assert await database.read(lambda connection: store.file(connection, kept.id, KIM, 999)) == kept
        empty = await keep(database, draft(2))
        assert (empty.size, await content(empty, database)) == (0, [])

    on(place, work)


def test_what_breaks_off_or_is_refused_leaves_nothing_behind(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone() -> AsyncIterator[bytes]:
        yield bytes(FILE_PIECE_BYTES)
        raise ConnectionError

    def refuse(_draft: File) -> File:
        raise Invalid("bad_request", "purpose", param="purpose")

    async def work(database: Database) -> None:
        with pytest.raises(ConnectionError):
            await keep_file(draft(1), gone(), lambda file: file, database, bounded=True)
        with pytest.raises(Invalid):
            await keep_file(draft(2), pieces_of(b"x"), refuse, database, bounded=True)
        with pytest.raises(Invalid) as large:
            await keep(database, draft(3), bytes(FILE_PIECE_BYTES), bytes(FILE_PIECE_BYTES), b"x")
        assert large.value.code == "file_too_large"
        assert await database.read(lambda connection: store.page(connection, KIM, 0, 10)) == []
        await forget_old_files(database, 20)
        assert await rows(database) == (0, 0)

    assert FILE_BYTES_MAX > 2 * FILE_PIECE_BYTES
    monkeypatch.setattr("solvent.filing.keep_file.FILE_BYTES_MAX", 2 * FILE_PIECE_BYTES)
    on(place, work)


def test_a_customer_has_room_for_so_many_files_and_bytes(place: Place) -> None:
    async def work(database: Database) -> None:
        async def fill(state: State, count: int, size: int, first: int) -> None:
            def work(connection: Connection) -> None:
                for number in range(first, first + count):
                    store.begin(connection, msgspec.structs.replace(draft(number), state=state, size=size))

            await database.write(work)

        await fill("kept", 2, FILES_BYTES_MAX // 2, 0)
        with pytest.raises(Refused, match="larger than"):
            await keep(database, draft(900_000), b"x")
        await keep(database, draft(900_001, LEE), b"x")
        await fill("arriving", FILES_ARRIVING_MAX, 0, 100)
        with pytest.raises(Refused, match="being uploaded"):
            await keep(database, draft(900_002), b"x")
        await fill("kept", FILES_MAX - 2 - FILES_ARRIVING_MAX, 0, 1000)
        with pytest.raises(Refused, match="delete some"):
            await keep(database, draft(900_003), b"x")
        whole = await keep_file(draft(900_004), pieces_of(b"x"), lambda file: file, database, bounded=False)
        assert whole.state == "kept", "what a batch has written is kept in any case"

    on(place, work)


def test_it_is_deleted_by_its_customer_or_by_time_but_not_in_use(place: Place) -> None:
    async def work(database: Database) -> None:
        one, two, used = [await keep(database, draft(number), bytes(FILE_PIECE_BYTES + 1)) for number in (1, 2, 3)]
        await database.write(lambda connection: store.use(connection, used.id, 1))
        for id, customer in ((one.id, LEE), ("file_\x00", KIM), ("file_9", KIM)):
            with pytest.raises(NotFound):
                await forget_file(id, customer, database, 20)
        with pytest.raises(Conflict):
            await forget_file(used.id, KIM, database, 20)
        await forget_file(one.id, KIM, database, 20)
        with pytest.raises(NotFound):
            await forget_file(one.id, KIM, database, 20)
        await forget_old_files(database, 20)
        assert await rows(database) == (2, 4)
        assert await database.read(lambda connection: store.file(connection, two.id, KIM, 1000)) is None, "it is over"
        await forget_old_files(database, 1000)
        assert await rows(database) == (1, 2), "what is in use is kept beyond its time"
        assert await database.read(lambda connection: store.file(connection, used.id, KIM, 1000)) is not None
        await database.write(lambda connection: store.use(connection, used.id, -1))
        await forget_old_files(database, 1000)
        assert await rows(database) == (0, 0)
        await database.write(lambda connection: store.begin(connection, draft(7)))
        await forget_old_files(database, 9 + FILE_ARRIVES_S_MAX * US_PER_S)
        assert (await rows(database))[0] == 1
        await forget_old_files(database, 10 + FILE_ARRIVES_S_MAX * US_PER_S)
        assert (await rows(database))[0] == 0, "its upload was cut off by a crash"

    on(place, work)


def test_a_list_goes_page_by_page_in_either_order(place: Place) -> None:
    async def work(database: Database) -> None:
        for number in range(1, 6):
            await keep(database, draft(number))
        await keep(database, draft(9, LEE))

        async def page(**asked: object) -> list[str]:
            found = await database.read(lambda connection: store.page(connection, KIM, 20, 2, **asked))  # type: ignore[arg-type]
            return [file.id for file in found]

        assert await page() == ["file_5", "file_4"]
        assert await page(after="file_4") == ["file_3", "file_2"]
        assert await page(oldest_first=True, after="file_4") == ["file_5"]
        assert await page(purpose="batch_output") == []

    on(place, work)
