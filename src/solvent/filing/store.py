"""The tables of files, and of their pieces: none is larger than FILE_PIECE_BYTES, and together they are the file."""

from __future__ import annotations

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)

from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.filing.file import File, Purpose
from solvent.values.ids import CustomerId
from solvent.values.limits import FILE_PIECE_BYTES

files = Table(
    "files",
    metadata,
    Column("id", Text, primary_key=True),
    Column("customer", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Index("ix_files_customer_id", "customer", "id"),
    Index("ix_files_state_expires_us", "state", "expires_us"),
)
# starts: at which byte of the file.
file_pieces = Table(
    "file_pieces",
    metadata,
    Column("file", Text, primary_key=True),
    Column("starts", BigInteger, primary_key=True),
    Column("piece", LargeBinary, nullable=False),
)
_its = files.c


def begin(connection: Connection, file: File) -> None:
    """Note a file that begins to arrive."""
    append_rows(connection, files, [msgspec.structs.astuple(file)])


def add_piece(connection: Connection, id: str, starts: int, piece: bytes) -> None:
    """Add the next bytes of a file."""
    append_rows(connection, file_pieces, [(id, starts, piece)])


def finish(connection: Connection, file: File) -> None:
    """A file is whole from now on, as it is said here."""
    values = {name: getattr(file, name) for name in ("purpose", "name", "size", "expires_us")}
    connection.execute(update(files).where(_its.id == file.id).values(state="kept", **values))


def drop(connection: Connection, id: str) -> None:
    """A file is gone for whoever looks; its bytes follow."""
    connection.execute(update(files).where(_its.id == id).values(state="gone"))


def file(connection: Connection, id: str, customer: CustomerId, now_us: int) -> File | None:
    """One file of that customer, or None."""
    row = connection.execute(select(files).where(_its.id == id, _seen(customer, now_us))).first()
    return File(*row) if row else None


def page(
    connection: Connection, customer: CustomerId, now_us: int, count: int, *,
    after: str = "", purpose: Purpose | None = None, oldest_first: bool = False,
) -> list[File]:  # fmt: skip
    """Up to `count` files of a customer that follow the file `after`, or the first ones for ""."""
    chosen = select(files).where(_seen(customer, now_us))
    if purpose is not None:
        chosen = chosen.where(_its.purpose == purpose)
    if after:
        chosen = chosen.where(_its.id > after if oldest_first else _its.id < after)
    order = _its.id.asc() if oldest_first else _its.id.desc()
    return [File(*row) for row in connection.execute(chosen.order_by(order).limit(count))]


def kept(connection: Connection, customer: CustomerId) -> tuple[int, int]:
    """How many files a customer has, with those that arrive, and how many bytes are in those that are whole."""
    chosen = select(func.count(), func.coalesce(func.sum(_its.size), 0))
    row = connection.execute(chosen.where(_its.customer == customer, _its.state != "gone")).one()
    return int(row[0]), int(row[1])


def arriving(connection: Connection, customer: CustomerId) -> int:
    """How many files of a customer are not whole yet."""
    chosen = select(func.count()).where(_its.customer == customer, _its.state == "arriving")
    return int(connection.execute(chosen).scalar_one())


def use(connection: Connection, id: str, shift: int) -> None:
    """Somebody begins (1) or ends (-1) to need a file."""
    connection.execute(update(files).where(_its.id == id).values(uses=_its.uses + shift))


def part(connection: Connection, id: str, starts: int, ends: int) -> bytes:
    """The bytes of a file in [starts, ends), as many of them as there are."""
    its = file_pieces.c
    near = and_(its.starts > starts - FILE_PIECE_BYTES, its.starts < ends)
    rows = connection.execute(select(its.starts, its.piece).where(its.file == id, near).order_by(its.starts)).all()
    return b"".join(bytes(row.piece)[max(0, starts - row.starts) : ends - row.starts] for row in rows)


def drop_over(connection: Connection, now_us: int, arriving_since_us: int, most: int) -> int:
    """Up to `most` files that are over, or still arrive since so long ago, are gone; how many there were."""
    is_over = and_(_its.state == "kept", _its.expires_us <= now_us, _its.uses == 0)
    is_cut_off = and_(_its.state == "arriving", _its.created_us <= arriving_since_us)
    over = select(_its.id).where(or_(is_over, is_cut_off)).limit(most)
    return connection.execute(update(files).where(_its.id.in_(over)).values(state="gone")).rowcount


def forget_gone(connection: Connection, most: int) -> bool:
    """Delete up to `most` pieces of a file that is gone, at last the file; whether there was one."""
    id = connection.execute(select(_its.id).where(_its.state == "gone").limit(1)).scalar()
    if id is None:
        return False
    its = file_pieces.c
    some = select(its.starts).where(its.file == id).limit(most)
    if connection.execute(delete(file_pieces).where(its.file == id, its.starts.in_(some))).rowcount < most:
        connection.execute(delete(files).where(_its.id == id))
    return True


def _seen(customer: CustomerId, now_us: int) -> ColumnElement[bool]:
    return and_(
        _its.customer == customer, _its.state == "kept", or_(_its.expires_us > now_us, _its.uses > 0)
    )  # fmt: skip
