"""The files of pages (styles, scripts, icons, fonts): text goes out compressed, each file compressed once.

Pages themselves never are: what a visitor writes stands beside their form token there, and lengths would tell of it.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import mimetypes
import os
from pathlib import Path
from typing import Final

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

_TEXTS: Final = (".css", ".js", ".mjs", ".svg")
_LEVEL: Final = 9  # once for each file, so the smallest


class _Packed(msgspec.Struct, frozen=True):
    stamp: tuple[int, int]  # of the file: its size, and when it was written
    body: bytes
    etag: str


class Shipped:
    """One ASGI application: the files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._plain = StaticFiles(directory=folder, check_dir=False)
        self._packed: dict[str, _Packed] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = self._plain.get_path(scope)
        asked = Headers(scope=scope)
        found = None
        if scope["method"] in ("GET", "HEAD") and path.endswith(_TEXTS) and "gzip" in asked.get("accept-encoding", ""):
            found = await asyncio.to_thread(self._find, path)
        if found is None:
            await self._plain(scope, receive, send)
            return
        kind = "text/javascript" if path.endswith("js") else mimetypes.guess_type(path)[0]
        headers = {"etag": found.etag, "vary": "accept-encoding"}
        if found.etag in asked.get("if-none-match", ""):
            await Response(status_code=304, headers=headers)(scope, receive, send)
            return
        response = Response(found.body, headers=headers | {"content-encoding": "gzip"}, media_type=kind)
        await response(scope, receive, send)

    def _find(self, path: str) -> _Packed | None:
        """The compressed file; None where there is none of that name."""
        where, about = self._plain.lookup_path(path)
        if about is None or not os.path.isfile(where):
            return None
        stamp = about.st_size, about.st_mtime_ns
        found = self._packed.get(where)
        if found is None or found.stamp != stamp:
            body = gzip.compress(Path(where).read_bytes(), _LEVEL, mtime=0)
            found = self._packed[where] = _Packed(stamp, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
        return found
