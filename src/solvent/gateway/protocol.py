"""uvicorn's HTTP protocol with two limits of our own: how long and how large a request's head may be."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from solvent.values.limits import REQUEST_HEAD_S_MAX, REQUEST_HEADER_BYTES_MAX


class BoundedHttp(HttpToolsProtocol):
    """A connection that has sent no whole head in time is closed, so slow senders hold a socket and no more."""

    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._head_timer is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_timer is not None and self._head_bytes > REQUEST_HEADER_BYTES_MAX:
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins: its head has a time and a size."""
        if self._head_timer is None:
            self._watch_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole; the body has limits of its own (gateway/http.py)."""
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_headers_complete()

    def _watch_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(REQUEST_HEAD_S_MAX, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        if self._head_timer is not None:
            self._head_timer.cancel()
        super().connection_lost(exc)

    def _too_slow(self) -> None:
        self.transport.close()
