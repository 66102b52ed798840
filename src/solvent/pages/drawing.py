"""Draws pages from templates: everything in them is escaped, and the words are the visitor's."""

from __future__ import annotations

import secrets
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from solvent.identity.permission import may
from solvent.identity.person import LANGUAGES, Language
from solvent.pages import formats
from solvent.pages.modules import module
from solvent.pages.notes import note_said
from solvent.pages.visitor import Visitor
from solvent.pages.words import Words, demand_both, words_of

WEB: Final = Path(str(files("solvent"))) / "web"


class Drawing:
    """house: what the service is called. zone: whose clock pages show."""

    def __init__(self, house: str, zone: ZoneInfo) -> None:
        demand_both()
        self.house = house
        self._zone = zone
        self._words = {language: words_of(language) for language in LANGUAGES}
        self._templates = Environment(
            loader=FileSystemLoader(WEB / "templates"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self._templates.globals.update(
            house=house,
            count=formats.count,
            percent=formats.percent,
            may=may,
            mark=lambda: secrets.token_hex(16),
            module=module,
        )

    def words(self, language: Language) -> Words:
        """The words of one language."""
        return self._words[language]

    def draw(self, template: str, visitor: Visitor, *, path: str, **about: Any) -> str:
        """One page as HTML."""
        return self.draw_in(template, visitor.language, visitor=visitor, path=path, **about)

    def draw_in(self, template: str, language: Language, **about: Any) -> str:
        """What is sent to somebody who does not visit."""
        return self._templates.get_template(template).render(
            language=language, w=self._words[language],
            money=partial(formats.money, language=language),
            day=partial(formats.day, zone=self._zone, language=language),
            moment=partial(formats.moment, zone=self._zone, language=language),
            seconds=partial(formats.seconds, language=language),
            note_said=partial(note_said, words=self._words[language]), **about,
        )  # fmt: skip
