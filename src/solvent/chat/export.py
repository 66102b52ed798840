"""All that is kept of somebody, as one JSON document, in parts: it may be long, and is never whole in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import msgspec

from solvent.answering.receipt_store import Sought, receipts_page
from solvent.app.build import App
from solvent.billing import payment_store, subscription_store
from solvent.chat.holdings import holdings_of
from solvent.chat.usage import HEAD, cells
from solvent.db.port import Connection
from solvent.identity import credential_store, person_store
from solvent.identity import store as identity_store
from solvent.identity.caller import Customer
from solvent.identity.person import Person
from solvent.invoicing import statement_store
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.invoice import Invoice
from solvent.invoicing.number import number_text, place_text, read_place
from solvent.talking import store as talking_store
from solvent.talking.conversation import Owner
from solvent.talking.list_conversations import list_conversations
from solvent.talking.read_conversation import read_conversation
from solvent.talking.written import as_json
from solvent.values.instant import NEVER_US, iso
from solvent.values.limits import CONVERSATIONS_LISTED, PAGE_ROWS_MAX
from solvent.values.money import plain

_MONTHS_MAX = 1_200


async def parts_of(app: App, person: Person, customer: Customer) -> AsyncIterator[bytes]:
    """The document, part by part. Keys are in it without their secrets, and nothing of what answers cost us."""
    yield b'{"person":' + msgspec.json.encode(person)
    for name, value in (
        await app.database.read(partial(_one_by_one, app=app, person=person, customer=customer))
    ).items():
        yield b',"' + name.encode() + b'":' + msgspec.json.encode(value)
    for name, pages in (
        ("receipts", _receipts(app, customer)),
        ("invoices", _invoices(app, customer)),
        ("payments", _payments(app, customer)),
        ("conversations", _conversations(app, person, customer)),
    ):
        yield b',"' + name.encode() + b'":['
        before = b""
        async for entry in pages:
            yield before + entry
            before = b","
        yield b"]"
    yield b"}\n"


def _one_by_one(connection: Connection, app: App, person: Person, customer: Customer) -> dict[str, Any]:
    """What there is little of."""
    now_us = app.desk.now_us()
    keys = identity_store.keys_page(connection, customer.id, "", PAGE_ROWS_MAX)
    sessions = person_store.sessions_of(connection, person.id)
    return {
        "customer": customer,
        "made_out_to": invoicing_store.profile_at(connection, customer.id, now_us),
        "keys": keys,
        "signs_in_with": [
            {"kind": one.kind, "name": one.name, "known_as": one.known_as, "created_at": iso(one.created_us)}
            for one in credential_store.of_person(connection, person.id)
            if one.kind != "recovery"
        ],
        "sessions": [{"began_at": iso(one.created_us), "seen_at": iso(one.seen_us)} for one in sessions],
        "subscriptions": subscription_store.history(connection, customer.id),
        "holdings": holdings_of(connection, customer.id, app.desk.currency, now_us),
        "saved_methods": [
            {"label": one.label, "created_at": iso(one.created_us)}
            for one in payment_store.methods_of(connection, customer.id)
        ],
        "statements": statement_store.statements_of(connection, customer.id, _MONTHS_MAX),
    }


async def _receipts(app: App, customer: Customer) -> AsyncIterator[bytes]:
    sought, before, in_zone = Sought(customer=customer.id), "", app.desk.time_zone
    while True:
        look = partial(receipts_page, sought=sought, before=before, count=PAGE_ROWS_MAX, in_zone=in_zone)
        page = await app.database.read(look)
        for receipt in page.receipts:
            yield msgspec.json.encode(dict(zip(HEAD, cells(receipt), strict=True)))
        before = page.before
        if not before:
            return


async def _invoices(app: App, customer: Customer) -> AsyncIterator[bytes]:
    before = None
    while True:
        look = partial(
            invoicing_store.invoices_between, from_us=0, until_us=NEVER_US, customer=customer.id, count=PAGE_ROWS_MAX,
            before=before,
        )  # fmt: skip
        found = await app.database.read(look)
        for invoice, _ in found:
            yield msgspec.json.encode(_invoice(invoice))
        if len(found) < PAGE_ROWS_MAX:
            return
        last = found[-1][0]
        before = read_place(place_text(last.issued_us, last.number))


def _invoice(invoice: Invoice) -> dict[str, Any]:
    return {
        "number": number_text(invoice.number), "kind": invoice.kind, "issued_at": iso(invoice.issued_us),
        "total": plain(invoice.total), "vat": plain(invoice.vat), "currency": invoice.currency,
        "made_out_to": invoice.profile,
        "lines": [{"kind": line.kind, "text": line.text, "amount": plain(line.total)} for line in invoice.lines],
    }  # fmt: skip


async def _payments(app: App, customer: Customer) -> AsyncIterator[bytes]:
    before = ""
    while True:
        look = partial(payment_store.orders_page, customer=customer.id, before=before, count=PAGE_ROWS_MAX)
        found = await app.database.read(look)
        for one in found:
            told = {
                "id": one.id, "purpose": one.purpose, "rail": one.rail, "state": one.state,
                "amount": plain(one.amount), "currency": one.currency, "at": iso(one.created_us),
            }  # fmt: skip
            yield msgspec.json.encode(told)
        if len(found) < PAGE_ROWS_MAX:
            return
        before = found[-1].id


async def _conversations(app: App, person: Person, customer: Customer) -> AsyncIterator[bytes]:
    owner, before_us = Owner(customer.id, person.id), 0
    while True:
        found = await list_conversations(owner, "", before_us, app.database)
        for one in found:
            talk, turns = await read_conversation(one.id, owner, app.database, app.desk.now_us())
            seen = [turn.id for turn in turns.values() if turn.pictures]
            pictures = await app.database.read(partial(talking_store.pictures_of, ids=seen)) if seen else {}
            documents = await app.database.read(partial(talking_store.documents_of, ids=list(turns)))
            words = as_json(talk, list(turns.values()), documents)
            yield b'{"conversation":' + words + b',"pictures":' + msgspec.json.encode(pictures) + b"}"
        if len(found) < CONVERSATIONS_LISTED:
            return
        before_us = found[-1].used_us
