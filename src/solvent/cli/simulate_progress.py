"""How far a long simulation is, said on the terminal."""

from __future__ import annotations

import click


class Progress:
    """Hears how much more is done, and says it where it is shown."""

    def __init__(self, whole: int, *, is_shown: bool) -> None:
        self._whole, self._done, self._is_shown = whole, 0, is_shown

    def __call__(self, more: int) -> None:
        self._done += more
        if self._is_shown:
            click.echo(f"\r{self._done:,} / {self._whole:,}", err=True, nl=self._done % self._whole == 0)
