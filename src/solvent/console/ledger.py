"""Operations on the ledger: accounts, transfers, the verification of all of it, and its export."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from solvent.app.business import Business
from solvent.app.http import Download
from solvent.console.members import PATH
from solvent.console.operation import Asked, Nothing, Page, PageQuery, page_of, reading
from solvent.ledger import journal_store
from solvent.ledger.balance import Key, Movement
from solvent.ledger.beancount import amount, assertions, entries, opening
from solvent.ledger.chain import read_head
from solvent.ledger.journal_store import Row
from solvent.ledger.verify_books import verify_books
from solvent.values.errors import Invalid, NotFound
from solvent.values.instant import iso
from solvent.values.limits import EXPORT_ROWS_AT_ONCE
from solvent.values.period import day_name, day_number

Side = Literal["debit", "credit", "none"]
_HEAD: Final = re.compile(r"[0-9]{1,18}:[0-9a-f]{64}")
_LAST_SEQ: Final = 2**62


class AccountBody(msgspec.Struct, kw_only=True):
    """An account in one unit. balance: debits less credits, without its sign; side: which of them is larger.

    held: set aside by answers under way, to be taken from it. Amounts are in whole units.
    """

    object: Literal["ledger.account"] = "ledger.account"
    account: str
    unit: str
    debits: str
    credits: str
    balance: str
    side: Side
    held: str


class TransferBody(msgspec.Struct, kw_only=True):
    """One row of the journal. seq: its number in the chain. resolves: the hold that it ends, of `held`."""

    object: Literal["ledger.transfer"] = "ledger.transfer"
    seq: int
    id: str
    at: str
    state: Literal["pending", "posted", "voided"]
    debit: str
    credit: str
    amount: str
    unit: str
    reference: str
    resolves: str | None
    held: str


class AccountsQuery(PageQuery, forbid_unknown_fields=True, kw_only=True):
    """Which accounts."""

    prefix: Annotated[str, PATH, Meta(description="how they begin, such as wallet:")] = ""


class TransfersQuery(PageQuery, forbid_unknown_fields=True, kw_only=True):
    """Which transfers: of an account, or of a cause."""

    account: Annotated[str, PATH, Meta(description="one that they debit or credit")] = ""
    cause: Annotated[str, PATH, Meta(description="how their ids begin, such as the id of an answer")] = ""
    answers: Annotated[bool, Meta(description="of an account also what answers moved; slow in large books")] = False


class VerdictBody(msgspec.Struct, kw_only=True):
    """What a verification found. head: of the chain; keep it somewhere else, and give it the next time."""

    object: Literal["ledger.verdict"] = "ledger.verdict"
    is_clean: bool
    transfers: int
    open_holds: int
    head: str
    problems: list[str]


class VerifyQuery(msgspec.Struct, forbid_unknown_fields=True):
    """What is known of the books from elsewhere."""

    head: Annotated[str, PATH, Meta(description="a head of the chain that was kept: 1234:9f86d0...")] = ""


class ExportQuery(msgspec.Struct, forbid_unknown_fields=True):
    """In what form."""

    format: Annotated[Literal["beancount"], Meta(description="whose language to write it in")] = "beancount"


async def accounts(asked: Asked[AccountsQuery, Nothing]) -> Page[AccountBody]:
    """List accounts with their balances, by name."""
    query = asked.query
    account, _, unit = query.cursor.rpartition("/")
    after = (account, unit)
    found = await asked.business.database.read(
        partial(journal_store.accounts_page, prefix=query.prefix, after=after, count=query.limit + 1)
    )
    rows, cursor = page_of(found, query.limit, lambda row: "/".join(row[0]))
    return Page([account_body(*row) for row in rows], cursor)


def account_body(key: Key, moved: Movement) -> AccountBody:
    """An account as JSON."""
    name, unit = key
    balance = moved.debits - moved.credits
    return AccountBody(
        account=name, unit=unit, debits=_text(moved.debits, unit), credits=_text(moved.credits, unit),
        balance=_text(abs(balance), unit), side="debit" if balance > 0 else "credit" if balance < 0 else "none",
        held=_text(moved.held_debits, unit),
    )  # fmt: skip


def _text(grains: int, unit: str) -> str:
    return amount(grains, unit).partition(" ")[0]


async def transfers(asked: Asked[TransfersQuery, Nothing]) -> Page[TransferBody]:
    """List transfers: of an account, newest first; or of a cause, such as an answer, by their ids."""
    query, business = asked.query, asked.business
    if bool(query.account) == bool(query.cause):
        words = "say of which account, or of which cause, one of the two"
        raise Invalid("bad_request", words, param="account")
    if query.cause:
        found = await business.database.read(
            partial(journal_store.rows_of_cause, cause=query.cause, after_id=query.cursor, count=query.limit + 1)
        )
        rows, cursor = page_of(found, query.limit, lambda row: row[1].id)
    else:
        look = partial(journal_store.rows_of_account, account=query.account, before_seq=read_seq(query.cursor))
        found = await business.database.read(partial(look, count=query.limit + 1, with_answers=query.answers))
        rows, cursor = page_of(found, query.limit, lambda row: str(row[0]))
    return Page([transfer_body(row) for row in rows], cursor)


def read_seq(cursor: str) -> int:
    """The number of the chain in a cursor; beyond every one for none. Raises Invalid for what no list gave."""
    if not cursor:
        return _LAST_SEQ
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        message = f"cursor: {cursor[:60]!r} is none that this list gave; leave it out to begin again"
        raise Invalid("bad_cursor", message, param="cursor")
    return int(cursor)


def transfer_body(row: Row) -> TransferBody:
    """A row of the journal as JSON."""
    seq, moved = row
    return TransferBody(
        seq=seq, id=moved.id, at=iso(moved.at_us), state=moved.state, debit=moved.debit, credit=moved.credit,
        amount=_text(moved.grains, moved.currency), unit=moved.currency, reference=moved.reference,
        resolves=moved.resolves, held=_text(moved.held_grains, moved.currency),
    )  # fmt: skip


async def verify(asked: Asked[VerifyQuery, Nothing]) -> VerdictBody:
    """Verify the books: every link of the chain, every sum, every hold's end, every balance that is kept.

    It reads all of it: minutes in large books.
    """
    head = asked.query.head
    if head and not _HEAD.fullmatch(head):
        words = f"head: {head[:60]!r} is not as a verification gives it, 1234:9f86d0..., with 64 digits at the end"
        raise Invalid("bad_head", words, param="head")
    found = await verify_books(asked.business.database, read_head(head) if head else None)
    return VerdictBody(
        is_clean=found.is_clean, transfers=found.transfers, open_holds=found.open_holds, head=found.head,
        problems=list(found.problems),
    )  # fmt: skip


async def export(asked: Asked[ExportQuery, Nothing]) -> Download:
    """Export the journal for Beancount, with our own balances at its end for Beancount to compare with its sums."""
    return Download("text/plain; charset=utf-8", f"books.{asked.query.format}", _beancount(asked.business))


async def _beancount(business: Business) -> AsyncIterator[bytes]:
    """Whole rows, as of the moment it begins, in pieces; books of any size."""
    database, in_zone = business.database, business.time_zone

    def day(at_us: int) -> str:
        return day_name(day_number(at_us, in_zone))

    head, balances = await database.read(journal_store.head_and_balances)
    first_us = await database.read(journal_store.first_instant)
    if first_us is None:
        raise NotFound("nothing_booked", "nothing is booked yet, so there is nothing to export")
    yield "".join(opening(balances, business.currency, day(first_us))).encode()
    seq, last_day = 0, day_number(first_us, in_zone)
    while rows := await database.read(
        partial(journal_store.rows_after, seq=seq, until_seq=head.seq, count=EXPORT_ROWS_AT_ONCE)
    ):
        yield "".join(entries((transfer for _, transfer in rows), day)).encode()
        seq = rows[-1][0]
        last_day = max(last_day, *(day_number(transfer.at_us, in_zone) for _, transfer in rows))
    yield "".join(assertions(balances, day_name(last_day + 1))).encode()


ACCOUNTS = reading("/v1/ledger/accounts", "ledger.read", accounts, AccountsQuery, Page[AccountBody])
TRANSFERS = reading("/v1/ledger/transfers", "ledger.read", transfers, TransfersQuery, Page[TransferBody])
VERIFY = reading("/v1/ledger/verify", "ledger.read", verify, VerifyQuery, VerdictBody)
EXPORT = reading("/v1/ledger/export", "ledger.read", export, ExportQuery, Download, "text/plain")
OPERATIONS = (ACCOUNTS, TRANSFERS, VERIFY, EXPORT)
