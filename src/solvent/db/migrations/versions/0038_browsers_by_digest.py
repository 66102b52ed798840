"""Whether anybody signed in with a browser is looked up by the browser alone."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_known_browsers_digest", "known_browsers", ["digest"])
