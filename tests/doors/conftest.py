"""The fixtures that drive the real server."""

from tests.doors.fixtures import serve, solvent, upstream
from tests.doors.paid_office import fake, paid_office

__all__ = ["fake", "paid_office", "serve", "solvent", "upstream"]
