"""The operation that tells what is behind a figure of the books: its sums, and every transfer that made them."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from solvent.app.business import Business
from solvent.console.ledger import AccountBody, TransferBody, account_body, read_seq, transfer_body
from solvent.console.members import DATE, PATH
from solvent.console.operation import Asked, Nothing, PageQuery, page_of, reading
from solvent.db.port import Connection
from solvent.ledger.balance import Key, Movement
from solvent.ledger.journal_store import Row
from solvent.ledger.moved_store import rows_beside, rows_moved, sums_moved
from solvent.ledger.spent_store import accounts_spent, spent_beside
from solvent.margin.waterfall import beside_named
from solvent.values.errors import Invalid
from solvent.values.period import first_day, month_number, start_of_day, start_of_month

Spent = Literal["vat", "fees", "idle", "edge", "chargebacks", "bad_debt", "other"]
_EVER: Final = "1970-01-01"
Sums = dict[Key, Movement]


class MovedQuery(PageQuery, forbid_unknown_fields=True, kw_only=True):
    """Of which accounts, and which days."""

    accounts: Annotated[str, PATH, Meta(description="one, or a class of them, such as wallet; in whole months")] = ""
    spent: Annotated[Spent | None, Meta(description="a step of the waterfall that is booked beside answers")] = None
    since: Annotated[str, DATE, Meta(description="the first day, in the books' zone")] = _EVER
    until: Annotated[str, DATE, Meta(description="the last day; today when left out")] = "1d"
    sums: Annotated[bool, Meta(description="false: transfers alone, as of the pages after the first")] = True


class MovedBody(msgspec.Struct, kw_only=True):
    """sums: by account, of all those days. data: the posted transfers that made them, newest first, in pages."""

    object: Literal["ledger.moved"] = "ledger.moved"
    sums: list[AccountBody]
    data: list[TransferBody]
    next_cursor: str | None


async def moved(asked: Asked[MovedQuery, Nothing]) -> MovedBody:
    """List the transfers behind a figure: of accounts in some months, or of a step of the waterfall in some days."""
    query, business = asked.query, asked.business
    if bool(query.accounts) == (query.spent is not None):
        raise Invalid("bad_request", "say which accounts, or what was spent, one of the two", param="accounts")
    seq, count = read_seq(query.cursor), query.limit + 1
    if query.spent is not None:
        days, zone = _days(query, business), business.time_zone
        months = month_number(days[0], zone), month_number(days[1] - 1, zone)
        look = partial(_of_step, step=query.spent, unit=business.currency, span=days, months=months)
    else:
        look = partial(_of_accounts, accounts=query.accounts, months=_months(query, business))
    sums, found = await business.database.read(partial(look, before_seq=seq, count=count, has_sums=query.sums))
    rows, cursor = page_of(found, query.limit, lambda row: str(row[0]))
    data = [transfer_body(row) for row in rows]
    return MovedBody(sums=[account_body(*one) for one in sums.items()], data=data, next_cursor=cursor)


def _of_step(
    connection: Connection, step: Spent, unit: str, span: tuple[int, int], months: tuple[int, int], before_seq: int,
    count: int, *, has_sums: bool,
) -> tuple[Sums, list[Row]]:  # fmt: skip
    sums: Sums = {}
    if has_sums:
        spent = spent_beside(connection, *span)
        mine = {key: grains for key, grains in spent.items() if key[1] == unit and beside_named(key[0]) == step}
        sums = {key: Movement(debits=max(0, grains), credits=max(0, -grains)) for key, grains in sorted(mine.items())}
    accounts = [account for account in accounts_spent(connection, *months) if beside_named(account) == step]
    return sums, rows_beside(connection, accounts, unit, *span, before_seq, count)


def _of_accounts(
    connection: Connection, accounts: str, months: tuple[int, int], before_seq: int, count: int, *, has_sums: bool
) -> tuple[Sums, list[Row]]:
    rows = rows_moved(connection, accounts, *months, before_seq, count)
    return sums_moved(connection, accounts, *months) if has_sums else {}, rows


def _days(query: MovedQuery, business: Business) -> tuple[int, int]:
    """From which instant until which."""
    zone, now_us = business.time_zone, business.now_us()
    first = first_day(query.since, now_us, zone)
    last = first_day(query.until, now_us, zone, "until")
    return start_of_day(first, zone), start_of_day(last + 1, zone)


def _months(query: MovedQuery, business: Business) -> tuple[int, int]:
    """Raises Invalid for days that are not whole months: accounts are summed in no others."""
    zone = business.time_zone
    from_us, until_us = _days(query, business)
    first, after = month_number(from_us, zone), month_number(until_us, zone)
    last = month_number(until_us - 1, zone)
    is_open = last == month_number(business.now_us(), zone)  # its last day is still to come
    if from_us != start_of_month(first, zone) or (until_us != start_of_month(after, zone) and not is_open):
        raise Invalid("bad_request", "accounts are summed in whole months: say the first day of one", param="since")
    return first, last


LIST = reading("/v1/ledger/moved", "ledger.read", moved, MovedQuery, MovedBody)
OPERATIONS = (LIST,)
