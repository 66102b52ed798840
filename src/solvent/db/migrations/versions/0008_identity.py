"""Customers have a state; keys a name, an expiry, a revocation, a role; accounts' rows are found at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the new columns; every key that ran the service so far is an owner's."""
    op.add_column("customers", sa.Column("state", sa.Text, nullable=False, server_default="active"))
    op.create_index("ix_customers_plan", "customers", ["plan"])
    op.add_column("keys", sa.Column("name", sa.Text, nullable=False, server_default=""))
    op.add_column("keys", sa.Column("expires_us", sa.BigInteger, nullable=False, server_default=str(2**62)))
    op.add_column("keys", sa.Column("revoked_us", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("ix_keys_customer", "keys", ["customer"])
    few = sa.text("substr(reference, 1, 4) <> 'ans_'")
    for side in ("debit", "credit"):
        op.create_index(f"ix_transfers_{side}", "transfers", [side, "seq"], sqlite_where=few, postgresql_where=few)
    op.execute("UPDATE keys SET role = 'owner' WHERE role = 'operator'")
