"""The fixtures that drive the real server."""

from tests.doors.fixtures import serve, solvent, upstream

__all__ = ["serve", "solvent", "upstream"]
