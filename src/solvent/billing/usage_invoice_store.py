"""A month's usage on account becomes invoices when the month is closed: dated its last instant, in its own books."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, and_, func, select

from solvent.audit import alarm_store
from solvent.audit.alarm import Alarm, alarm
from solvent.billing import invoice_store
from solvent.billing.on_account import on_account_lines, used_on_account
from solvent.billing.subscription_store import current_of
from solvent.billing.vat_rate_store import needs_rate, vat_rate
from solvent.db.prefix import begins_with
from solvent.invoicing import statement_store
from solvent.invoicing.invoice import InvoiceDraft
from solvent.invoicing.profile import Profile
from solvent.invoicing.statement import Statement, Wallet
from solvent.invoicing.store import profiles_at
from solvent.ledger.account import unbilled
from solvent.ledger.sealing import CLOSING
from solvent.ledger.store import balances, balances_at
from solvent.values.ids import CustomerId
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money, plain

INVOICES_AT_ONCE: Final = 500


def invoice_some(
    connection: Connection, month: int, period: tuple[int, int], after: str, due_us: int, now_us: int
) -> str:  # fmt: skip
    """Invoice the next customers who used something on account in a month, or have what waited since an earlier one;
    the customer to go on after, or "".

    period: the first instant of the month and of the next. What an invoice has asked for since is not asked again.
    due_us: until when it is to be paid; who pays by card is charged, so owes it at once.
    Where VAT is owed in another currency and no rate is known, usage waits on the customer's account, and an alarm
    says so, once for each month.
    """
    waiting = _waiting(connection, month, after)
    if not waiting:
        return ""
    start_us, end_us = period
    customers = sorted({customer for customer, _ in waiting})
    used = {(one.customer, one.currency): one for one in statement_store.used_on_account(connection, month, customers)}
    profiles = profiles_at(connection, customers, end_us - 1)
    running = current_of(connection, customers)
    by_card = {customer for customer, one in running.items() if one.pays == "card"}
    drafts, left_out = [], []
    for (customer, currency), left in waiting.items():
        nothing = Statement(customer=customer, currency=currency, month=month, wallet=Wallet())
        one = used.get((customer, currency), nothing)
        draft = _draft(one, left, start_us, end_us, now_us if one.customer in by_card else due_us)
        if draft.lines and _can_be_invoiced(connection, profiles[one.customer], one.currency, end_us - 1):
            drafts.append(draft)
        elif draft.lines:
            left_out.append(_not_invoiced(one, left, profiles[one.customer], now_us))
    invoice_store.issue_many(connection, drafts, end_us - 1, cause=f"{CLOSING}{month}")
    alarm_store.raise_alarms(connection, left_out)
    return customers[-1]


def _draft(one: Statement, waiting: int, start_us: int, end_us: int, due_us: int) -> InvoiceDraft:
    parts = used_on_account(one) if waiting > one.on_account - GRAINS_PER_MINOR_UNIT else []
    lines = on_account_lines(one.customer, Money(waiting, one.currency), parts, start_us, end_us)
    return InvoiceDraft(
        customer=one.customer, currency=one.currency, lines=lines, from_us=start_us, until_us=end_us, due_us=due_us,
        reference=f"usage/{one.customer}/{one.currency}/{one.month}",
    )  # fmt: skip


def _not_invoiced(one: Statement, waiting: int, profile: Profile, at_us: int) -> Alarm:
    return alarm(
        "usage_not_invoiced", one.customer, f"{one.month}/{one.currency}", at_us, month=one.month,
        amount=plain(Money(waiting, one.currency)), currency=one.currency, vat_currency=profile.vat_currency,
    )  # fmt: skip


def _can_be_invoiced(connection: Connection, profile: Profile, currency: str, at_us: int) -> bool:
    return not needs_rate(profile, currency) or vat_rate(connection, profile, currency, at_us) is not None


def _waiting(connection: Connection, month: int, after: str) -> dict[tuple[CustomerId, str], int]:
    """What waits on the next customers' accounts by the end of the month, or less if some was paid off since: by
    customer and currency, in the order of customers."""
    keys = (balances.c.account, balances.c.currency)
    left = func.sum(balances.c.debits) - func.sum(balances.c.credits)
    mine = and_(
        begins_with(connection, balances.c.account, unbilled(CustomerId(""))),
        balances.c.account > unbilled(CustomerId(after)), balances.c.month <= month,
    )  # fmt: skip
    owing = select(balances.c.account).where(mine).group_by(*keys).having(left > 0).order_by(balances.c.account)
    return waiting_of(connection, month, connection.execute(owing.distinct().limit(INVOICES_AT_ONCE)).scalars().all())


def waiting_of(connection: Connection, month: int, accounts: Sequence[str]) -> dict[tuple[CustomerId, str], int]:
    """The same of some of these accounts."""
    keys = (balances.c.account, balances.c.currency)
    left = func.sum(balances.c.debits) - func.sum(balances.c.credits)
    now = balances_at(connection, accounts)
    rows = connection.execute(
        select(*keys, left).where(balances.c.account.in_(accounts), balances.c.month <= month)
        .group_by(*keys).having(left > 0).order_by(*keys)
    )  # fmt: skip
    waiting: dict[tuple[CustomerId, str], int] = {}
    for account, currency, then in rows:
        moved = now[account, currency]
        customer = CustomerId(account.removeprefix(unbilled(CustomerId(""))))
        waiting[customer, currency] = min(int(then), moved.debits - moved.credits)
    return waiting
