"""When a processor forgot what a customer removed, and when to ask it to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Add the columns: so far nothing could be removed."""
    for name in ("forgotten_us", "look_us", "looks"):
        op.add_column("payment_methods", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("ix_payment_methods_look_us", "payment_methods", ["look_us"])
