"""How far a long simulation is, said on the terminal, and to the service that a page asked for it."""

from __future__ import annotations

from time import monotonic
from typing import Final

import click

from solvent.app.asked import Told
from solvent.cli.asked import tell
from solvent.simulation.asked_run import Stage

_TOLD_S: Final = 0.5  # between two that are told


class Progress:
    """Hears how much more is done of a stage, and says it where it is shown. whole: 0 where nobody knows it."""

    def __init__(self, stage: Stage, whole: int, *, is_shown: bool) -> None:
        self._stage, self._whole, self._done, self._is_shown = stage, whole, 0, is_shown
        self._told_s = monotonic()
        tell(Told(stage=stage, whole=whole))

    def __call__(self, more: int) -> None:
        self._done += more
        if self._is_shown:
            is_end = self._done >= self._whole
            click.echo(f"\r{self._done:,} / {self._whole:,}", err=True, nl=is_end)
        if monotonic() >= self._told_s + _TOLD_S:
            self._told_s = monotonic()
            tell(Told(stage=self._stage, done=self._done, whole=self._whole))
