"""The ledger counts anything, in a chain, by month: pots, leases, and who changed what."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_WHOLE = sa.BigInteger
_ROW = "id, at_us, state, debit, credit, grains, currency, resolves, held_grains, expires_us, reference"


def upgrade() -> None:
    """Add the new tables and columns; chain the rows that are there."""
    op.rename_table("transfers", "transfers_before")
    op.drop_index("uq_transfers_resolves", table_name="transfers_before")
    op.create_table(
        "transfers",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at_us", _WHOLE, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("state", "debit", "credit")),
        sa.Column("grains", _WHOLE, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("resolves", sa.Text, sa.ForeignKey("transfers.id")),
        sa.Column("held_grains", _WHOLE, nullable=False),
        sa.Column("expires_us", _WHOLE),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("seq", _WHOLE().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("id", name="uq_transfers_id"),
    )
    resolves = sa.text("resolves IS NOT NULL")
    op.create_index(
        "uq_transfers_resolves",
        "transfers",
        ["resolves"],
        unique=True,
        sqlite_where=resolves,
        postgresql_where=resolves,
    )
    _chain(op.get_bind())
    op.drop_table("transfers_before")
    _create_pots(op.get_bind())
    # Kept by month from now on: summed again from the journal at the next start, which knows the time zone.
    op.drop_table("balances")
    op.create_table(
        "balances",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("account", "currency")),
        sa.Column("month", _WHOLE, primary_key=True),
        *(sa.Column(name, _WHOLE, nullable=False) for name in ("debits", "credits", "held_debits", "held_credits")),
    )
    op.create_index("ix_balances_month_account", "balances", ["month", "account"])
    op.create_table(
        "leases",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("account", "unit", "holder")),
        sa.Column("grains", _WHOLE, nullable=False),
        sa.Column("wanted", _WHOLE, nullable=False),
        sa.CheckConstraint("grains >= 0", name="ck_leases_grains"),
    )
    op.create_index("ix_leases_holder", "leases", ["holder"])
    op.create_table(
        "changes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at_us", _WHOLE, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("actor", "key", "action", "subject", "fingerprint")),
        sa.Column("result", sa.LargeBinary, nullable=False),
    )
    op.create_index("uq_changes_actor_key", "changes", ["actor", "key"], unique=True)
    op.create_index("ix_changes_at_us", "changes", ["at_us"])
    op.create_index("ix_changes_subject_at_us", "changes", ["subject", "at_us"])


def _chain(connection: sa.Connection) -> None:
    seq, head = 0, bytes(32)
    known = sa.text(f"SELECT {_ROW} FROM transfers_before ORDER BY id")  # noqa: S608  # a resolution after its hold
    names = _ROW.split(", ")
    added = sa.text(
        f"INSERT INTO transfers ({_ROW}, holder, seq, hash) "  # noqa: S608
        f"VALUES ({', '.join(f':{name}' for name in names)}, '', :seq, :hash)"
    )
    for row in connection.execute(known).all():
        seq += 1
        head = sha256(head + msgspec.msgpack.encode((seq, *row, ""))).digest()
        connection.execute(added, dict(zip(names, row, strict=True)) | {"seq": seq, "hash": head})
    if seq:
        mark = {"name": "chain", "value": f"{seq}:{head.hex()}"}
        connection.execute(sa.text("INSERT INTO marks (name, value) VALUES (:name, :value)"), mark)


def _create_pots(connection: sa.Connection) -> None:
    op.create_table(
        "pots",
        sa.Column("account", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("unit", "customer", "kind", "classes")),
        *(sa.Column(name, _WHOLE, nullable=False) for name in ("opens_us", "expires_us", "alert_grains", "version")),
    )
    op.create_index("ix_pots_customer", "pots", ["customer"])
    op.create_index("ix_pots_version", "pots", ["version"])
    connection.execute(
        sa.text(
            "INSERT INTO pots (account, unit, customer, kind, classes, opens_us, expires_us, alert_grains, version)"
            " SELECT account, currency, substr(account, 8), 'wallet', '', 0, 4611686018427387904, 0, 0"
            " FROM balances WHERE account LIKE 'wallet:%'"
        )
    )
