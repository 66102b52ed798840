"""Documents and their numbers, whom they are made out to, deferred revenue, statements and closed months."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_WHOLE = sa.BigInteger
_STATEMENT = (
    "opening", "paid_in", "gifts", "used", "paid_out", "expired", "gifts_used", "gifts_left",
    "on_account", "vat", "vat_carried",
)  # fmt: skip


def upgrade() -> None:
    """Add the new tables and columns."""
    op.create_table(
        "profiles",
        *_keys("customer"),
        sa.Column("since_us", _WHOLE, primary_key=True),
        *_texts("legal_name", "registration_number", "address", "country", "language", "email", "treatment"),
        *_wholes("rate_permille"),
        *_texts("rounding", "vat_currency"),
    )
    op.create_table("numbers", *_keys("series"), sa.Column("year", _WHOLE, primary_key=True), *_wholes("last"))
    op.create_table(
        "invoices",
        *_keys("id"),
        *_texts("kind", "number", "customer", "currency"),
        *_wholes("issued_us", "due_us"),
        *_texts("reference", "corrects"),
        *_wholes("supply_grains", "vat_grains"),
        *_texts("state"),
        *_wholes("paid_grains", "returned_grains", "credited_grains"),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("uq_invoices_number", "invoices", ["number"], unique=True)
    op.create_index("uq_invoices_reference", "invoices", ["reference"], unique=True)
    op.create_index("ix_invoices_customer_issued_us", "invoices", ["customer", "issued_us"])
    op.create_index("ix_invoices_issued_us", "invoices", ["issued_us"])
    op.create_index("ix_invoices_state_due_us", "invoices", ["state", "due_us"])
    op.create_index("ix_invoices_corrects", "invoices", ["corrects"])
    op.create_table(
        "schedules",
        *_keys("id"),
        *_texts("customer", "plan", "account", "revenue_account", "currency"),
        *_wholes("grains", "from_us", "until_us"),
        *_texts("pot"),
        *_wholes("pieces", "recognised_grains", "attention_us", "accrued_grains", "accrue_us", "pot_debits"),
    )
    for name in ("attention_us", "account", "until_us"):
        op.create_index(f"ix_schedules_{name}", "schedules", [name])
    is_open, is_open_pot = sa.text(f"accrue_us < {2**62}"), sa.text(f"pot <> '' AND accrue_us <> {2**62}")
    for name, column, where in (("accrue_us", "accrue_us", is_open), ("open_pots", "id", is_open_pot)):
        op.create_index(f"ix_schedules_{name}", "schedules", [column], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "statements",
        *_keys("customer", "currency"),
        sa.Column("month", _WHOLE, primary_key=True),
        *_wholes(*(f"{name}_grains" for name in _STATEMENT)),
        sa.Column("use", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_statements_month", "statements", ["month"])
    op.create_table(
        "months",
        sa.Column("month", _WHOLE, primary_key=True),
        *_texts("state"),
        *_wholes("began_us", "closed_us"),
        *_texts("hash", "chain"),
        sa.Column("totals", sa.LargeBinary, nullable=False),
    )
    _index_moves_beside_answers()


def _index_moves_beside_answers() -> None:
    """Top-ups, gifts, refunds and expiry: few rows among all that answers book."""
    pots = " OR ".join(f"debit LIKE '{kind}:%'" for kind in ("wallet", "grant", "allowance"))
    out = sa.text(f"state = 'posted' AND credit NOT IN ('revenue:answers', 'memo:used') AND ({pots})")
    into = sa.text("state = 'posted' AND credit LIKE 'wallet:%'")
    for side, name, where in (("debit", "out", out), ("credit", "in", into)):
        op.create_index(
            f"ix_transfers_{name}_beside", "transfers", [side, "at_us"], sqlite_where=where, postgresql_where=where
        )


def _keys(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, primary_key=True) for name in names]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _wholes(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, _WHOLE, nullable=False) for name in names]
