"""A process that is present under a name until it is told to leave, or killed: `python -m tests.db.present ...`."""

from __future__ import annotations

import sys
from pathlib import Path

from solvent.db.engine import open_engine
from solvent.db.presence import Presence


def main(directory: str, holder: str, url: str = "") -> None:
    """Says that it is here, then waits for a line: "leave" leaves in order, "forget" ends without a word."""
    presence = Presence(open_engine(Path(directory), url), Path(directory), holder)
    print("here", flush=True)
    if sys.stdin.readline().strip() == "leave":
        presence.leave()
        print("gone", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
