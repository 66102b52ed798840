"""Where this machine has Chromium: what tests, pictures and measurements of pages are made with."""

from __future__ import annotations

import shutil

# The first has no window even inside, so a page costs a fifth of the processor time that it costs the others.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium here: apt-get install chromium-headless-shell"


def find_chromium() -> str | None:
    """The path of its program, or nothing: then say `MISSING`."""
    return next(filter(None, map(shutil.which, NAMES)), None)
