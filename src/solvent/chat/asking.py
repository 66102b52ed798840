"""Whence something is asked."""

from __future__ import annotations

from solvent.app import calling
from solvent.app.build import App
from solvent.pages.visit import Visit


def place_of(app: App, visit: Visit) -> str:
    """The address that something is asked from."""
    return calling.place_of(visit.request.scope, app.config)
