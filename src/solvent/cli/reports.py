"""What every report as one HTML file has: where it is from, and that nothing in it is fetched or runs."""

from __future__ import annotations

import platform
import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import msgspec
from markupsafe import Markup

from solvent import __version__
from solvent.app.build import now_us
from solvent.cli.asked import asked_for
from solvent.identity.person import Language
from solvent.pages.drawing import WEB
from solvent.values.instant import utc

_VERSIONS_OF: Final = ("numpy", "duckdb")  # which come with an extra


class About(msgspec.Struct, frozen=True):
    """Of a report. words: of the command, as they were typed."""

    made_us: int
    words: list[str]
    language: Language

    @property
    def command(self) -> str:
        """As one line for a shell; names that are no text are told as far as they are."""
        return shlex.join(["solvent", *self.words]).encode("utf-8", "replace").decode()

    @property
    def said(self) -> dict[str, Any]:
        """Where it is from, for the JSON."""
        return {"command": self.command, "made_at": utc(self.made_us).isoformat(), "versions": versions_now()}


def about_now(language: str) -> About:
    """Of the command that runs now, as a person would type it."""
    asked = asked_for()
    words = sys.argv[1:] if asked is None else list(asked.words)
    return About(now_us(), words, "ko" if language == "ko" else "en")


def versions_now() -> dict[str, str]:
    """What made it."""
    versions = {"solvent": __version__, "python": platform.python_version()}
    for name in _VERSIONS_OF:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def report_style() -> Markup:
    """Of every report: the tokens of our pages, without the pictures in them, and what this page adds."""
    sheets = [(WEB / "css" / name).read_text(encoding="utf-8") for name in ("tokens.css", "report.css")]
    lines = [line for sheet in sheets for line in sheet.splitlines() if "url(" not in line]
    return Markup("\n".join(lines))  # noqa: S704 - our own files


def harmless(json: bytes) -> Markup:
    """JSON that ends no element, whatever somebody is called."""
    text = json.decode()
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 - nothing is left in it that is markup
