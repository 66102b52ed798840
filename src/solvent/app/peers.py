"""The other workers of one service on one machine: each tells what it counted to whichever of them is asked.

They meet at sockets in a folder that only their user may enter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from solvent.values.limits import PEER_BYTES_MAX, PEER_S_MAX


@dataclass(frozen=True)
class Peers:
    """folder: where the workers meet; None for a process that is alone. number: this one, of `count`, from 0 on."""

    folder: Path | None = None
    number: int = 0
    count: int = 1

    async def answer_them(self, tell: Callable[[], bytes]) -> None:
        """Tell whoever of the others asks, until cancelled."""
        if self.folder is None:
            return

        async def told(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError):  # whoever asked has gone
                writer.write(tell())
                await writer.drain()
                writer.close()
                await writer.wait_closed()

        here = self._place(self.folder, self.number)
        here.unlink(missing_ok=True)  # of the one before, who crashed
        async with await asyncio.start_unix_server(told, here) as server:
            await server.serve_forever()

    async def ask_them(self) -> dict[int, bytes]:
        """What each of the others tells, by its number; who does not answer in time is left out."""
        if self.folder is None:
            return {}
        others = [number for number in range(self.count) if number != self.number]
        told = await asyncio.gather(*(self._ask(self._place(self.folder, number)) for number in others))
        return {number: one for number, one in zip(others, told, strict=True) if one}

    async def _ask(self, place: Path) -> bytes:
        try:
            async with asyncio.timeout(PEER_S_MAX):
                reader, writer = await asyncio.open_unix_connection(place, limit=PEER_BYTES_MAX)
                try:
                    return await reader.read(-1)
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return b""

    @staticmethod
    def _place(folder: Path, number: int) -> Path:
        return folder / str(number)


ALONE: Final = Peers()
