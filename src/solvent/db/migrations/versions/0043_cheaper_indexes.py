"""On SQLite the indexes of what moved beside answers say so by ranges: a function or LIKE was called for each row.

A version before still finds these rows, by reading more of them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"

_BESIDE = "NOT (reference >= 'ans_' AND reference < 'ans`')"
_POTS = " OR ".join(f"(debit >= '{kind}:' AND debit < '{kind};')" for kind in ("wallet", "grant", "allowance"))


def upgrade() -> None:
    """Make the six indexes anew, under their names; Postgres keeps its own."""
    if op.get_bind().dialect.name != "sqlite":
        return
    out = f"state = 'posted' AND credit NOT IN ('revenue:answers', 'memo:used') AND ({_POTS})"
    _renew("out_beside", out, "debit", "at_us")
    _renew("in_beside", "state = 'posted' AND (credit >= 'wallet:' AND credit < 'wallet;')", "credit", "at_us")
    for side in ("debit", "credit"):
        kinds = " OR ".join(f"substr({side}, 1, {len(one)}) = '{one}'" for one in ("cost:", "expense:", "vat:"))
        _renew(side, _BESIDE, side, "seq")
        _renew(f"spent_{side}", f"{_BESIDE} AND ({kinds})", "at_us")


def _renew(name: str, where: str, *columns: str) -> None:
    op.drop_index(f"ix_transfers_{name}", "transfers")
    op.create_index(f"ix_transfers_{name}", "transfers", list(columns), sqlite_where=sa.text(where))
