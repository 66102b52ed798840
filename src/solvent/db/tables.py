"""The metadata that every room's tables hang on; the tables themselves are in their rooms' store.py."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def partial_index(name: str, *columns: Any, where: str | dict[str, str], unique: bool = False) -> Index:
    """An index of some rows alone; where: by the dialect's name, when it is said differently to each. Migrations make
    it; an option of a database's own would load that database's dialect here, and Postgres's takes a tenth of the time
    in which a command starts."""
    return Index(name, *columns, unique=unique, info={"where": where})
