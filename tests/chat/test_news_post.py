"""News as letters: every kind in both languages, handed to a mail server once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

import pytest
from tests import mail_server
from tests.db.opened import opened
from tests.mail_server import Mailbox, words
from tests.office.acts import NOW_US

from solvent.app import mail as sending
from solvent.app.background import Background
from solvent.app.config import Config, MailSettings
from solvent.app.mail import open_mail
from solvent.chat.news_post import NewsPost
from solvent.db.group_commit import GroupCommit
from solvent.identity import news_store, person_store
from solvent.identity.news import AboutAccess, AboutSpending, Kind, news
from solvent.identity.person import Person
from solvent.pages.drawing import Drawing
from solvent.values.ids import PersonId
from solvent.values.instant import US_PER_S
from solvent.values.limits import NEWS_AT_ONCE, NEWS_TRY_S

KINDS: tuple[Kind, ...] = (*get_args(AboutAccess), *get_args(AboutSpending))
ABOUT: dict[str, dict[str, Any]] = {
    "linked": {"provider": "google"}, "unlinked": {"provider": "gone"}, "new_browser": {"by": "passkey"},
    "spending_near": {"used": 8_123 * 10**7, "limit": 10_000 * 10**7},
    "spending_reached": {"used": 10_000 * 10**7, "limit": 10_000 * 10**7},
}  # fmt: skip


def people(database: GroupCommit) -> dict[str, Person]:
    return {
        language: Person(
            PersonId(f"psn_{language}"), f"{language}@example.com", "X", "owner", None, language, NOW_US, 0, NOW_US
        )
        for language in ("ko", "en")
    }


async def posted(database: GroupCommit, box: Mailbox, at_us: int) -> None:
    """Post what is due, as a running service does."""
    background = Background()
    settings = MailSettings(host="127.0.0.1", port=box.port, tls="none", sender="ai@gaon.example")
    config = Config(public_url="https://ai.example/", mail=settings)
    app = SimpleNamespace(
        config=config, database=database, background=background, stopping=False,
        mail=open_mail(settings, "가온 AI", background, Path()),
        desk=SimpleNamespace(now_us=lambda: at_us, currency="KRW"),
        identity_providers={"google": SimpleNamespace(title="Google")},
    )  # fmt: skip
    post = NewsPost(cast("Any", app), Drawing("가온 AI", ZoneInfo("Asia/Seoul")))
    for _ in range(2 * -(-2 * len(KINDS) // NEWS_AT_ONCE)):
        await post.post()
        assert await background.all_done(20)


def test_every_kind_is_written_in_its_readers_language_and_sent_once(tmp_path: Path) -> None:
    async def story() -> None:
        with mail_server.running() as box:
            async with opened(tmp_path) as database:
                for person in people(database).values():
                    await database.write(lambda c, person=person: person_store.add(c, person, ""))  # type: ignore[misc]
                    for n, kind in enumerate(KINDS):
                        told = news(person.id, kind, NOW_US + n, **ABOUT.get(kind, {}))
                        await database.write(lambda c, told=told: news_store.tell(c, told))  # type: ignore[misc]
                await posted(database, box, NOW_US + 60 * US_PER_S)
                await posted(database, box, NOW_US + 9 * NEWS_TRY_S * US_PER_S)
            said = {
                language: [words(box.letter(f"{language}@example.com", n + 1)) for n in range(len(KINDS))]
                for language in ("ko", "en")
            }
            assert box.count("ko@example.com") == box.count("en@example.com") == len(KINDS)
            assert len({letter["message-id"] for letter in box.letters}) == 2 * len(KINDS)
            texts = {language: "\n".join(all_of_them) for language, all_of_them in said.items()}
            for one in (
                "10,000원 가운데 8,123원을",
                "Google 계정",
                "gone 계정",
                "패스키.",
                "https://ai.example/account/security",
            ):
                assert one in texts["ko"], one
            for one in (
                "Of your limit of ₩10,000 a month, ₩8,123",
                "at Google",
                "by a passkey",
                "https://ai.example/plan",
            ):
                assert one in texts["en"], one
            assert "{" not in texts["ko"] + texts["en"]
            html = words(box.letter("en@example.com"), "html")
            assert 'href="https://ai.example/account/security"' in html

    asyncio.run(story())


def test_what_the_mail_server_did_not_take_is_sent_later_under_the_same_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        with mail_server.running() as box:
            async with opened(tmp_path) as database:
                person = people(database)["en"]
                await database.write(lambda c: person_store.add(c, person, ""))
                told = news(person.id, "password_changed", NOW_US)
                await database.write(lambda c: news_store.tell(c, told))
                box.refuse = 99
                await posted(database, box, NOW_US)
                assert box.count(person.email) == 0
                box.refuse = 0
                await posted(database, box, NOW_US + NEWS_TRY_S * US_PER_S)
                await posted(database, box, NOW_US + 99 * NEWS_TRY_S * US_PER_S)
            assert box.count(person.email) == 1
            assert box.letter(person.email)["message-id"] == f"<{told.id}@gaon.example>"

    monkeypatch.setattr(sending, "_PAUSES_S", (0.01,))
    asyncio.run(story())
