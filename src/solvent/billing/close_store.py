"""The table of months, and the steps of closing one: each a transaction of its own, each harmless to repeat.

Two may close a month at once: a step that comes after the other has closed it does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import BigInteger, Column, Connection, LargeBinary, Table, Text, and_, func, insert, or_, select, update

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing.close import (
    Before,
    Closing,
    Facts,
    PotMove,
    Proof,
    UsageReader,
    WalletTotals,
    digest,
    recognition_postings,
    statements,
)
from solvent.billing.recognition import Earned, Schedule, earned_by_time, earned_by_use, recognised
from solvent.billing.recognition_store import note_recognised, schedules_waiting
from solvent.billing.usage_invoice_store import invoice_some
from solvent.db.tables import metadata
from solvent.invoicing import statement_store
from solvent.invoicing.statement import Statement
from solvent.invoicing.store import profiles_at
from solvent.ledger import store as ledger_store
from solvent.ledger.account import REVENUE_ANSWERS, VAT_PAYABLE, unbilled
from solvent.ledger.beside_store import Beside, in_beside, out_beside
from solvent.ledger.books import AccountSum, carried
from solvent.ledger.books_store import first_month, moved_between
from solvent.ledger.chain import read_head
from solvent.ledger.pot_store import pots
from solvent.ledger.sealing import CLOSING, SEALED
from solvent.ledger.store import balances
from solvent.ledger.transfer import posting
from solvent.values.errors import Conflict, Invalid
from solvent.values.ids import CustomerId, TransferId
from solvent.values.instant import US_PER_S
from solvent.values.limits import MONTH_CLOSE_GRACE_S
from solvent.values.money import Money
from solvent.values.period import day_number, next_month, start_of_month, zone

months = Table(
    "months",
    metadata,
    Column("month", BigInteger, primary_key=True),
    Column("state", Text, nullable=False),
    Column("began_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("chain", Text, nullable=False),
    Column("totals", LargeBinary, nullable=False),
)

CUSTOMERS_AT_ONCE: Final = 2_000
SCHEDULES_AT_ONCE: Final = 1_000
POT_ENDS_WITHIN_US: Final = 40 * 86_400 * US_PER_S
_BEGINNING_US: Final = 0


def begin(connection: Connection, month: int, now_us: int) -> Closing | None:
    """Seal a month that has ended: from now on nothing is booked into it but its closing. The closing, if it is done.

    Raises Invalid for no month, and Conflict for one that has not ended or whose turn it is not.
    """
    known = closing_of(connection, month)
    if known is not None:
        return known
    end_us = _end_us(connection, month)
    if now_us < end_us + MONTH_CLOSE_GRACE_S * US_PER_S:
        message = f"{month} has not ended, or not {MONTH_CLOSE_GRACE_S} s ago; close it then"
        raise Conflict("month_not_ended", message, param="month")
    turn = next_to_close(connection)
    if turn is not None and month != turn:
        raise Conflict("month_out_of_turn", f"months are closed in their order: close {turn} first", param="month")
    if connection.execute(select(months.c.month).where(months.c.month == month)).first() is None:
        values = {"month": month, "state": "closing", "began_us": now_us, "closed_us": 0, "hash": "", "chain": ""}
        connection.execute(insert(months).values(**values, totals=b""))
        ledger_store.set_mark(connection, SEALED, str(end_us))
    return None


def next_to_close(connection: Connection) -> int | None:
    """The first month that is not closed; None when nothing was ever booked."""
    last = connection.execute(select(func.max(months.c.month)).where(months.c.state == "closed")).scalar()
    return first_month(connection) if last is None else next_month(int(last))


def next_ended(connection: Connection, before_us: int) -> int | None:
    """The month whose turn it is to be closed, if it had ended by an instant, and for long enough by any clock."""
    month = next_to_close(connection)
    return None if month is None or _end_us(connection, month) > before_us else month


def closing_of(connection: Connection, month: int) -> Closing | None:
    """What came of closing a month; None while it is open."""
    row = connection.execute(select(months).where(months.c.month == month, months.c.state == "closed")).first()
    return None if row is None else msgspec.json.decode(bytes(row.totals), type=Closing)


def _is_closed(connection: Connection, month: int) -> bool:
    chosen = select(months.c.month).where(months.c.month == month, months.c.state == "closed")
    return connection.execute(chosen).first() is not None


def closings(connection: Connection) -> list[Closing]:
    """Every closed month, newest first."""
    rows = connection.execute(select(months.c.totals).where(months.c.state == "closed").order_by(months.c.month.desc()))
    return [msgspec.json.decode(bytes(totals), type=Closing) for totals in rows.scalars()]


def recognise_some(connection: Connection, month: int, after: str) -> str:
    """Post what some schedules have earned by the end of a month; the id to go on after, "" when all are done."""
    if _is_closed(connection, month):
        return ""
    end_us = _end_us(connection, month)
    waiting = schedules_waiting(connection, end_us, after, SCHEDULES_AT_ONCE)
    used = _used_of(connection, [one for one in waiting if one.pot], month, end_us)
    rows, changed = [], []
    for schedule in waiting:
        earned = (
            earned_by_use(schedule, used[schedule.pot], end_us)
            if schedule.pot
            else Earned(earned_by_time(schedule, end_us))
        )
        after_it = recognised(schedule, earned.total, end_us)
        if after_it != schedule:
            rows += recognition_postings(schedule, earned, month, end_us - 1)
            changed.append(after_it)
    if rows:
        ledger_store.append(connection, rows)
    note_recognised(connection, changed)
    return waiting[-1].id if len(waiting) == SCHEDULES_AT_ONCE else ""


def _used_of(connection: Connection, packs: Sequence[Schedule], month: int, end_us: int) -> dict[str, int]:
    """Pieces that answers took from packs' pots up to the end of a month."""
    accounts = sorted({pack.pot for pack in packs})
    used = dict.fromkeys(accounts, 0)
    chosen = and_(balances.c.account.in_(accounts), balances.c.month <= month)
    sums = select(balances.c.account, func.sum(balances.c.debits)).where(chosen).group_by(balances.c.account)
    for account, debits in connection.execute(sums) if accounts else ():
        used[account] += int(debits)
    for account, _, _, grains in out_beside(connection, accounts, _BEGINNING_US, end_us) if accounts else ():
        used[account] -= grains
    return used


def statements_after(
    connection: Connection, month: int, after: str, currency: str, usage: UsageReader
) -> tuple[list[Statement], str]:
    """The statements of the next customers that anything happened to in a month, and the customer to go on after; ""
    when there are none left. Only reads: a sealed month stays as it is, so it may be read beside the writer.
    """
    kept = _zone(connection)
    start_us, end_us = start_of_month(month, kept), _end_us(connection, month)
    customers = _moving(connection, month, start_us, after)
    if not customers:
        return [], ""
    moved = _pot_moves(connection, customers, month, start_us)
    accounts = [pot.account for pot in moved]
    wallets = [pot.account for pot in moved if pot.kind == "wallet"]
    facts = Facts(
        pots=moved,
        into=_by_account(in_beside(connection, wallets, start_us, end_us), is_out=False),
        out=_by_account(out_beside(connection, accounts, start_us, end_us), is_out=True),
        on_account=_on_account(connection, customers, month),
        before={
            key: Before(*found) for key, found in statement_store.latest_before(connection, customers, month).items()
        },
        profiles=profiles_at(connection, customers, end_us - 1),
        used=usage(connection, customers, day_number(start_us, kept), day_number(end_us, kept)),
    )
    return statements(month, currency, facts), customers[-1]


def keep_statements(connection: Connection, month: int, made: Sequence[Statement]) -> None:
    """Write statements of a month; one that is there already stays as it is."""
    if not _is_closed(connection, month):
        statement_store.add_statements(connection, made)


def _moving(connection: Connection, month: int, start_us: int, after: str) -> list[CustomerId]:
    moved = and_(balances.c.account == pots.c.account, balances.c.currency == pots.c.unit, balances.c.month == month)
    chosen = select(pots.c.customer).where(
        pots.c.customer > after, _not_long_over(start_us), select(balances.c.month).where(moved).exists()
    )
    found = connection.execute(chosen.distinct().order_by(pots.c.customer).limit(CUSTOMERS_AT_ONCE)).scalars()
    return [CustomerId(customer) for customer in found]


def _not_long_over(start_us: int) -> Any:
    """Pots that may have moved since; what is left in one is taken out soon after its end."""
    return pots.c.expires_us > start_us - POT_ENDS_WITHIN_US


def _pot_moves(connection: Connection, customers: Sequence[CustomerId], month: int, start_us: int) -> list[PotMove]:
    """Pots that moved in a month, with what was left in each but wallets at its end."""
    same = and_(balances.c.account == pots.c.account, balances.c.currency == pots.c.unit)
    keys = (pots.c.customer, pots.c.kind, pots.c.account, pots.c.unit)
    kinds = pots.c.kind.in_(("wallet", "grant", "allowance"))
    # What is left in a wallet is on its last statement; it has one balance for each month it was ever used in.
    months_needed = or_(balances.c.month == month, and_(balances.c.month < month, pots.c.kind != "wallet"))
    chosen = and_(pots.c.customer.in_(customers), kinds, _not_long_over(start_us), months_needed)
    sums: dict[Any, list[int]] = {}
    rows = connection.execute(
        select(*keys, balances.c.month, balances.c.debits, balances.c.credits).join(balances, same).where(chosen)
    )
    for customer, kind, account, unit, at, debits, put_in in rows:
        kept = sums.setdefault((customer, kind, account, unit), [0, 0, 0, 0])
        kept[2] += put_in - debits
        if at == month:
            kept[0], kept[1], kept[3] = debits, put_in, 1
    return [PotMove(*key, *kept[:3]) for key, kept in sums.items() if kept[3]]


def _on_account(
    connection: Connection, customers: Sequence[CustomerId], month: int
) -> dict[tuple[CustomerId, str], int]:
    by_account = {unbilled(customer): customer for customer in customers}
    chosen = and_(balances.c.account.in_(by_account), balances.c.month == month)
    rows = connection.execute(select(balances.c.account, balances.c.currency, balances.c.debits).where(chosen))
    return {(by_account[account], currency): debits for account, currency, debits in rows if debits}


def _by_account(rows: Sequence[Beside], *, is_out: bool) -> dict[str, list[tuple[str, int]]]:
    """By the customer's account: where it went, or came from, and how much."""
    found: dict[str, list[tuple[str, int]]] = {}
    for debit, credit, _, grains in rows:
        mine, other = (debit, credit) if is_out else (credit, debit)
        found.setdefault(mine, []).append((other, grains))
    return found


def invoice_usage(connection: Connection, month: int, after: str, due_us: int, now_us: int) -> str:
    """Invoice what the next customers used on account; the customer to go on after, "" when there are none left."""
    if _is_closed(connection, month):
        return ""
    period = start_of_month(month, _zone(connection)), _end_us(connection, month)
    return invoice_some(connection, month, period, after, due_us, now_us)


def post_vat(connection: Connection, month: int) -> None:
    """Move the VAT on what was used of paid money from revenue to what we owe; once, in each currency."""
    if _is_closed(connection, month):
        return
    at_us = _end_us(connection, month) - 1
    rows = []
    for total in wallet_totals(connection, month):
        id = TransferId(f"close.{month}.vat.{total.currency}")
        transfers = ledger_store.transfers
        if not total.vat or connection.execute(select(transfers.c.id).where(transfers.c.id == id)).first():
            continue
        debit, credit = (REVENUE_ANSWERS, VAT_PAYABLE) if total.vat > 0 else (VAT_PAYABLE, REVENUE_ANSWERS)
        amount = Money(abs(total.vat), total.currency)
        rows.append(posting(id, at_us, debit, credit, amount, f"{CLOSING}{month}"))
    if rows:
        ledger_store.append(connection, rows)


def wallet_totals(connection: Connection, month: int) -> tuple[WalletTotals, ...]:
    """All statements of a month added up, by currency."""
    table = statement_store.statements
    names = WalletTotals.__struct_fields__[2:]
    sums = [func.sum(table.c[f"{name}_grains"]) for name in names]
    chosen = select(table.c.currency, func.count(), *sums).where(table.c.month == month).group_by(table.c.currency)
    rows = connection.execute(chosen.order_by(table.c.currency))
    return tuple(WalletTotals(row[0], *map(int, row[1:])) for row in rows)


def prove(connection: Connection, month: int) -> Proof:
    """The accounts of a month and their hash. Only reads.

    Statements that did not add up to the ledger's wallets would be a broken book, and assert.
    """
    seq = read_head(ledger_store.mark(connection, ledger_store.CHAIN)).seq  # before all that may change after it
    accounts = accounts_until(connection, month)
    for total in wallet_totals(connection, month):
        paid = total.paid_in + total.gifts - total.used - total.paid_out - total.expired
        kept = [one for one in accounts if (one.account, one.unit) == ("wallet", total.currency)]
        assert sum(one.credits - one.debits for one in kept) == paid, f"{month}: the statements are not the wallets"
    before = connection.execute(select(months.c.hash).where(months.c.month < month).order_by(months.c.month.desc()))
    made = statement_store.all_of_month(connection, month)
    return Proof(seq, accounts, digest(month, made, accounts, str(before.scalar() or "")))


def accounts_until(connection: Connection, month: int) -> tuple[AccountSum, ...]:
    """Every account or class at the end of a month, with what it moved in it."""
    last = connection.execute(
        select(months.c.month).where(months.c.month < month, months.c.state == "closed").order_by(months.c.month.desc())
    ).scalar()
    closed = closing_of(connection, int(last)) if last is not None else None
    so_far = list(closed.accounts) if closed else []
    since = next_month(int(last)) if last is not None else 0
    if since < month:
        so_far = carried(so_far, moved_between(connection, since, month - 1))
    return tuple(carried(so_far, moved_between(connection, month, month)))


def finish(connection: Connection, month: int, proof: Proof, act: Act) -> Closing:
    """Close a month whose steps are all done; its closing, if another has closed it.

    Another who closes it too may have booked into it since it was proven: then it is proven again.
    """
    known = closing_of(connection, month)
    if known is not None:
        return known
    if _has_closing_entry_after(connection, proof.seq):
        proof = prove(connection, month)
    effect = partial(_finish, connection, month, proof, act.at_us)
    return once(connection, act, "month.close", str(month), effect, Closing)[0]


def _has_closing_entry_after(connection: Connection, seq: int) -> bool:
    """Whether a closing has booked anything since: nothing else goes into a sealed month."""
    transfers = ledger_store.transfers
    chosen = select(transfers.c.seq).where(transfers.c.seq > seq, transfers.c.reference.startswith(CLOSING))
    return connection.execute(chosen.limit(1)).first() is not None


def _finish(connection: Connection, month: int, proof: Proof, closed_us: int) -> Closing:
    chain = ledger_store.mark(connection, ledger_store.CHAIN)
    closing = Closing(month, closed_us, wallet_totals(connection, month), proof.accounts, proof.hash, chain)
    values = {"state": "closed", "closed_us": closed_us, "hash": proof.hash, "chain": chain}
    connection.execute(
        update(months).where(months.c.month == month).values(**values, totals=msgspec.json.encode(closing))
    )
    return closing


def _zone(connection: Connection) -> ZoneInfo:
    return zone(ledger_store.mark(connection, ledger_store.TIME_ZONE) or ledger_store.DEFAULT_TIME_ZONE)


def _end_us(connection: Connection, month: int) -> int:
    """The first instant after a month. Raises Invalid for no month."""
    if not (1 <= month % 100 <= 12 and 1970 <= month // 100 <= 9998):
        raise Invalid("not_a_month", f"month: {month} is not a month like 202611", param="month")
    return start_of_month(next_month(month), _zone(connection))
