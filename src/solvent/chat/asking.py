"""Whence something is asked."""

from __future__ import annotations

from solvent.app.build import App
from solvent.app.calling import address_of
from solvent.app.config import trusted_proxies
from solvent.pages.visit import Visit


def place_of(app: App, visit: Visit) -> str:
    """The address that something is asked from."""
    return str(address_of(visit.request.scope, trusted_proxies(app.config)) or "unknown")
