"""The table of corrections, and the re-rating of some answers in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import astuple, replace
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, and_, select

from solvent.answering.correction import Book, Correction, Means, correct_charge, correct_cost, net_of
from solvent.answering.receipt import Receipt
from solvent.answering.receipt_store import Sought
from solvent.answering.store import receipts, receipts_of
from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.ledger import pot_store
from solvent.ledger import store as ledger_store
from solvent.ledger.account import MEMO_USED, unbilled, wallet
from solvent.ledger.balance import Movement
from solvent.ledger.beside_store import Moved
from solvent.ledger.pot import Pot
from solvent.ledger.transfer import Transfer
from solvent.margin import facet_store
from solvent.margin import store as margin_store
from solvent.margin.facet import CORRECTED, FREE, Facet
from solvent.margin.line import MarginKey, MarginSums
from solvent.pricing.rate_card import RateCard
from solvent.pricing.rerate import card_by_rights
from solvent.values.ids import AnswerId, CustomerId
from solvent.values.instant import NEVER_US
from solvent.values.limits import CORRECTIONS_AT_ONCE

_TEXTS = {"id", "answer", "customer", "plan", "model", "book", "from_card", "card", "currency"}

corrections = Table(
    "corrections",
    metadata,
    *(
        Column(name, Text if name in _TEXTS else BigInteger, primary_key=name == "id", nullable=False)
        for name in Correction.__struct_fields__
    ),
    Index("ix_corrections_answer", "answer"),
    Index("ix_corrections_at_us", "at_us"),
)

_NAMED = ("customer", "plan", "model")
_TRANSFER = [ledger_store.transfers.c[name] for name in Transfer.__struct_fields__]


class Order(msgspec.Struct, frozen=True):
    """What is to be corrected: answers that one card rated in one book, in an order of their ids.

    cards: of that name as they are now, from old to new. from_id, until_id: answers in [from_id, until_id).
    day: the calendar day the differences count for. collect: whether a customer pays for answers that turn out
    dearer, as far as the wallet has money to spare; the house bears the rest.
    """

    book: Book
    name: str
    cards: tuple[RateCard, ...]
    from_id: AnswerId
    until_id: AnswerId
    day: int
    collect: bool


class Corrected(msgspec.Struct, frozen=True):
    """What came of it. answers: those looked at; corrected: those that changed; unpriced: those no price is in force
    for any more. *_grains: what the receipts' amounts become more by, in all. last: where to go on.
    """

    currency: str = ""
    answers: int = 0
    corrected: int = 0
    unpriced: int = 0
    cost_grains: int = 0
    charge_grains: int = 0
    granted_grains: int = 0
    included_grains: int = 0
    overrun_grains: int = 0
    last: AnswerId = AnswerId("")

    def __add__(self, other: Corrected) -> Corrected:
        counts = {name: getattr(self, name) + getattr(other, name) for name in _COUNTS}
        return Corrected(currency=other.currency or self.currency, last=other.last, **counts)


_COUNTS = Corrected.__struct_fields__[1:-1]


class Plan(msgspec.Struct, frozen=True):
    """What would be written."""

    made: tuple[Correction, ...]
    transfers: tuple[Transfer, ...]
    outcome: Corrected


def answers_to_correct(connection: Connection, order: Order, after: AnswerId) -> list[Receipt]:
    """The next receipts of an order, oldest first."""
    column = receipts.c.cost_card if order.book == "cost" else receipts.c.price_card
    chosen = select(receipts).where(
        receipts.c.id >= order.from_id,
        receipts.c.id > after,
        receipts.c.id < order.until_id,
        column.startswith(f"{order.name}@", autoescape=True),
    )
    rows = connection.execute(chosen.order_by(receipts.c.id).limit(CORRECTIONS_AT_ONCE))
    return [Receipt(*row) for row in rows]


def corrections_of(connection: Connection, answer: AnswerId) -> list[Correction]:
    """The corrections of an answer, oldest first."""
    chosen = select(corrections).where(corrections.c.answer == answer)
    rows = connection.execute(chosen.order_by(corrections.c.at_us, corrections.c.id))
    return [Correction(*row) for row in rows]


def corrections_between(connection: Connection, sought: Sought, count: int) -> list[Correction]:
    """Up to `count` corrections, newest first, that were booked in the days of what is looked for, of such answers."""
    chosen = [corrections.c.at_us >= sought.from_us, corrections.c.at_us < sought.until_us]
    chosen += [corrections.c[name] == getattr(sought, name) for name in _NAMED if getattr(sought, name)]
    of = [receipts.c[name] == getattr(sought, name) for name in ("service", "key") if getattr(sought, name)]
    if sought.spent_on:
        of.append(receipts.c.on_free_plan == int(sought.spent_on == FREE))
        chosen.append(corrections.c.cost_grains != 0)
    if of:
        chosen.append(corrections.c.answer.in_(select(receipts.c.id).where(receipts.c.id == corrections.c.answer, *of)))
    order = (corrections.c.at_us.desc(), corrections.c.id.desc())
    return [
        Correction(*row) for row in connection.execute(select(corrections).where(*chosen).order_by(*order).limit(count))
    ]


def given_back(connection: Connection, customers: Sequence[str], first: str) -> list[Moved]:
    """What corrections of answers before `first` gave back to quotas of customers, which stands among the answers' own
    transfers: by account, unit and instant."""
    its, moved = corrections.c, ledger_store.transfers.c
    chosen = select(moved.credit, moved.currency, moved.at_us, moved.grains).where(
        its.id < first, its.customer.in_(customers), its.book == "price", its.included_grains < 0,
        moved.id > its.id + ".", moved.id < its.id + "/", moved.debit == MEMO_USED, moved.state == "posted",
    )  # fmt: skip
    return [(row[0], row[1], row[2], int(row[3])) for row in connection.execute(chosen.order_by(moved.seq))]


def plan(connection: Connection, order: Order, found: Sequence[Receipt], at_us: int) -> Plan:
    """What correcting these answers comes to, without writing anything."""
    made: list[Correction] = []
    rows: list[Transfer] = []
    unpriced = 0
    purses = _Purses(connection, at_us)
    for receipt in found:
        version = receipt.cost_card if order.book == "cost" else receipt.price_card
        card = card_by_rights(order.cards, version, receipt.at_us - receipt.total_us)
        if card is None:
            unpriced += 1
            continue
        before = [one for one in corrections_of(connection, receipt.id) if one.book == order.book]
        if (before[-1].card if before else version) == card.version:
            continue
        net = net_of(_transfers_of(connection, receipt.id))
        if order.book == "cost":
            corrected = correct_cost(receipt, net, card, at_us)
        else:
            means = purses.means(receipt.customer, receipt.currency, collect=order.collect)
            corrected = correct_charge(receipt, net, before, card, at_us, means)
        if corrected is not None and all(one.id != corrected[0].id for one in before):
            made.append(corrected[0])
            rows += corrected[1]
            purses.moved(corrected[1])
    return Plan(tuple(made), tuple(rows), _outcome(found, made, unpriced))


def book(connection: Connection, planned: Plan, day: int) -> Corrected:
    """Write a plan: corrections, their postings, and the roll-ups of the day it is done on."""
    customers = {one.customer for one in planned.made if one.book == "price"}
    _open_wallets(connection, planned, customers)
    append_rows(connection, corrections, map(astuple, planned.made))
    ledger_store.append(connection, list(planned.transfers))
    margin_store.add(
        connection, [(MarginKey(day, one.customer, one.plan, one.model), _sums(one)) for one in planned.made]
    )
    of = receipts_of(connection, [one.answer for one in planned.made])
    facets = [Facet(day, one.customer, of[one.answer].key, of[one.answer].service, _sums(one)) for one in planned.made]
    facet_store.add(connection, facets)
    # What a corrected price changes of costs is no kind of use: it stands as a part of its own, but for free answers.
    corrected = [
        (day, one.plan, FREE if of[one.answer].on_free_plan else CORRECTED, one.cost_grains)
        for one in planned.made
        if one.cost_grains
    ]
    facet_store.add_parts(connection, corrected)
    if customers:
        pot_store.touch_customers(connection, sorted(customers))
    return planned.outcome


def _transfers_of(connection: Connection, answer: AnswerId) -> list[Transfer]:
    """Every transfer of an answer. All their ids begin with its own and a dot, and "/" comes after the dot."""
    of = ledger_store.transfers.c.id
    rows = connection.execute(select(*_TRANSFER).where(and_(of >= answer, of < f"{answer}/")).order_by(of))
    return [Transfer(*row) for row in rows]


class _Purses:
    """What customers have, kept up to date while a plan is made."""

    def __init__(self, connection: Connection, at_us: int) -> None:
        self._connection = connection
        self._at_us = at_us
        self._pots: dict[CustomerId, frozenset[str]] = {}
        self._left: dict[tuple[str, str], int] = {}

    def means(self, customer: CustomerId, currency: str, *, collect: bool) -> Means:
        if customer not in self._pots:
            good = pot_store.pots_of(self._connection, customer, self._at_us)
            self._pots[customer] = frozenset(pot.account for pot in good if pot.opens_us <= self._at_us)
        return Means(
            self._free(wallet(customer), currency) if collect else 0,
            self._waiting(unbilled(customer), currency),
            self._pots[customer],
        )

    def moved(self, rows: Iterable[Transfer]) -> None:
        """Takes in what was planned: what is given into a wallet may be taken out again, and the reverse."""
        for row in rows:
            for account, grains in ((row.debit, -row.grains), (row.credit, row.grains)):
                if (account, row.currency) in self._left:
                    self._left[account, row.currency] += grains

    def _free(self, account: str, unit: str) -> int:
        if (account, unit) not in self._left:
            self._left[account, unit] = pot_store.free(self._connection, account, unit)
        return self._left[account, unit]

    def _waiting(self, account: str, unit: str) -> int:
        """A receivable grows by debits, so it is kept below zero here."""
        if (account, unit) not in self._left:
            moved = ledger_store.balances_at(self._connection, (account,)).get((account, unit), Movement())
            self._left[account, unit] = moved.credits - moved.debits
        return -self._left[account, unit]


def _open_wallets(connection: Connection, planned: Plan, customers: Iterable[CustomerId]) -> None:
    """A wallet that money comes into for the first time is a pot that answers may be drawn from."""
    credited = {row.credit: row.currency for row in planned.transfers if row.credit.startswith("wallet:")}
    known = pot_store.pots_at(connection, sorted(credited))
    missing = [
        Pot(account, credited[account], customer, "wallet", "", 0, NEVER_US)
        for customer in sorted(customers)
        if (account := wallet(customer)) in credited and account not in known
    ]
    if missing:
        pot_store.open_pots(connection, missing)


def _sums(one: Correction) -> MarginSums:
    return MarginSums(
        charge_grains=one.charge_grains,
        granted_grains=one.granted_grains,
        included_grains=one.included_grains,
        cost_grains=one.cost_grains,
    )


def _outcome(found: Sequence[Receipt], made: Sequence[Correction], unpriced: int) -> Corrected:
    sums = {name: sum(getattr(one, name) for one in made) for name in _COUNTS if name.endswith("_grains")}
    outcome = Corrected(answers=len(found), corrected=len(made), unpriced=unpriced, **sums)
    return replace(outcome, currency=found[-1].currency, last=found[-1].id) if found else outcome
