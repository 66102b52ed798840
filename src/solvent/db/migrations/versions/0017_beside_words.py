"""What an answer used that is not counted in tokens: pictures, characters spoken, milliseconds heard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the columns: there was none of it so far."""
    for name in ("pictures", "characters", "audio_input_ms"):
        op.add_column("receipts", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
