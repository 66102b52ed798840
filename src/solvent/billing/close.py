"""Closing a month, as far as it is arithmetic: customers' statements, what is earned by now, and proof of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

import msgspec

from solvent.billing.recognition import Earned, Schedule
from solvent.db.port import Connection
from solvent.invoicing.profile import Profile
from solvent.invoicing.statement import (
    ModelUse,
    PotUse,
    Statement,
    Wallet,
    vat_on_use,
    with_gifts_first,
)
from solvent.ledger.account import BREAKAGE, CUSTOMER_GRANTS, REVENUE_ANSWERS
from solvent.ledger.books import AccountSum
from solvent.ledger.sealing import CLOSING
from solvent.ledger.transfer import Transfer, posting
from solvent.values.ids import CustomerId, TransferId
from solvent.values.money import Money

# Customer, model, answers, tokens read and written, charge, covered by a plan: margin.usage_store, a room beside this.
Used = tuple[str, str, int, int, int, int, int]
UsageReader = Callable[[Connection, Sequence[str], int, int], list[Used]]
Fold = Callable[[Connection], object]  # takes into it what is booked and not in it yet


class WalletTotals(msgspec.Struct, frozen=True):
    """All statements of a month in one currency, added up, in grains. vat: on what was used of paid money."""

    currency: str
    statements: int
    opening: int
    paid_in: int
    gifts: int
    used: int
    paid_out: int
    expired: int
    gifts_used: int
    on_account: int
    vat: int


class Closing(msgspec.Struct, frozen=True):
    """A closed month. hash: over its statements, its accounts and the month before, and nothing else, so that closing
    it again gives the same. chain: where the journal's chain had come to.
    """

    month: int
    closed_us: int
    wallets: tuple[WalletTotals, ...]
    accounts: tuple[AccountSum, ...]
    hash: str
    chain: str


class Proof(msgspec.Struct, frozen=True):
    """What a closing rests on: its accounts and its hash, and the journal's last row before they were read."""

    seq: int
    accounts: tuple[AccountSum, ...]
    hash: str


class PotMove(msgspec.Struct, frozen=True):
    """What one pot did in a month. left: what was in it at the end."""

    customer: CustomerId
    kind: str
    account: str
    unit: str
    debits: int
    credits: int
    left: int


class Before(msgspec.Struct, frozen=True):
    """How a customer's month begins: the end of their last statement, in grains."""

    closing: int = 0
    gifts_left: int = 0
    vat_carried: int = 0


class Facts(msgspec.Struct, frozen=True):
    """All that statements of some customers are made from.

    into, out: what came into wallets and left pots beside answers, by account: where from or to, and how much.
    on_account: used on account, by customer and currency.
    """

    pots: Sequence[PotMove]
    into: Mapping[str, Sequence[tuple[str, int]]]
    out: Mapping[str, Sequence[tuple[str, int]]]
    on_account: Mapping[tuple[CustomerId, str], int]
    before: Mapping[tuple[CustomerId, str], Before]
    profiles: Mapping[CustomerId, Profile]
    used: Sequence[Used]


def statements(month: int, currency: str, facts: Facts) -> list[Statement]:
    """One statement for each customer and currency that anything happened in. currency: of the operator's prices."""
    wallets = {(pot.customer, pot.unit): pot for pot in facts.pots if pot.kind == "wallet"}
    models: dict[CustomerId, list[ModelUse]] = {}
    for row in facts.used:
        models.setdefault(CustomerId(row[0]), []).append(ModelUse(*row[1:]))
    others: dict[CustomerId, list[PotMove]] = {}
    for pot in facts.pots:
        if pot.kind in ("allowance", "grant"):
            others.setdefault(pot.customer, []).append(pot)
    keys = {*wallets, *facts.on_account, *((customer, currency) for customer in (*models, *others))}
    made = []
    for customer, unit in sorted(keys):
        before = facts.before.get((customer, unit), Before())
        moved = with_gifts_first(_wallet(wallets.get((customer, unit)), before, facts), before.gifts_left)
        vat, carried = vat_on_use(moved, facts.profiles[customer], before.vat_carried)
        is_main = unit == currency
        made.append(
            Statement(
                customer=customer,
                currency=unit,
                month=month,
                wallet=moved,
                on_account=facts.on_account.get((customer, unit), 0),
                vat=vat,
                vat_carried=carried,
                models=tuple(sorted(models.get(customer, ()), key=lambda one: one.model)) if is_main else (),
                pots=_pots(others.get(customer, ()), facts) if is_main else (),
            )
        )
    return made


def _wallet(pot: PotMove | None, before: Before, facts: Facts) -> Wallet:
    if pot is None:
        return Wallet(opening=before.closing)
    paid_in = gifts = back = paid_out = expired = 0
    for source, grains in facts.into.get(pot.account, ()):
        if source == CUSTOMER_GRANTS:
            gifts += grains
        elif source == REVENUE_ANSWERS:  # an answer's charge that was given back
            back += grains
        else:
            paid_in += grains
    for goal, grains in facts.out.get(pot.account, ()):
        if goal == CUSTOMER_GRANTS:
            gifts -= grains
        elif goal == BREAKAGE:
            expired += grains
        else:
            paid_out += grains
    beside = sum(grains for _, grains in facts.out.get(pot.account, ()))
    moved = Wallet(
        opening=before.closing, paid_in=paid_in, gifts=gifts, used=pot.debits - beside - back, paid_out=paid_out,
        expired=expired,
    )  # fmt: skip
    assert moved.closing == before.closing + pot.credits - pot.debits, f"{pot.account}: its moves are not its balance"
    return moved


def _pots(pots: Sequence[PotMove], facts: Facts) -> tuple[PotUse, ...]:
    """Allowances and expiring gifts by unit. What rolls from one into another is neither given nor expired."""
    sums: dict[tuple[str, str], list[int]] = {}
    for pot in pots:
        out = facts.out.get(pot.account, ())
        beside = sum(grains for _, grains in out)
        rolled = sum(grains for goal, grains in out if goal.startswith("allowance:"))
        add = (pot.credits - rolled, pot.debits - beside, beside - rolled, pot.left)
        known = sums.setdefault((pot.kind, pot.unit), [0, 0, 0, 0])
        for at, grains in enumerate(add):
            known[at] += grains
    return tuple(
        PotUse("grant" if kind == "grant" else "allowance", unit, *sums[kind, unit]) for kind, unit in sorted(sums)
    )


def recognition_postings(schedule: Schedule, earned: Earned, month: int, at_us: int) -> list[Transfer]:
    """What is recognised now: what is earned so far, less what was posted before. Either may be below zero."""
    revenue = earned.revenue - schedule.recognised_grains
    rows = []
    for name, goal, grains in (("", schedule.revenue_account, revenue), ("b", BREAKAGE, earned.breakage)):
        if not grains:
            continue
        debit, credit = (schedule.account, goal) if grains > 0 else (goal, schedule.account)
        id = TransferId(f"{schedule.id}.{month}{name}")
        rows.append(posting(id, at_us, debit, credit, Money(abs(grains), schedule.currency), f"{CLOSING}{month}"))
    return rows


def digest(month: int, made: Iterable[Statement], accounts: Sequence[AccountSum], before: str) -> str:
    """A proof of a month: the SHA-256 over its statements in order, its accounts, and the proof of the month before."""
    whole = sha256(f"{month}\x1f{before}".encode())
    parts = sorted((one.customer, one.currency, sha256(msgspec.json.encode(one)).digest()) for one in made)
    for _, _, part in parts:
        whole.update(part)
    whole.update(msgspec.json.encode(accounts))
    return whole.hexdigest()
