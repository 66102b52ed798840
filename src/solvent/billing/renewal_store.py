"""Renewals: many periods end and the next begin, with few statements for all of them.

Each is renewed once, because its row says which period it is in: a job that crashed and runs again finds only what
is still due. After a long pause the periods in between are caught up one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Final

import msgspec
from sqlalchemy import Connection

from solvent.audit.act import SYSTEM, Change
from solvent.audit.store import add_changes
from solvent.billing import begin_store, coupon_store, invoice_store, plan_store, quota_store, subscription_store
from solvent.billing.coupon import Coupon, Redemption, used
from solvent.billing.plan import Plan, fee
from solvent.billing.plan_store import Move, Terms
from solvent.billing.quota import Quota, period_quotas
from solvent.billing.subscription import Subscription, demand_seats, is_due, renewed
from solvent.billing.turn import Held, coupon_for, draft, period_lines, reference
from solvent.invoicing.invoice import InvoiceDraft
from solvent.invoicing.profile import Profile
from solvent.invoicing.store import profiles_at
from solvent.values.ids import CustomerId

ACTION: Final = "subscription.renew"


class Renewed(msgspec.Struct, frozen=True):
    """What one turn of the job did. invoiced: how many of them cost something. left_out: what cannot be renewed."""

    renewed: int = 0
    ended: int = 0
    invoiced: int = 0
    left_out: int = 0

    def __add__(self, other: Renewed) -> Renewed:
        pairs = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)
        return Renewed(*(mine + others for mine, others in pairs))


class _Book(msgspec.Struct, frozen=True):
    """What is read once for all subscriptions of one turn."""

    plans: dict[Terms, Plan]
    moves: dict[str, Move]
    held: dict[CustomerId, list[tuple[Redemption, Coupon]]]
    profiles: dict[CustomerId, Profile]


class _Turn(msgspec.Struct, frozen=True):
    """One subscription before and after."""

    before: Subscription
    after: Subscription
    plan: Plan
    invoice: InvoiceDraft | None
    redemption: Redemption | None


def renew(connection: Connection, now_us: int, count: int, without: Collection[str] = ()) -> Renewed:
    """Renew up to `count` subscriptions by one period each; nothing when none is due. without: those to leave out.

    Raises a SolventError for one that cannot be renewed: then none of them is.
    """
    return _renew(connection, due_now(connection, now_us, count, without), now_us)


def renew_one(connection: Connection, id: str, now_us: int) -> Renewed:
    """Renew one by one period, if it is still due. Raises a SolventError when it cannot be."""
    found = subscription_store.by_id(connection, id)
    return _renew(connection, [found] if is_due(found, now_us) else [], now_us)


def due_now(connection: Connection, now_us: int, count: int, without: Collection[str]) -> list[Subscription]:
    """Up to `count` subscriptions that are due, the longest first, without some: those are among the longest due."""
    found = subscription_store.due(connection, now_us, count + len(without))
    return [subscription for subscription in found if subscription.id not in without][:count]


def _renew(connection: Connection, due: Sequence[Subscription], now_us: int) -> Renewed:
    ending = [subscription for subscription in due if subscription.cancel_at_end]
    for subscription in ending:
        begin_store.end(connection, subscription, subscription.period_end_us, now_us)
    going_on = [subscription for subscription in due if not subscription.cancel_at_end]
    turns = _turns(connection, going_on, now_us)
    if turns:
        turns = _invoice(connection, turns, now_us)
        subscription_store.put(connection, [turn.after for turn in turns])
        _turn_quotas(connection, turns, now_us)
        coupon_store.put_redemptions(connection, [turn.redemption for turn in turns if turn.redemption])
        moved = {turn.after.customer: turn.after.plan for turn in turns if turn.after.plan != turn.before.plan}
        begin_store.note_plans(connection, moved)
    changes = [_change(before, before, now_us) for before in ending]
    add_changes(connection, changes + [_change(turn.before, turn.after, now_us) for turn in turns])
    return Renewed(len(turns), len(ending), sum(1 for turn in turns if turn.invoice))


def _turns(connection: Connection, due: Sequence[Subscription], now_us: int) -> list[_Turn]:
    if not due:
        return []
    moves = plan_store.moves(connection)
    wanted = {(before.plan, before.version) for before in due} | {_next_terms(before, moves) for before in due}
    customers = [before.customer for before in due]
    book = _Book(
        plan_store.plans_at(connection, wanted),
        moves,
        coupon_store.held_by(connection, customers),
        profiles_at(connection, customers, now_us),
    )
    return [_turn(before, book, now_us) for before in due]


def _next_terms(before: Subscription, moves: dict[str, Move]) -> Terms:
    """The plan and version of the period that follows: as chosen, and never older than all are to be on by then."""
    name, version = (before.next_plan, before.next_version) if before.next_plan else (before.plan, before.version)
    move = moves.get(name)
    if move is not None and version < move.version and move.from_us <= before.period_end_us:
        version = move.version
    return name, version


def _turn(before: Subscription, book: _Book, now_us: int) -> _Turn:
    old = book.plans[before.plan, before.version]
    plan = book.plans[_next_terms(before, book.moves)]
    seats = demand_seats(plan, min(before.next_seats or before.seats, plan.seats.most) if plan.seats else 0)
    held: Held = book.held.get(before.customer, [])
    found = coupon_for(held, plan) if fee(plan, seats).grains else None
    after = renewed(before, plan, seats, found[1] if found else None, old.period)
    language = book.profiles[before.customer].language
    lines = period_lines(after, plan, found[1] if found else None, language)
    costs = sum(line.amount.grains for line in lines)
    invoice = draft(after, lines, plan.currency, reference(after), now_us) if costs else None
    return _Turn(before, after, plan, invoice, used(found[0]) if found else None)


def _invoice(connection: Connection, turns: list[_Turn], now_us: int) -> list[_Turn]:
    drafts = [turn.invoice for turn in turns if turn.invoice is not None]
    if not drafts:
        return turns
    issued = {invoice.reference: invoice.id for invoice in invoice_store.issue_many(connection, drafts, now_us)}
    return [_invoiced(turn, issued) for turn in turns]


def _invoiced(turn: _Turn, issued: Mapping[str, str]) -> _Turn:
    if turn.invoice is None:
        return turn
    oldest = turn.before.invoice or issued[turn.invoice.reference]
    return msgspec.structs.replace(turn, after=msgspec.structs.replace(turn.after, invoice=oldest))


def _turn_quotas(connection: Connection, turns: Sequence[_Turn], now_us: int) -> None:
    """Open what the new periods give, and roll over or let expire what is left of the old."""
    opened = [(quota, turn.after.usable_until_us) for turn in turns for quota in period_quotas(turn.after, turn.plan)]
    sources = [turn.before.id for turn in turns]
    following: dict[tuple[str, str], Quota] = {(quota.source, quota.place): quota for quota, _ in opened}
    over = [
        quota if (quota.source, quota.place) in following else msgspec.structs.replace(quota, roll_most=0)
        for quota in quota_store.open_of(connection, sources)
        if quota.expires_us <= now_us
    ]
    quota_store.open_quotas(connection, opened, now_us)
    quota_store.drain(connection, over, following, now_us)


def _change(before: Subscription, after: Subscription, now_us: int) -> Change:
    key = f"renew/{before.id}/{before.period_end_us}"
    id = "chg_" + sha256(f"{SYSTEM}\x1f{key}".encode()).hexdigest()[:32]
    result = msgspec.json.encode({"plan": after.plan, "version": after.version, "invoice": after.invoice})
    return Change(id, now_us, SYSTEM, key, ACTION, before.customer, "", result)
