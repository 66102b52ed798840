"""Files on their way into a question: read for their text, with about what that adds to an answer; and opened again."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from solvent.answering.route import prices_at
from solvent.app.build import App
from solvent.app.documents import Documents
from solvent.chat.modes import Modes
from solvent.pages.place import Place
from solvent.pages.visit import Visit
from solvent.pricing.rating import rate
from solvent.talking.conversation import Owner
from solvent.talking.open_document import open_document
from solvent.talking.turn import Document
from solvent.values.errors import Conflict
from solvent.values.ids import PersonId
from solvent.values.limits import DOCUMENT_BYTES_MAX
from solvent.values.money import Money, plain
from solvent.values.usage import Usage

_BYTES_A_TOKEN = 4  # of UTF-8, about: four letters of English, one and a third of Hangul


class Attaching:
    """The places of documents. modes: what is on offer, whose prices say what a text adds."""

    def __init__(self, app: App, modes: Modes) -> None:
        self._app = app
        self._modes = modes
        self._documents = Documents()
        self._readers: set[PersonId] = set()  # whose document is being read: one at a time for each

    def places(self) -> list[Place]:
        """Where files are read and opened."""
        return [
            Place("POST", "/chat/documents", "customer", self.read),  # its body is read where it has its turn
            Place("GET", "/chat/turns/{id}/documents/{number}", "customer", self.open),
        ]

    async def read(self, visit: Visit) -> Response:
        """The text of the file that is the body. Nothing of it is kept until it is asked with a question, and nothing
        is charged."""
        person = visit.person.id
        if person in self._readers:
            raise Conflict("document_under_way", "another document of yours is being read; wait until it is")
        self._readers.add(person)
        try:
            found = await self._documents.read(await visit.body(DOCUMENT_BYTES_MAX))
        finally:
            self._readers.discard(person)
        told: dict[str, Any] = {
            "text": found.text, "pages": found.pages, "pages_read": found.pages_read, "is_cut": found.is_cut,
            "adds": await self._adds(found.text),
        }  # fmt: skip
        return visit.json(told)

    async def open(self, visit: Visit) -> Response:
        """The text of a document that came with a question, to read."""
        number = visit.path["number"]
        at = int(number) if number.isascii() and number.isdecimal() and len(number) < 5 else -1
        owner = Owner(visit.customer.id, visit.person.id)
        document = await open_document(visit.path["id"], at, owner, self._app.database)
        headers = {"cache-control": "private, no-store", "content-disposition": 'inline; filename="document.txt"'}
        return Response(document.text, media_type="text/plain; charset=utf-8", headers=headers)

    async def _adds(self, text: str) -> dict[str, str]:
        """Of each way to be answered, about what it costs to have this read once."""
        desk = self._app.desk
        used = Usage(input_tokens=1 + len(text.encode()) // _BYTES_A_TOKEN)
        adds = {}
        for mode in await self._modes.on_offer():
            price = prices_at(mode.route, desk.currency, desk.exchanges, desk.now_us()).price
            more = rate(used, price).grains - rate(Usage(), price).grains  # what an answer costs anyway is no more
            adds[mode.name] = plain(Money(more, desk.currency))
        return adds


def chip(document: Document) -> dict[str, Any]:
    """What a page shows of a document."""
    return {
        "name": document.name, "size": document.size, "pages": document.pages, "pages_read": document.pages_read,
        "is_cut": document.is_cut,
    }  # fmt: skip
