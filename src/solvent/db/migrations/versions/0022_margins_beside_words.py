"""Pictures, characters and milliseconds heard in the roll-ups of the profit and loss.

They count from here on: no roll-up is made again of older receipts, which have them since 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add the columns."""
    for table in ("margins", "house_margins", "customer_margins"):
        for name in ("pictures", "characters", "audio_input_ms"):
            op.add_column(table, sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
