"""A file that a command writes is there whole or not at all: it is written beside its place, then put there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from solvent.values.errors import Invalid


@contextmanager
def whole_file(file: Path, param: str) -> Iterator[BinaryIO]:
    """What is written until the end of the block. param: the option that named it. Raises Invalid."""
    part = file.with_name(file.name + ".part")
    try:
        with part.open("wb") as out:
            yield out
        part.replace(file)
    except OSError as wrong:
        raise Invalid("cannot_write_file", f"{file} cannot be written: {wrong.strerror}", param=param) from None
    finally:
        part.unlink(missing_ok=True)


def write_whole(file: Path, text: str, param: str) -> None:
    """A text, at once. See `whole_file`."""
    with whole_file(file, param) as out:
        out.write(text.encode())
