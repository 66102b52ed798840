"""Leases, whatever several processes do with them: nothing of a pot is promised twice, and nothing is lost sight of."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Engine, text
from tests.db.opened import Place

from solvent.db.engine import WRITE
from solvent.ledger import pot_store, store
from solvent.ledger.account import allowance, wallet
from solvent.ledger.balance import Calendar
from solvent.ledger.purse import Purse
from solvent.ledger.transfer import Transfer, hold, post, posting, void
from solvent.ledger.unit import ANSWERS
from solvent.ledger.verdict import Verification
from solvent.values.errors import Refused
from solvent.values.ids import CustomerId, TransferId
from solvent.values.money import Money
from solvent.values.period import zone

CUSTOMER = CustomerId("cus_a")
POTS = {wallet(CUSTOMER): "KRW", wallet(CustomerId("cus_b")): "KRW", allowance(CUSTOMER, "p"): ANSWERS}
HOLDERS = ("proc_1", "proc_2", "proc_3")
POT, HOLDER = st.sampled_from(sorted(POTS)), st.sampled_from(HOLDERS)
GRAINS = st.integers(0, 50) | st.integers(0, 10**6)
CHOICE = st.integers(0, 10**6)
Lease = tuple[str, str, str, int]


class Leases(RuleBasedStateMachine):
    """Three processes with purses in memory; what they write is queued, as in a group commit."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.engine.connect().execution_options(**WRITE)
        for table in ("transfers", "balances", "marks", "leases"):
            with self.connection.begin():
                self.connection.execute(text(f"DELETE FROM {table}"))
        self.count = 0
        self.transfers: list[Transfer] = []  # queued
        self.shifts: list[Lease] = []  # queued
        self.purses: defaultdict[tuple[str, str], Purse] = defaultdict(Purse)
        self.open: dict[str, tuple[str, Transfer]] = {}
        self.writers: dict[str, str] = {}  # which process queued a row
        self.inside: defaultdict[str, int] = defaultdict(int)  # what is in a pot, set aside or not

    def next_id(self) -> TransferId:
        self.count += 1
        return TransferId(f"ans_{self.count:06d}")

    def write(self) -> None:
        """Everything that is queued, in one commit."""
        if self.transfers or self.shifts:
            with self.connection.begin():
                store.append(self.connection, self.transfers)
                pot_store.shift_leases(self.connection, self.shifts)
        self.transfers, self.shifts = [], []

    @rule()
    def write_what_is_queued(self) -> None:
        self.write()

    @rule(account=POT, grains=GRAINS)
    def pay_in(self, account: str, grains: int) -> None:
        row = posting(self.next_id(), self.count, "cash:bank", account, Money(grains, POTS[account]), "")
        self.transfers.append(row)
        self.inside[account] += grains

    @rule(account=POT, holder=HOLDER, most=GRAINS)
    def take(self, account: str, holder: str, most: int) -> None:
        self.write()
        with self.connection.begin():
            before = pot_store.free(self.connection, account, POTS[account])
            taken = pot_store.take_lease(self.connection, holder, account, POTS[account], most)
        assert taken == min(most, before)
        self.purses[holder, account].lease(taken, self.count)

    @rule(account=POT, holder=HOLDER, share=st.integers(0, 100))
    def hold(self, account: str, holder: str, share: int) -> None:
        purse = self.purses[holder, account]
        grains = purse.spare * share // 100
        purse.hold(grains)
        amount = Money(grains, POTS[account])
        held = hold(self.next_id(), self.count, account, "revenue:answers", amount, self.count + 9, "", holder)
        self.transfers.append(held)
        self.writers[held.id] = holder
        self.shifts.append((account, POTS[account], holder, -grains))
        self.open[held.id] = holder, held

    @precondition(lambda self: self.open)
    @rule(which=CHOICE, share=st.integers(0, 100))
    def settle(self, which: int, share: int) -> None:
        holder, held = self.open.pop(sorted(self.open)[which % len(self.open)])
        spent = held.grains * share // 100
        self.purses[holder, held.debit].settle(held.grains, spent)
        amount = Money(spent, held.currency)
        end = post(held, amount, self.count) if spent else void(held, self.count)
        self.transfers.append(end)
        self.writers[end.id] = holder
        self.shifts.append((held.debit, held.currency, holder, held.grains - spent))
        self.inside[held.debit] -= spent

    @rule(account=POT, holder=HOLDER)
    def give_back(self, account: str, holder: str) -> None:
        """As `tend_leases`: a lease ends when nothing is under way, else it is only lessened."""
        self.write()
        purse = self.purses[holder, account]
        given = purse.give_back()
        with self.connection.begin():
            if not purse.under_way:
                pot_store.end_leases(self.connection, holder, [(account, POTS[account])])
            elif given:
                pot_store.lessen_leases(self.connection, [(account, POTS[account], holder, -given)])

    @rule(account=POT, holder=HOLDER)
    def give_back_while_somebody_looks(self, account: str, holder: str) -> None:
        self.write()
        purse = self.purses[holder, account]
        given = purse.give_back()
        with self.connection.begin():
            if given:
                pot_store.lessen_leases(self.connection, [(account, POTS[account], holder, -given)])
            if not purse.under_way:
                pot_store.end_empty_leases(self.connection, holder, [(account, POTS[account])])

    @rule(account=POT, holder=HOLDER)
    def call_in(self, account: str, holder: str) -> None:
        """Everybody else who has something left is asked for it, and nobody else is."""
        self.write()
        unit = POTS[account]
        with_some = {other for other in HOLDERS if other != holder and self.purses[other, account].spare}
        with self.connection.begin():
            assert pot_store.recall(self.connection, account, unit, holder) == len(with_some)
            assert pot_store.leases_beside(self.connection, account, unit, holder) == len(with_some)
            for other in with_some:
                assert (account, unit) in pot_store.recalled(self.connection, other)

    @rule(account=POT, grains=GRAINS)
    def take_out_beside_the_answers(self, account: str, grains: int) -> None:
        """A refund or a correction: what is leased or set aside is not touched."""
        self.write()
        unit = POTS[account]
        with self.connection.begin():
            if grains > pot_store.free(self.connection, account, unit):
                with pytest.raises(Refused) as caught:
                    pot_store.demand_free(self.connection, account, unit, grains)
                assert caught.value.code == "balance_held"
                return
            pot_store.demand_free(self.connection, account, unit, grains)
            row = posting(self.next_id(), self.count, account, "cash:bank", Money(grains, unit), "")
            store.append(self.connection, [row])
            self.inside[account] -= grains

    @rule(holder=HOLDER)
    def die(self, holder: str) -> None:
        """What it had queued is lost with it; its holds are voided and its leases end."""
        for row in [row for row in self.transfers if self.writers.get(row.id) == holder]:
            self.transfers.remove(row)
            if row.resolves:
                self.inside[row.debit] += row.grains
        self.shifts = [shift for shift in self.shifts if shift[2] != holder]
        self.open = {id: held for id, held in self.open.items() if held[0] != holder}
        for account in POTS:
            self.purses[holder, account] = Purse()
        self.write()
        with self.connection.begin():
            holds = [row for row in store.open_holds(self.connection, "", "b") if row.holder == holder]
            store.append(self.connection, [void(row, self.count) for row in holds])
            pot_store.end_leases(self.connection, holder)

    @invariant()
    def nothing_is_promised_twice(self) -> None:
        with self.connection.begin():
            lent = pot_store.all_leased(self.connection)
            for account, unit in POTS.items():
                free = pot_store.free(self.connection, account, unit)
                assert free >= 0
                assert lent.get((account, unit), 0) == pot_store.leased(self.connection, account, unit)
                left = pot_store.left_of(self.connection, [account]).get((account, unit), (0, 0))
                assert left[0] == free
                if not self.transfers:
                    assert left[1] == self.inside[account], "what went in and has not come out is in it"
        assert all(purse.spare >= 0 for purse in self.purses.values())

    @invariant()
    def memory_and_the_database_tell_the_same_once_all_is_written(self) -> None:
        if self.transfers or self.shifts:
            return
        rows = self.connection.execute(text("SELECT holder, account, grains FROM leases")).all()
        self.connection.rollback()
        kept = {(row[0], row[1]): row[2] for row in rows}
        for key in kept.keys() | self.purses.keys():
            assert kept.get(key, 0) == self.purses[key].spare
            assert not kept.get(key) or self.purses[key].has_lease, "a lease with something left is given back one day"

    def teardown(self) -> None:
        self.write()
        verification = Verification(Calendar(zone("Asia/Seoul")))
        for transfer, written in store.chained(self.connection):
            verification.add(transfer, written)
        kept, lent = store.balances_by_month(self.connection), pot_store.all_leased(self.connection)
        verdict = verification.verdict(store.mark(self.connection, store.CHAIN), kept, lent)
        self.connection.close()
        assert verdict.problems == ()


def test_whatever_several_processes_do_nothing_is_promised_twice(place: Place) -> None:
    Leases.engine = place.engine()
    run = Leases.TestCase
    run.settings = settings(deadline=None, max_examples=6 if place.url else 15, stateful_step_count=40)
    run("runTest").runTest()
    Leases.engine.dispose()
