"""Talking with models: the page, its conversations as data, asking, and reading what somebody shares."""

from __future__ import annotations

import binascii
import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec
from starlette.responses import Response

from solvent.answering import store as answering_store
from solvent.answering.receipt import Receipt
from solvent.app.build import App
from solvent.app.problems import asks_for_money
from solvent.billing.standing_store import terms_of
from solvent.chat.amounts import title_of
from solvent.chat.attaching import chip
from solvent.chat.holdings import holdings_of
from solvent.chat.modes import KNOWN, Mode, Modes
from solvent.chat.slip import Shown, dots, remains, slip
from solvent.chat.telling import Surface, Telling
from solvent.db.port import Connection
from solvent.invoicing.store import profile_at
from solvent.invoicing.tax import Tax
from solvent.ledger import pot_store
from solvent.ledger.store import balances_at
from solvent.metering.picture import picture_of
from solvent.pages.visit import Visit
from solvent.talking import store as talking_store
from solvent.talking.begin_turn import begin_turn
from solvent.talking.change_conversation import change_conversation
from solvent.talking.conversation import Change, Conversation, Owner
from solvent.talking.list_conversations import list_conversations
from solvent.talking.open_picture import open_picture
from solvent.talking.open_shared_picture import open_shared_picture
from solvent.talking.read_conversation import read_conversation
from solvent.talking.read_shared import read_shared
from solvent.talking.read_turn import read_turn
from solvent.talking.turn import Asking, Document, Picture, Turn, beside, path_to
from solvent.talking.written import as_json, as_markdown
from solvent.values.errors import Invalid, Unavailable
from solvent.values.ids import AnswerId, ConversationId, TurnId, new_id
from solvent.values.limits import CONVERSATIONS_LISTED, PICTURE_SIDE_PIXELS_MAX

_LINK_BYTES: Final = 18  # nobody guesses 144 random bits


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A question as a page sends it; see `Asking`. pictures: as data URLs."""

    question: str = ""
    mode: str = ""
    conversation: str = ""
    after: str = ""
    instead_of: str = ""
    pictures: list[str] = []
    documents: list[Document] = []


class Changed(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be different of a conversation; see `Change`."""

    title: str | None = None
    shown: str | None = None
    is_shared: bool | None = None
    is_deleted: bool | None = None


class Talks:
    """The places where customers talk. surface: of the gateway, which answers."""

    def __init__(self, app: App, surface: Surface, modes: Modes) -> None:
        self._app = app
        self._surface = surface
        self._modes = modes

    async def page(self, visit: Visit) -> Response:
        """An empty conversation, or the one that is named in the path."""
        talk = await self._talk(visit, visit.path["id"]) if "id" in visit.path else None
        data = {
            "talk": talk,
            "list": await self._list(visit, "", 0),
            "remains": await self._remains(visit, ""),
        }
        plan = self._app.plans.get(visit.customer.plan)
        title = getattr(plan.title, visit.visitor.language) if plan is not None else ""
        text = msgspec.json.encode(data).decode()
        heading = talk["title"] if talk is not None else ""
        modes = [_mode_body(visit, mode) for mode in await self._modes.on_offer()]
        plan_title = title or visit.customer.plan
        return visit.page("chat/talk.html", data=text, heading=heading, plan=plan_title, modes=modes)

    async def listed(self, visit: Visit) -> Response:
        """Conversations: the next ones before ?before=, and only those that have the words of ?sought=."""
        before = visit.query.get("before", "0")
        if not before.isdecimal() or len(before) > 18:
            raise Invalid("bad_request", "before: it is the used_us of a conversation", param="before")
        return visit.json(await self._list(visit, visit.query.get("sought", ""), int(before)))

    async def talk(self, visit: Visit) -> Response:
        """One conversation as it is shown."""
        return visit.json(await self._talk(visit, visit.path["id"]))

    async def turn(self, visit: Visit) -> Response:
        """What has come of one question by now."""
        turn = await read_turn(visit.path["id"], _owner(visit), self._app.database, self._app.desk.now_us())
        return visit.json(await self._turn(visit, turn) | {"left": await self._remains(visit, "")})

    async def picture(self, visit: Visit) -> Response:
        """A picture that came with a question."""
        number = _whole(visit.path["number"])
        picture = await open_picture(visit.path["id"], number, _owner(visit), self._app.database)
        headers = {"cache-control": "private, max-age=86400"}
        return Response(picture.data, media_type=picture.media_type, headers=headers)

    async def shared_picture(self, visit: Visit) -> Response:
        """A picture of what somebody shares. It is kept nowhere, so that it ends with the link."""
        place, number = _whole(visit.path["place"]), _whole(visit.path["number"])
        picture = await open_shared_picture(visit.path["link"], place, number, self._app.database)
        headers = {"cache-control": "no-store", "x-robots-tag": "noindex"}
        return Response(picture.data, media_type=picture.media_type, headers=headers)

    async def change(self, visit: Visit) -> Response:
        """Rename, show another branch, share or share no more, delete or bring back."""
        asked = await visit.read_json(Changed)
        link = None
        if asked.is_shared is not None:
            link = secrets.token_urlsafe(_LINK_BYTES) if asked.is_shared else ""
        shown = TurnId(asked.shown) if asked.shown is not None else None
        wanted = Change(title=asked.title, leaf=shown, link=link, is_deleted=asked.is_deleted)
        id, owner = visit.path["id"], _owner(visit)
        changed = await change_conversation(id, owner, wanted, self._app.database, self._app.desk.now_us())
        return visit.json(_line(changed) if changed.deleted_us else await self._talk(visit, id))

    async def export(self, visit: Visit) -> Response:
        """A conversation as a document: ?as=markdown, the branch that is shown; or json, all branches."""
        kind = visit.query.get("as", "markdown")
        if kind not in ("markdown", "json"):
            raise Invalid("bad_request", "as: choose markdown or json", param="as")
        talk, turns = await self._read(visit, visit.path["id"])
        documents = await self._app.database.read(partial(talking_store.documents_of, ids=list(turns)))
        if kind == "json":
            told = as_json(talk, list(turns.values()), documents)
            return _document(told, "application/json", f"{talk.id}.json")
        path = path_to(turns, talk.leaf)
        text = as_markdown(talk, path, documents, visit.words("talk.you"), visit.words("talk.answer"))
        return _document(text, "text/markdown; charset=utf-8", f"{talk.id}.md")

    async def shared(self, visit: Visit) -> Response:
        """What somebody shares, to whoever has the link: questions, their pictures and answers, and nothing else."""
        talk, path = await read_shared(visit.path["link"], self._app.database, self._app.desk.now_us())
        read = partial(talking_store.documents_of, ids=[turn.id for turn in path], with_text=False)
        documents = await self._app.database.read(read)
        told = [
            {
                "question": turn.question, "pictures": turn.pictures, "answer": turn.answer,
                "documents": [chip(each) for each in documents.get(turn.id, ())],
            }
            for turn in path
        ]  # fmt: skip
        text = msgspec.json.encode(told).decode()
        return visit.page("chat/shared.html", heading=talk.title, at_us=talk.used_us, data=text)

    async def ask(self, visit: Visit) -> Response:
        """Keep a question, ask it, and tell its answer as it comes."""
        if self._app.stopping:
            raise Unavailable("stopping", "the service is stopping; ask again in a moment", retry_after_s=5)
        asked, desk = await visit.read_json(Asked), self._app.desk
        mode = await self._modes.named(asked.mode)
        now_us = desk.now_us()
        asking = Asking(
            question=asked.question, model_class=mode.route.model_class, model=mode.route.model,
            receipt=AnswerId(new_id("ans", now_us, desk.entropy())), conversation=ConversationId(asked.conversation),
            after=TurnId(asked.after), instead_of=TurnId(asked.instead_of),
            pictures=tuple(_picture(address) for address in asked.pictures), documents=tuple(asked.documents),
        )  # fmt: skip
        begun = await begin_turn(asking, _owner(visit), self._app.database, now_us, desk.entropy, sees=mode.sees)
        talk = await self._talk(visit, begun.conversation.id)

        async def ended() -> Any:
            turn = await read_turn(begun.turn.id, _owner(visit), self._app.database, desk.now_us())
            return {"turn": await self._turn(visit, turn), "remains": await self._remains(visit, "")}

        return Telling(begun, visit.caller, desk, self._surface, mode.name, talk, ended)

    async def _read(self, visit: Visit, id: str) -> tuple[Conversation, dict[TurnId, Turn]]:
        return await read_conversation(id, _owner(visit), self._app.database, self._app.desk.now_us())

    async def _list(self, visit: Visit, sought: str, before_us: int) -> dict[str, Any]:
        found = await list_conversations(_owner(visit), sought, before_us, self._app.database)
        more = found[-1].used_us if len(found) == CONVERSATIONS_LISTED else 0
        return {"talks": [_line(each) for each in found], "before": more}

    async def _talk(self, visit: Visit, id: str) -> dict[str, Any]:
        talk, turns = await self._read(visit, id)
        path = path_to(turns, talk.leaf)
        told = await self._turns(visit, path)
        if told and told[-1]["receipt"] is not None:  # what is left now is no news under the answers before
            await self._with_plan(visit, told[-1]["receipt"], path[-1].model_class)
        ways = [beside(turns.values(), turn.parent) for turn in path]
        return _line(talk) | {
            "link": f"/shared/{talk.link}" if talk.link else None,
            "turns": [each | {"ways": others} for each, others in zip(told, ways, strict=True)],
        }

    async def _turn(self, visit: Visit, turn: Turn) -> dict[str, Any]:
        told = (await self._turns(visit, [turn]))[0]
        if told["receipt"] is not None:
            await self._with_plan(visit, told["receipt"], turn.model_class)
        return told

    async def _turns(self, visit: Visit, turns: Iterable[Turn]) -> list[dict[str, Any]]:
        of = list(turns)
        ids = [turn.receipt for turn in of]

        def look(
            connection: Connection,
        ) -> tuple[dict[AnswerId, Receipt], dict[AnswerId, Tax], dict[TurnId, list[Document]]]:
            found = answering_store.receipts_of(connection, ids)
            taxes = {id: profile_at(connection, one.customer, one.at_us).tax for id, one in found.items()}
            return found, taxes, talking_store.documents_of(connection, [turn.id for turn in of], with_text=False)

        receipts, taxes, documents = await self._app.database.read(look)
        modes = await self._modes.on_offer()
        bodies = [self._turn_body(visit, turn, receipts.get(turn.receipt), taxes, modes) for turn in of]
        chips = [[chip(each) for each in documents.get(turn.id, ())] for turn in of]
        return [body | {"documents": its} for body, its in zip(bodies, chips, strict=True)]

    def _turn_body(
        self, visit: Visit, turn: Turn, receipt: Receipt | None, taxes: Mapping[AnswerId, Tax], modes: Sequence[Mode]
    ) -> dict[str, Any]:  # fmt: skip
        """modes: on offer now, some by the names of their models."""
        drawn = None
        if receipt is not None and receipt.customer == visit.customer.id:
            route = self._app.desk.routes.get(receipt.model)
            cards = route.price_cards if route is not None else ()
            by_model = any(mode.route.model == receipt.model and not mode.is_class for mode in modes)
            called = receipt.model if by_model else _called(visit, turn.model_class)
            shown = Shown(called, cards, taxes[receipt.id], _cheaper(visit, receipt, modes))
            drawn = slip(receipt, shown, visit.texts)
        return {
            "id": turn.id, "parent": turn.parent, "at_us": turn.at_us, "question": turn.question,
            "pictures": turn.pictures, "answer": turn.answer, "state": turn.state, "left_out": turn.left_out,
            "fault": _fault(visit, turn.fault), "receipt": drawn,
        }  # fmt: skip

    async def _with_plan(self, visit: Visit, drawn: dict[str, Any], model_class: str) -> None:
        """A receipt with what is left now, which is no news under the answers before the last."""
        drawn["remains"] = await self._remains(visit, model_class)
        if "allowance" in drawn["paid_by"]:
            drawn["plan"] = await self._app.database.read(lambda connection: self._dots(connection, visit, model_class))

    def _dots(self, connection: Connection, visit: Visit, model_class: str) -> dict[str, Any] | None:
        terms = terms_of(connection, visit.customer.id)
        if terms is None:
            return None
        held = holdings_of(connection, visit.customer.id, self._app.desk.currency, self._app.desk.now_us())
        return dots(held, model_class, *terms, title_of(terms[1], visit.visitor.language))

    async def _remains(self, visit: Visit, model_class: str) -> dict[str, Any]:
        desk, customer = self._app.desk, visit.customer.id
        now_us = desk.now_us()

        def look(connection: Connection) -> dict[str, Any]:
            pots = pot_store.pots_of(connection, customer, now_us)
            moved = balances_at(connection, [pot.account for pot in pots])
            return remains(pots, moved, model_class, now_us, desk.currency) | {"currency": desk.currency}

        return await self._app.database.read(look)


def _owner(visit: Visit) -> Owner:
    return Owner(visit.customer.id, visit.person.id)


def _whole(text: str) -> int:
    """A number in a path; -1 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else -1


def _line(talk: Conversation) -> dict[str, Any]:
    return {"id": talk.id, "title": talk.title, "used_us": talk.used_us}


def _called(visit: Visit, model_class: str) -> str:
    return visit.words(f"talk.mode_{model_class}") if model_class in KNOWN else model_class


def _cheaper(visit: Visit, receipt: Receipt, modes: Sequence[Mode]) -> tuple[str, str] | None:
    """The way on offer that costs least, and about how much, where that is less than this answer came to."""
    fitting = [mode for mode in modes if mode.route.model != receipt.model and mode.about.grains]
    least = min(fitting, key=lambda mode: mode.about.grains, default=None)
    if least is None or least.about.grains >= receipt.charge_grains + receipt.included_grains:
        return None
    return _called(visit, least.name) if least.is_class else least.route.model, visit.money(least.about)


def _mode_body(visit: Visit, mode: Mode) -> dict[str, Any]:
    called = _called(visit, mode.name) if mode.is_class else mode.route.model
    return {"name": mode.name, "called": called, "about": visit.money(mode.about), "sees": mode.sees}


def _fault(visit: Visit, code: str) -> dict[str, Any] | None:
    """What went wrong, in the visitor's words. todo: what would help."""
    if not code:
        return None
    said = visit.said_of(code, visit.words("talk.failed"))
    return {"code": code, "said": said, "todo": "pay" if asks_for_money(code) else "again"}


def _picture(address: str) -> Picture:
    """A picture, as what it is and not as what it says it is. Raises Invalid."""
    head, comma, text = address.partition(",")
    try:
        data = binascii.a2b_base64(text, strict_mode=True) if comma and head.endswith(";base64") else b""
    except (ValueError, UnicodeEncodeError):
        data = b""
    found = picture_of(data)
    if found is None:
        raise Invalid("bad_picture", "that is no picture that can be shown to a model", param="pictures")
    if max(found.width, found.height) > PICTURE_SIDE_PIXELS_MAX:  # a small file can be a picture that fills a memory
        message = f"that picture is larger than {PICTURE_SIDE_PIXELS_MAX:,} pixels on a side; send a smaller one"
        raise Invalid("picture_too_wide", message, param="pictures")
    return Picture(f"image/{found.kind}", data)


def _document(body: bytes, kind: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type=kind, headers=headers)
