"""Up to where in the journal no hold is open, as a place and no longer as an answer's id."""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """The place of the first transfer that the old mark had not seen; the old mark stays, for a process that still
    runs on it."""
    op.execute(
        "INSERT INTO marks (name, value) SELECT 'holds_seen_until_seq', CAST(seq - 1 AS TEXT) FROM transfers "
        "WHERE id >= (SELECT value FROM marks WHERE name = 'holds_seen_until') AND id < 'ans`' ORDER BY seq LIMIT 1"
    )
