"""The command that gives a key a new secret, the same for customers' keys and operators'."""

from __future__ import annotations

from typing import Any

import click

from solvent.cli.here import Here, changes
from solvent.cli.key_words import rotated_key
from solvent.console.keys import RotatedKey
from solvent.console.operation import Operation
from solvent.values.limits import OVERLAP_HOURS


def rotate_key_command(operation: Operation[Any, Any, RotatedKey]) -> click.Command:
    """`rotate-key`, for one kind of keys."""

    @click.command("rotate-key")
    @click.argument("key")
    @click.option("--overlap-hours", type=int, default=OVERLAP_HOURS, show_default=True,
                  help="How long the secret before stays good; 0 for no longer.")  # fmt: skip
    @changes
    def rotate_key(here: Here, key: str, overlap_hours: int) -> None:
        """Give a key a new secret, which is shown this once; budgets, limits and receipts go on under the same id."""
        made = here.ask(operation, {"key": key}, body={"overlap_hours": overlap_hours})
        here.show(made, lambda screen: rotated_key(made, screen))

    return rotate_key
