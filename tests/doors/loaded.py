"""All that commands of `solvent` load, for a process to be forked from: see tests/doors/forked.py."""

from __future__ import annotations

import gc
from importlib import import_module
from importlib.metadata import entry_points

import tests.crashes.answerer
from sqlalchemy import create_engine

import solvent.db.migrate
from solvent.cli.main import solvent as commands
from solvent.pages.words import demand_both

__all__ = ["solvent", "tests"]

for name in commands.list_commands(None):  # type: ignore[arg-type]
    import_module(f"solvent.cli.{name.replace('-', '_')}")
for family in ("providers", "payments", "guards"):
    for plug in entry_points(group=f"solvent.{family}"):
        import_module(plug.module)
for dialect in ("sqlite", "postgresql+pg8000"):
    create_engine(f"{dialect}://").dispose()
demand_both()  # the words of all pages
gc.freeze()  # what is collected is written to, and then no longer shared
