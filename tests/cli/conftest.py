"""The fixtures that drive the real server."""

from tests.doors.fixtures import deaf_url, proxy, serve, solvent, upstream

__all__ = ["deaf_url", "proxy", "serve", "solvent", "upstream"]
