"""A server with our protocol, on a port of its own, in front of any application."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from solvent.gateway.protocol import BoundedHttp


@contextmanager
def listening(app: Any, **more: Any) -> Iterator[int]:
    """Its port. more: of uvicorn's configuration."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        config = uvicorn.Config(app, http=BoundedHttp, lifespan="off", ws="none", log_config=None, **more)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[place])))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield place.getsockname()[1]
        server.should_exit = True
        thread.join(10)
