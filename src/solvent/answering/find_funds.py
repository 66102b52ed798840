"""Find the funds for a question that this process cannot promise by itself: ask the database, lease more, ask others.

Near its limit a pot is precise: what is leased elsewhere is called in, and only then is a question clamped or
refused.
"""

from __future__ import annotations

import asyncio

from solvent.answering import funding_store
from solvent.answering.desk import Desk
from solvent.answering.funding import Found, Known
from solvent.answering.opening import Case, open_answer
from solvent.answering.settlement import Opened
from solvent.billing.admission import Declined
from solvent.billing.funds import Funds
from solvent.values.errors import Refused
from solvent.values.instant import US_PER_S, iso
from solvent.values.limits import LEASE_CALL_IN_S_MAX, LEASE_CALL_IN_STEP_S, LEASE_IDLE_S, LEASE_TENDED_S
from solvent.values.money import Money, plain


async def find_funds(case: Case, desk: Desk) -> Opened:
    """Raises Refused when the pots cannot pay, saying whether waiting, topping up or asking for less would help."""
    waited_s = 0.0
    while True:
        funds = desk.funds_of(case.customer.id)
        if funds.turn is None:
            funds.turn = asyncio.Lock()
        async with funds.turn:  # those who ask at once for one customer share what the first one finds
            opened = open_answer(case, desk, settle_for_less=False)
            if isinstance(opened, Opened):
                return opened
            found = await _look(case, funds, desk)
            _take_in(found, case, funds, desk.now_us())
            last = not found.elsewhere or waited_s >= LEASE_CALL_IN_S_MAX
            opened = open_answer(case, desk, settle_for_less=last)
        if isinstance(opened, Opened):
            return opened
        if isinstance(opened, Declined):
            raise _refusal(opened, found)
        await asyncio.sleep(LEASE_CALL_IN_STEP_S)
        waited_s += LEASE_CALL_IN_STEP_S


async def _look(case: Case, funds: Funds, desk: Desk) -> Found:
    purses = {pot.account: funds.purse(pot) for pot in (*funds.pots, *funds.budgets)}
    known = {account: Known(purse.spare, purse.slice) for account, purse in purses.items()}
    return await desk.database.write(
        lambda connection: funding_store.look(connection, case, known, desk.holder, desk.time_zone)
    )


def _take_in(found: Found, case: Case, funds: Funds, now_us: int) -> None:
    funds.take_in(found.pots, found.standing, case.scopes)
    for pot in found.pots:
        grains = found.leased.get(pot.account)
        if grains is None:
            continue
        purse = funds.purse(pot)
        purse.lease(grains, now_us)
        is_dry = pot.account in found.dry
        if not is_dry:
            purse.slice = 2 * max(grains, purse.slice)
        dry_s = LEASE_TENDED_S if pot.account in found.elsewhere else LEASE_IDLE_S
        purse.dry_until_us = now_us + int(dry_s * US_PER_S) if is_dry else 0


def _refusal(declined: Declined, found: Found) -> Refused:
    needed = f"{plain(declined.needed)} {declined.needed.currency}"
    code = declined.code
    if code in ("wallet_empty", "request_exceeds_balance"):
        if not found.posted:
            code = "plan_quota_exhausted" if _sells_quota_only(found) else "wallet_empty"
        else:
            code = "balance_held" if found.posted >= declined.needed.grains else "request_exceeds_balance"
    left = f"{plain(declined.available)} {declined.available.currency}"
    posted = f"{plain(Money(found.posted, declined.needed.currency))} {declined.needed.currency}"
    resets = f", or wait for {iso(found.standing.period.end_us)}" if found.standing is not None else ""
    messages = {
        "wallet_empty": "the wallet is empty; top it up and ask again",
        "balance_held": f"this needs {needed}; {left} is free while other answers are under way; ask again soon",
        "request_exceeds_balance": f"this needs at least {needed} and the wallet has {posted}; top it up or ask less",
        "plan_quota_exhausted": f"what the plan includes is used up; change the plan{resets}",
        "budget_exceeded": f"{declined.by} is used up; ask whoever set it to raise it, or wait until it begins anew",
        "plan_at_break_even": f"your answers have come to what your plan pays for; top up the wallet{resets}",
    }
    return Refused(code, messages[code], retry_after_s=2 if code == "balance_held" else None)


def _sells_quota_only(found: Found) -> bool:
    return found.standing is not None and found.standing.plan.beyond == "stop"
