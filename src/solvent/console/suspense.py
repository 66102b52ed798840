"""Operations on money between us and processors: payouts to the bank, and what nobody can explain yet."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from solvent.console.ledger import TransferBody, read_seq, transfer_body
from solvent.console.members import AMOUNT, CURRENCY
from solvent.console.operation import Asked, Nothing, Operation, Page, PageQuery, page_of, reading
from solvent.console.payments import Note, RailName
from solvent.console.wallets import Amount
from solvent.ledger.account import SUSPENSE
from solvent.ledger.journal_store import rows_of_account
from solvent.till.book_payout import book_payout
from solvent.till.book_suspense import book_suspense
from solvent.values.money import money

Currency = Annotated[str, CURRENCY, Meta(description="of the amounts; the books' own when left out")]


class BookedBody(msgspec.Struct, kw_only=True):
    """What was booked. id: how its transfers' ids begin; see GET /v1/ledger/transfers?cause=ID."""

    object: Literal["booked"] = "booked"
    id: str


class NewPayout(msgspec.Struct, forbid_unknown_fields=True):
    """What a processor has sent to the bank."""

    rail: RailName
    received: Annotated[str, AMOUNT, Meta(description="what came into the bank account")]
    cleared: Annotated[str, AMOUNT, Meta(description="the payments it is for, all together")]
    fee: Annotated[str, AMOUNT, Meta(description="what was kept of them and is not booked yet")] = "0"
    currency: Currency = ""
    received_currency: Currency = ""


class NewSuspense(msgspec.Struct, forbid_unknown_fields=True):
    """Money that came and matches no order."""

    rail: RailName
    amount: Amount
    note: Note = ""
    goes_out: Annotated[bool, Meta(description="it was sent back, and is in suspense no more")] = False
    currency: Currency = ""


async def pay_out(asked: Asked[Nothing, NewPayout]) -> BookedBody:
    """Book what a processor has sent to the bank, less what it keeps."""
    business, body = asked.business, asked.body
    currency = body.currency or business.currency
    received = money(body.received, body.received_currency or currency, "received")
    cleared, fee = money(body.cleared, currency, "cleared"), money(body.fee, currency, "fee")
    rails = business.payments.rails
    id = await book_payout(body.rail, received, cleared, fee, rails, business.database, asked.act)
    return BookedBody(id=id)


async def suspense(asked: Asked[PageQuery, Nothing]) -> Page[TransferBody]:
    """List money that came and nobody could explain, and where it went, newest first."""
    query = asked.query
    look = partial(rows_of_account, account=SUSPENSE, before_seq=read_seq(query.cursor), count=query.limit + 1)
    rows, cursor = page_of(await asked.business.database.read(look), query.limit, lambda row: str(row[0]))
    return Page([transfer_body(row) for row in rows], cursor)


async def suspend(asked: Asked[Nothing, NewSuspense]) -> BookedBody:
    """Book money that came and matches no order, until somebody can explain it."""
    business, body = asked.business, asked.body
    amount = money(body.amount, body.currency or business.currency)
    id = await book_suspense(
        body.rail, amount, business.payments.rails, business.database, asked.act, note=body.note,
        goes_out=body.goes_out,
    )  # fmt: skip
    return BookedBody(id=id)


PAYOUT = Operation("POST", "/v1/payouts", "payments.write", pay_out, Nothing, NewPayout, BookedBody, is_money=True)
SUSPENDED = reading("/v1/suspense", "payments.read", suspense, PageQuery, Page[TransferBody])
SUSPEND = Operation("POST", "/v1/suspense", "payments.write", suspend, Nothing, NewSuspense, BookedBody, is_money=True)
OPERATIONS = (PAYOUT, SUSPENDED, SUSPEND)
