"""Roll-ups by service, by key, and of costs by what they were for; on receipts what all three come from; and an index
of what VAT, fees and expenses move beside answers.

They count from here on: older receipts know neither their service nor the parts of their cost.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

_SUMS = (
    "answers", "failed", "charge_grains", "granted_grains", "included_grains", "earned_grains", "cost_grains",
    "estimated_answers", "input_tokens", "output_tokens", "energy_uj", "pictures", "characters", "audio_input_ms",
    "video_seconds",
)  # fmt: skip
_KEYS = {"service_margins": ("day", "service"), "key_margins": ("customer", "day", "key")}


def upgrade() -> None:
    """Add the columns and the tables."""
    for name in ("service", "cost_parts"):
        op.add_column("receipts", sa.Column(name, sa.Text, nullable=False, server_default=""))
    for table, keys in _KEYS.items():
        op.create_table(
            table,
            *(_key(name) for name in keys),
            *(sa.Column(name, sa.BigInteger, nullable=False) for name in _SUMS),
            sqlite_with_rowid=False,
        )
    op.create_table(
        "cost_parts",
        *(_key(name) for name in ("day", "plan", "part")),
        sa.Column("grains", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    for side in ("debit", "credit"):
        kinds = " OR ".join(f"substr({side}, 1, {len(one)}) = '{one}'" for one in ("cost:", "expense:", "vat:"))
        few = sa.text(f"substr(reference, 1, 4) <> 'ans_' AND ({kinds})")
        op.create_index(f"ix_transfers_spent_{side}", "transfers", ["at_us"], sqlite_where=few, postgresql_where=few)


def _key(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger if name == "day" else sa.Text, primary_key=True, autoincrement=False)
