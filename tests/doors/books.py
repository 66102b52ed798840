"""Reads the books of a data directory from outside and checks what must hold whatever happened."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from solvent.answering import store as answering_store
from solvent.answering.fold_store import fold
from solvent.answering.receipt import Receipt
from solvent.db.engine import WRITE, open_engine
from solvent.ledger import pot_store
from solvent.ledger import store as ledger_store
from solvent.ledger.account import REVENUE_ANSWERS, REVENUE_OVERAGE
from solvent.ledger.balance import Calendar, Key, Movement, all_months
from solvent.ledger.transfer import Transfer
from solvent.ledger.unit import is_money
from solvent.ledger.verdict import Verification
from solvent.margin import store as margin_store
from solvent.margin.line import MarginLine, total
from solvent.margin.store import Folded
from solvent.values.period import zone

EVERY_ID = ("", "~")
POTS = ("wallet:", "grant:", "allowance:", "overage:", "budget:")  # never below zero; budgets may be a whole plan's


@dataclass(frozen=True)
class Books:
    """Everything that is on the disk."""

    transfers: dict[str, Transfer]
    receipts: dict[str, Receipt]
    balances: dict[Key, Movement]
    rebuilt: dict[Key, Movement]
    open_holds: list[Transfer]
    leases: dict[Key, int]
    problems: tuple[str, ...]
    by_model: MarginLine
    by_customer: list[MarginLine]

    def balance(self, customer: str) -> int:
        """Grains in a wallet."""
        moved = [move for (account, _), move in self.balances.items() if account == f"wallet:{customer}"]
        return sum(move.credits - move.debits for move in moved)


def read_books(data: Path, currency: str = "USD", url: str = "") -> Books:
    """The books of a data directory or behind an URL at one moment, whether or not a server is running on them."""
    engine = open_engine(data, url)
    try:
        with engine.connect().execution_options(**WRITE) as connection, connection.begin():
            return _read(fold(connection), currency)
    finally:
        engine.dispose()


def _read(connection: Folded, currency: str) -> Books:
    head = ledger_store.mark(connection, ledger_store.CHAIN)
    time_zone = ledger_store.mark(connection, ledger_store.TIME_ZONE) or ledger_store.DEFAULT_TIME_ZONE
    verification = Verification(Calendar(zone(time_zone)))
    transfers = []
    for transfer, written in ledger_store.chained(connection):
        verification.add(transfer, written)
        transfers.append(transfer)
    lent = pot_store.all_leased(connection)
    receipts = [Receipt(*row) for row in connection.execute(select(answering_store.receipts))]
    return Books(
        {transfer.id: transfer for transfer in transfers},
        {receipt.id: receipt for receipt in receipts},
        ledger_store.balances_of(connection),
        all_months(ledger_store.balances_rebuilt(connection)),
        ledger_store.open_holds(connection, *EVERY_ID),
        lent,
        verification.verdict(head, ledger_store.balances_by_month(connection), lent).problems,
        total(margin_store.lines(connection, "model", 0, currency), currency),
        margin_store.lines(connection, "customer", 0, currency),
    )


def check(books: Books, *, open_holds: int = 0) -> None:
    """Every invariant of the books at rest. open_holds: of answers that are under way all the same."""
    assert books.problems == ()
    assert len(books.open_holds) == open_holds, books.open_holds
    assert books.balances == books.rebuilt
    for currency in {transfer.currency for transfer in books.transfers.values()}:
        moves = [move for (_, of), move in books.balances.items() if of == currency]
        assert sum(move.debits for move in moves) == sum(move.credits for move in moves)
        assert sum(move.held_debits for move in moves) == sum(move.held_credits for move in moves)
    for (account, unit), move in books.balances.items():
        if account.startswith(POTS):
            free = move.credits - move.debits - move.held_debits - books.leases.get((account, unit), 0)
            assert free >= 0, f"{account} is below zero"
            assert move.held_debits >= 0, f"{account}: more was released than held"
            assert open_holds or move.held_debits == 0, f"{account} still has money set aside"
    _check_holds(books)
    _check_receipts(books)
    _check_sums(books)


def _check_holds(books: Books) -> None:
    """Each hold ends at most once, and nothing ends that was not held."""
    ended = Counter(transfer.resolves for transfer in books.transfers.values() if transfer.resolves)
    assert all(times == 1 for times in ended.values()), ended.most_common(3)
    held = {id for id, transfer in books.transfers.items() if transfer.state == "pending"}
    assert set(ended) <= held


def _check_receipts(books: Books) -> None:
    """What a receipt says was paid is what its holds ended with, and what it cost is booked."""
    of_answers: defaultdict[str, dict[str, Transfer]] = defaultdict(dict)
    for id, transfer in books.transfers.items():
        answer, _, name = id.partition(".")
        of_answers[answer][name] = transfer
    for id, receipt in books.receipts.items():
        rows = of_answers[id]
        # A hold that its answer was over before it was written is no row, and of what it charged nothing neither.
        holds = {name.partition(".")[0] for name in rows if name.startswith("hold")}
        ends = [rows.get(f"{name}.posted") or rows[f"{name}.voided"] for name in holds]
        on_account = rows["overage"].grains if "overage" in rows else 0
        assert sum(end.grains for end in ends if is_money(end.currency)) + on_account == receipt.charge_grains
        assert all(receipt.customer in end.debit for end in ends if end.debit.startswith(POTS[:-1]))
        cost = sum(row.grains for name, row in rows.items() if name in ("cost", "energy") or name.startswith("lost"))
        overrun = rows["overrun"].grains if "overrun" in rows else 0
        assert (cost, overrun) == (receipt.cost_grains, receipt.overrun_grains)


def _check_sums(books: Books) -> None:
    """The journal, the receipts and the roll-ups tell the same story."""
    receipts = books.receipts.values()
    charged, cost = (sum(getattr(r, f"{name}_grains") for r in receipts) for name in ("charge", "cost"))
    assert (books.by_model.sums.charge_grains, books.by_model.sums.cost_grains) == (charged, cost)
    assert books.by_model.sums.answers + books.by_model.sums.failed == len(books.receipts)
    assert sum(line.sums.charge_grains for line in books.by_customer) == charged
    earned = sum(
        move.credits for (account, _), move in books.balances.items() if account in (REVENUE_ANSWERS, REVENUE_OVERAGE)
    )
    assert earned == charged + sum(receipt.overrun_grains for receipt in receipts)
