"""A command that a running service started because somebody asked for it: it stays small, and tells how far it is.

It works for the answers' leavings: at low priority, in so much memory, and never longer than its service.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from collections.abc import Callable
from functools import cache
from typing import Final

import click
import msgspec

from solvent.app.asked import FOR, MARK, AskedFor, Told
from solvent.values.errors import SolventError

_NICE: Final = 15


@cache
def asked_for() -> AskedFor | None:
    """What the service said; None for a command that somebody typed."""
    said = os.environ.get(FOR)
    return None if said is None else msgspec.json.decode(said, type=AskedFor)


def tell(told: Told) -> None:
    """Tell the service, where there is one."""
    if asked_for() is not None:
        sys.stderr.write(f"{MARK}{msgspec.json.encode(told).decode()}\n")
        sys.stderr.flush()


def run_asked(command: Callable[[], object]) -> int:
    """The exit code. What went wrong is told the service."""
    asked = asked_for()
    assert asked is not None, "a service asked"
    os.nice(_NICE)
    _hold_to(asked.bytes_max)
    threading.Thread(target=_end_with_service, daemon=True).start()
    try:
        command()
    except SolventError as wrong:
        tell(Told(code=wrong.code, fault=wrong.message))
    except click.ClickException as wrong:
        tell(Told(code="bad_request", fault=wrong.format_message()))
    except MemoryError:
        message = f"it needs more than {asked.bytes_max // 2**30} GiB of memory; ask for less traffic, or fewer draws"
        tell(Told(code="simulation_too_large", fault=message))
    else:
        return 0
    return 1


def _hold_to(bytes_max: int) -> None:
    """What it writes to of its own: where more is asked for, that is refused, and it says so."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    least = bytes_max if most == resource.RLIM_INFINITY else min(bytes_max, most)
    resource.setrlimit(resource.RLIMIT_DATA, (least, most))


def _end_with_service() -> None:
    """Standard input ends when the service does, however that ends."""
    while os.read(0, 1024):
        pass
    os._exit(1)
