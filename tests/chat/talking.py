"""A server whose models answer quickly, carefully or expertly, and a person who asks them without a screen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
from tests.browsing import CARDS, CONFIG
from tests.chat.visits import Browser
from tests.doors.server import Solvent

MODEL = """\
[[models]]
name = "{name}"
provider = "openai_compatible"
vendor = "mock"
base_url = "{url}"
model_class = "{kind}"
cost_card = "page-cost"
price_card = "{price}"
{more}
"""
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5"
    "ErkJggg=="
)
Event = tuple[str, Any]


def settings(url: str) -> str:
    """What a server with three ways to answer is set up with."""
    quick = MODEL.format(name="small", url=url, kind="quick", price="page-cheap", more="output_tokens_max = 512")
    careful = MODEL.format(name="large", url=url, kind="standard", price="page-price", more="image_tokens_max = 100")
    return CONFIG + careful + quick


def many(url: str) -> str:
    """A server with five models of one class."""
    models = [MODEL.format(name=f"m{n}", url=url, kind="standard", price="page-price", more="") for n in range(5)]
    return CONFIG + "".join(models)


def begin(server: Solvent) -> Solvent:
    """Start it with the cards of its models."""
    (server.config.parent / "rate_cards" / "page.yaml").write_text(CARDS)
    return server.start()


class Talker(Browser):
    """Somebody who is signed in and talks."""

    def __init__(self, server: Solvent, email: str, language: str = "en") -> None:
        super().__init__(server, language)
        assert self.sign_up(email).status_code == 303
        self.csrf = self.token("/")

    def post(self, path: str, body: object) -> httpx2.Response:
        """What a script of the page sends."""
        return self.http.post(path, json=body, headers={"x-csrf": self.csrf})

    def ask(self, question: str, **more: Any) -> list[Event]:
        """All that is told."""
        response = self.post("/chat/ask", {"question": question, **more})
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/event-stream")
        return list(events(response.text))

    def answered(self, question: str, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The conversation as it began, and the turn as it ended."""
        told = self.ask(question, **more)
        return told[0][1], told[-1][1]["turn"]

    def talk(self, id: str) -> dict[str, Any]:
        """A conversation as a script reads it."""
        told: dict[str, Any] = self.get(f"/chat/talks/{id}").json()
        return told


def events(text: str) -> Iterator[Event]:
    """The events of a stream."""
    for event in text.split("\n\n"):
        if event:
            name, data = event.split("\n", 1)
            yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))
