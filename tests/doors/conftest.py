"""The fixtures that drive the real server."""

from tests.doors.fixtures import deaf_url, proxy, serve, solvent, upstream
from tests.doors.paid_office import fake, paid_office

__all__ = ["deaf_url", "fake", "paid_office", "proxy", "serve", "solvent", "upstream"]
