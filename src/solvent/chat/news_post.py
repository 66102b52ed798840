"""Posts news: letters to people who did not ask, such as that their password was changed, or their limit is near.

The books have each until the mail server took it. A process that ends in between has it sent again, under the same id.
"""

from __future__ import annotations

from typing import Final, get_args

import msgspec

from solvent.app.build import App
from solvent.app.mail import Letter
from solvent.identity.claim_news import claim_news
from solvent.identity.end_news import end_news
from solvent.identity.news import AboutSpending, News
from solvent.identity.person import Language, Person
from solvent.pages import formats
from solvent.pages.drawing import Drawing
from solvent.pages.site import SECURITY
from solvent.values.limits import NEWS_AT_ONCE
from solvent.values.money import Money
from solvent.values.period import zone

_SPENDING: Final = get_args(AboutSpending)


class NewsPost:
    """One process's post. drawing: of the letters."""

    def __init__(self, app: App, drawing: Drawing) -> None:
        self._app = app
        self._drawing = drawing
        self._under_way = 0

    async def post(self) -> None:
        """Hand over what is due, and go on meanwhile: whoever stops the process waits for what is on its way."""
        app, room = self._app, NEWS_AT_ONCE - self._under_way
        if not app.mail.is_on or room <= 0 or app.stopping:
            return
        for one, person in await claim_news(app.database, app.desk.now_us(), zone(app.config.time_zone), room):
            self._under_way += 1
            app.background.start(self._send(one, person))

    async def _send(self, one: News, person: Person) -> None:
        try:
            if await self._app.mail.deliver(self._letter(one, person), one.id):
                await end_news(one, self._app.database)
        finally:
            self._under_way -= 1

    def _letter(self, one: News, person: Person) -> Letter:
        config, key = self._app.config, f"news.{one.kind}"
        language: Language = "en" if (person.language or config.invoice.language) == "en" else "ko"
        words = self._drawing.words(language)
        is_spending = one.kind in _SPENDING
        about = {
            "key": key, "house": self._drawing.house, "members": self._members(one, language),
            "link": config.public_url.rstrip("/") + ("/plan" if is_spending else SECURITY),
            "is_spending": is_spending,
            "when": formats.moment(one.at_us, zone(config.time_zone), language),
        }  # fmt: skip
        return Letter(
            to=person.email,
            subject=words(f"{key}.subject", house=self._drawing.house),
            text=self._drawing.draw_in("letters/news.txt", language, **about),
            html=self._drawing.draw_in("letters/news.html", language, **about),
        )

    def _members(self, one: News, language: Language) -> dict[str, str]:
        """What the words of a letter name, as its reader writes it."""
        about: dict[str, str | int] = msgspec.json.decode(one.about, type=dict[str, str | int])
        members = {"house": self._drawing.house}
        if one.kind in _SPENDING:
            currency = self._app.desk.currency
            members |= {name: formats.money(Money(int(about[name]), currency), language) for name in ("used", "limit")}
        if "provider" in about:
            name = str(about["provider"])
            known = self._app.identity_providers.get(name)
            members["title"] = known.title if known is not None else name
        if "by" in about:
            members["way"] = self._drawing.words(language)(f"news.way.{about['by']}")
        return members
