"""Every place of both doors, out of their own tables: a place that is added is tested by that alone."""

from __future__ import annotations

import re
from typing import Any, cast

from solvent.app.build import App
from solvent.chat import door as chat_door
from solvent.console import door as console_door
from solvent.pages.place import Place


class _Nothing:
    """Stands where a running service would: only tables are read off it, nothing is served."""

    def __getattr__(self, _name: str) -> Any:
        return self


NOTHING = cast("App", _Nothing())
CHAT = tuple(chat_door.places(NOTHING, cast("Any", None)))
CONSOLE = tuple(console_door.places(NOTHING))
EVERY = (*CHAT, *CONSOLE)


def is_events(place: Place) -> bool:
    """Whether it never ends."""
    return place.path.endswith("live-events")


def somewhere(place: Place) -> str:
    """Its path with names that nothing has."""
    return re.sub(r"\{(\w+)\}", r"none_\1", place.path)
