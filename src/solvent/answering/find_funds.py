"""Find the funds for a question that this process cannot promise by itself: ask the database, lease more, ask others.

Near its limit a pot is precise: what is leased elsewhere is called in, and only then is a question clamped or
refused.
"""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec

from solvent.answering import funding_store
from solvent.answering.desk import Desk
from solvent.answering.funding import Found, Known, matters
from solvent.answering.opening import Case, as_asked_now, open_answer
from solvent.answering.settlement import Opened
from solvent.billing.admission import Declination, Declined
from solvent.billing.funds import Funds
from solvent.ledger.purse import Purse
from solvent.values.errors import Refused
from solvent.values.instant import NEVER_US, US_PER_S, iso
from solvent.values.limits import LEASE_CALL_IN_STEP_S, LEASE_CALL_IN_STEPS, LEASE_IDLE_S
from solvent.values.money import Money, plain


async def find_funds(case: Case, desk: Desk) -> Opened:
    """Raises Refused when the pots cannot pay, saying whether waiting, topping up or asking for less would help."""
    clock = asyncio.get_running_loop().time
    latest = clock() + LEASE_CALL_IN_STEPS * LEASE_CALL_IN_STEP_S
    while True:
        funds = desk.funds_of(case.customer.id)
        if funds.turn is None:
            funds.turn = asyncio.Lock()
        came = funds.looks
        async with funds.turn:  # those who ask at once for one customer share what the first one finds
            if desk.funds.get(case.customer.id) is not funds:
                continue  # they were idle, and given up while we waited
            opened = open_answer(case, desk, settle_for_less=False)
            if isinstance(opened, Opened):
                return opened
            if not _has_looked(case, funds, desk, came):
                await _look(case, funds, desk)
            if clock() >= latest:
                _stop_waiting(case, funds, desk)
            opened = open_answer(case, desk, settle_for_less=_is_all(case, funds, desk))
        if isinstance(opened, Opened):
            return opened
        if isinstance(opened, Declined):
            raise _refusal(opened, funds.found)
        await asyncio.sleep(LEASE_CALL_IN_STEP_S)


def _purses(case: Case, funds: Funds, desk: Desk) -> list[tuple[Purse, int]]:
    """The purses of all pots that matter to a question, and what it needs of each."""
    case = as_asked_now(case, funds.standing, desk)
    at_us, model_class, tokens = case.question.received_us, case.route.model_class, case.ask.output_tokens_asked
    return [
        (funds.purse(pot), case.ask.needed(pot.unit, tokens))
        for pot in (*funds.pots, *funds.budgets)
        if matters(pot, case.scopes, model_class, at_us)
    ]


def _is_all(case: Case, funds: Funds, desk: Desk) -> bool:
    """Whether there is no more to be had than is here. What was found a moment ago may be set aside by others by now:
    then there may be more, and is looked for again."""
    at_us = case.question.received_us
    return all(purse.spare >= needed or at_us < purse.dry_until_us for purse, needed in _purses(case, funds, desk))


def _has_looked(case: Case, funds: Funds, desk: Desk, came: int) -> bool:
    """Whether somebody has looked since we came, and found all that there is for us too. came: the looks by then."""
    at_us = case.question.received_us
    if funds.looks == came or not funds.is_known(case.scopes, at_us):
        return False
    return all(
        purse.looked > came and (purse.spare >= needed or at_us < purse.dry_until_us or purse.is_elsewhere)
        for purse, needed in _purses(case, funds, desk)
    )


async def _look(case: Case, funds: Funds, desk: Desk) -> None:
    looking = asyncio.create_task(_look_and_take_in(case, funds, desk))
    try:
        await asyncio.shield(looking)
    except asyncio.CancelledError:  # who leaves now leaves no lease behind that nobody knows of
        await asyncio.wait((looking,))
        raise


async def _look_and_take_in(case: Case, funds: Funds, desk: Desk) -> None:
    as_asked = partial(as_asked_now, case, desk=desk)
    purses = {pot.account: funds.purse(pot) for pot in (*funds.pots, *funds.budgets)}
    known = {account: Known(purse.spare, purse.slice) for account, purse in purses.items()}
    changes, was = funds.changes, funds.standing
    funds.looks += 1
    desk.looking += 1
    try:
        found = await desk.database.write(
            lambda connection: funding_store.look(connection, case, known, desk.holder, desk.time_zone, as_asked, was)
        )
        _take_in(found, case, funds, desk)
    finally:
        desk.looking -= 1
    if funds.changes != changes:  # we may have looked before that
        funds.good_until_us = 0


def _take_in(found: Found, case: Case, funds: Funds, desk: Desk) -> None:
    now_us = desk.now_us()
    funds.take_in(found.pots, found.standing, case.scopes, case.question.received_us)
    funds.found = found
    for purse, _ in _purses(case, funds, desk):
        purse.looked = funds.looks
    for pot in found.pots:
        grains = found.leased.get(pot.account)
        if grains is None:
            continue
        purse = funds.purse(pot)
        purse.lease(grains, now_us)
        is_dry = pot.account in found.dry
        purse.is_elsewhere = pot.account in found.elsewhere
        if not is_dry:
            purse.slice = 2 * max(grains, purse.slice)
        is_all = is_dry and not purse.is_elsewhere
        purse.dry_until_us = now_us + int(LEASE_IDLE_S * US_PER_S) if is_all else 0


def _stop_waiting(case: Case, funds: Funds, desk: Desk) -> None:
    """Others do not give theirs back: what is here is all there is, for a while and for everybody."""
    now_us = desk.now_us()
    for purse, needed in _purses(case, funds, desk):
        if purse.is_elsewhere and purse.spare < needed:
            purse.is_elsewhere = False
            purse.dry_until_us = now_us + int(LEASE_IDLE_S * US_PER_S)


def _refusal(declined: Declined, found: Found) -> Refused:
    declined = msgspec.structs.replace(declined, code=_code(declined, found))
    needed = f"{plain(declined.needed)} {declined.needed.currency}"
    left = f"{plain(declined.available)} {declined.available.currency}"
    posted = f"{plain(Money(found.posted, declined.needed.currency))} {declined.needed.currency}"
    resets_us = _resets_us(declined, found)
    resets = f", or wait for {iso(resets_us)}" if resets_us else ""
    messages = {
        "wallet_empty": "the wallet is empty; top it up and ask again",
        "balance_held": f"this needs {needed}; {left} is free while other answers are under way; ask again soon",
        "request_exceeds_balance": f"this needs at least {needed} and the wallet has {posted}; top it up or ask less",
        "plan_quota_exhausted": f"what the plan includes is used up; change the plan{resets}",
        "budget_exceeded": f"{declined.by} is used up; ask whoever set it to raise it{resets}",
        "plan_at_break_even": f"your answers have come to what your plan pays for; {_way_on(found)}{resets}",
    }
    retry_after_s = 2 if declined.code == "balance_held" else None
    return Refused(declined.code, messages[declined.code], retry_after_s=retry_after_s, resets_us=resets_us)


def _resets_us(declined: Declined, found: Found) -> int:
    """When what is used up begins anew; 0 for never."""
    if declined.code == "budget_exceeded":
        return next((pot.expires_us for pot in found.pots if pot.account == declined.by), NEVER_US) % NEVER_US
    if declined.code in ("plan_quota_exhausted", "plan_at_break_even") and found.standing is not None:
        return found.standing.period.end_us
    return 0


def _code(declined: Declined, found: Found) -> Declination:
    """The reason as the books have it, beyond what this process may promise."""
    if declined.code not in ("wallet_empty", "request_exceeds_balance"):
        return declined.code
    if not found.posted:
        return "plan_quota_exhausted" if _sells_quota_only(found) else "wallet_empty"
    return "balance_held" if found.posted >= declined.needed.grains else "request_exceeds_balance"


def _sells_quota_only(found: Found) -> bool:
    return found.standing is not None and found.standing.plan.beyond == "stop"


def _way_on(found: Found) -> str:
    """What helps whoever is at break-even: nothing pays for them then but a pack, or what the plan says."""
    tops_up = found.standing is not None and found.standing.plan.at_break_even == "offer_top_up"
    return "top up the wallet" if tops_up else "buy a pack or change the plan"
