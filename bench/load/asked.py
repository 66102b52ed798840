"""What usage, receipt, margin and wallet pages ask of the database, in the store functions made for it.

Run alone it asks one question in a process of its own and prints the milliseconds: `asked.py SUBJECTS NAME`.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar, cast

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import msgspec
from bench.load.made_books import SEOUL
from sqlalchemy import Connection, Engine

from solvent.answering.receipt_store import Sought, receipts_page
from solvent.app.report import Shown, Span, report
from solvent.billing import close_store
from solvent.db.engine import READ, open_engine
from solvent.db.port import Database
from solvent.invoicing.statement_store import statement_of
from solvent.ledger import store as ledger_store
from solvent.ledger.account import wallet
from solvent.ledger.journal_store import rows_of_account, rows_of_cause
from solvent.margin import store as margin_store
from solvent.margin.line import KeptBy
from solvent.margin.ranking_store import rank
from solvent.margin.store import Folded
from solvent.values.ids import CustomerId
from solvent.values.period import start_of_day

T = TypeVar("T")
ROWS: Final = 50  # of a page
EVERYTHING: Final = 2**62


class Subjects(msgspec.Struct, frozen=True, kw_only=True):
    """Where the books are, and whom to ask about. Days are numbers; month is open, closed_month closed.

    giant: asks a twentieth of all. rare_key, rare_user: hardly ever used. cursor: an answer of the giant's, long ago.
    """

    directory: str
    url: str
    last_day: int
    month: int
    closed_month: int
    giant: str
    key: str
    rare_key: str
    end_user: str
    rare_user: str
    cursor: str
    typical: str


Question = Callable[[Connection, Subjects], int]  # how many rows it found


def _usage(customer: str, days: int) -> Question:
    def ask(connection: Connection, on: Subjects) -> int:
        groups: tuple[KeptBy, ...] = ("day", "model")
        since, whose = on.last_day - days + 1, getattr(on, customer)
        return sum(len(margin_store.lines(Folded(connection), by, since, "KRW", customer=whose)) for by in groups)

    return ask


def _receipts(before: str = "", **names: str) -> Question:
    def ask(connection: Connection, on: Subjects) -> int:
        sought = Sought(**{field: getattr(on, name) for field, name in names.items()})
        return len(receipts_page(connection, sought, getattr(on, before) if before else "", ROWS, SEOUL).receipts)

    return ask


def _behind(days_ago: int, days: int, **line: str) -> Question:
    def ask(connection: Connection, on: Subjects) -> int:
        first = on.last_day - days_ago
        from_us, until_us = (start_of_day(day, SEOUL) for day in (first, first + days))
        names = {field: getattr(on, value, value) for field, value in line.items()}
        return len(
            receipts_page(connection, Sought(**names, from_us=from_us, until_us=until_us), "", ROWS, SEOUL).receipts
        )

    return ask


def _ranking(days: int, ended_days_ago: int = 0) -> Question:
    def ask(connection: Connection, on: Subjects) -> int:
        until_day = on.last_day - ended_days_ago
        found = rank(Folded(connection), until_day - days + 1, until_day, "KRW", ROWS)
        return len(found.losers) + len(found.earners)

    return ask


def _lines(by: KeptBy, days: int) -> Question:
    def ask(connection: Connection, on: Subjects) -> int:
        return len(margin_store.lines(Folded(connection), by, on.last_day - days + 1, "KRW"))

    return ask


class _Reads:
    """A database that reads on one connection, for what is asked through a use case."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def read(self, work: Callable[[Connection], T]) -> T:
        return work(self.connection)


def _report(by: KeptBy, days: int) -> Question:
    def ask(connection: Connection, on: Subjects) -> int:
        database = cast(Database, _Reads(connection))
        span = Span(on.last_day - days + 1, on.last_day)
        made = asyncio.run(report(Shown(by), span, "KRW", database))
        return len(made.lines)

    return ask


def _statement(customer: str) -> Question:
    def ask(connection: Connection, on: Subjects) -> int:
        whose = CustomerId(getattr(on, customer))
        stated = statement_of(connection, whose, on.closed_month)
        balance = ledger_store.balances_at(connection, [wallet(whose)])
        return len(stated) + len(balance) + len(rows_of_account(connection, wallet(whose), EVERYTHING, ROWS))

    return ask


def _transfers(connection: Connection, on: Subjects) -> int:
    return len(rows_of_cause(connection, on.cursor, "", ROWS))


def _profit_and_loss(connection: Connection, on: Subjects) -> int:
    kept = (ledger_store.month_movements(connection, on.month, prefix) for prefix in ("revenue", "cost", "expense"))
    return sum(len(found) for found in kept)


def _books(month: str) -> Question:
    def ask(connection: Connection, on: Subjects) -> int:
        closing = close_store.closing_of(connection, getattr(on, month))
        return len(closing.accounts if closing else close_store.accounts_until(connection, getattr(on, month)))

    return ask


# By name: what a reader calls it, and the question.
QUESTIONS: Final[dict[str, tuple[str, Question]]] = {
    "usage_30_days": ("Usage of a typical customer, 30 days by day and by model", _usage("typical", 30)),
    "usage_year": ("the same, a year", _usage("typical", 365)),
    "usage_giant_30_days": ("Usage of the largest customer, 30 days by day and by model", _usage("giant", 30)),
    "usage_giant_year": ("the same, a year", _usage("giant", 365)),
    "receipts_newest": ("Newest 50 receipts of a typical customer", _receipts(customer="typical")),
    "receipts_giant_newest": ("Newest 50 receipts of the largest customer", _receipts(customer="giant")),
    "receipts_giant_later_page": (
        "the same, a page from the middle of the year",
        _receipts("cursor", customer="giant"),
    ),
    "receipts_key": ("the same, of one key", _receipts(customer="giant", key="key")),
    "receipts_rare_key": ("the same, of a key that is hardly used", _receipts(customer="giant", key="rare_key")),
    "receipts_end_user": ("the same, of one of 5,000 end users", _receipts(customer="giant", end_user="end_user")),
    "receipts_no_end_user": (
        "the same, of an end user who never asked",
        _receipts(customer="giant", end_user="rare_user"),
    ),
    "receipts_all_newest": ("Newest 50 receipts of everybody", _receipts()),
    "margin_customers_30_days": ("Margin by customer, 30 days: 50 losers, 50 earners, their number", _ranking(30)),
    "margin_customers_month": ("the same, a calendar month", _ranking(31, 30)),
    "margin_customers_year": ("the same, a year", _ranking(365)),
    "margin_customers_odd_days": ("the same, 94 days that begin and end anywhere", _ranking(94, 12)),
    "margin_plans_30_days": ("Margin by plan, 30 days", _lines("plan", 30)),
    "margin_plans_year": ("the same, a year", _lines("plan", 365)),
    "margin_models_30_days": ("Margin by model, 30 days", _lines("model", 30)),
    "margin_models_year": ("the same, a year", _lines("model", 365)),
    "margin_days_30_days": ("Margin by day, 30 days", _lines("day", 30)),
    "margin_days_year": ("the same, a year", _lines("day", 365)),
    "report_models_30_days": ("GET /v1/margin as it is, by model, 30 days", _report("model", 30)),
    "report_customers_30_days": ("the same, by customer: the 100 with the least margin", _report("customer", 30)),
    "behind_customer": ("Receipts behind a customer's month", _behind(29, 30, customer="giant")),
    "behind_customer_model": ("the same, of one model", _behind(29, 30, customer="giant", model="scholar")),
    "behind_plan_model": (
        "Receipts behind a plan's and a model's year",
        _behind(364, 365, plan="pro", model="scholar"),
    ),
    "behind_day": ("Receipts behind a day half a year ago", _behind(180, 1)),
    "wallet_statement": ("Wallet of the largest customer: statement, balance, 50 movements", _statement("giant")),
    "answer_transfers": ("Transfers of one answer", _transfers),
    "profit_and_loss_open": ("Revenue and costs of the open month", _profit_and_loss),
    "books_open": ("Profit and loss and balance sheet of the open month", _books("month")),
    "books_closed": ("Profit and loss and balance sheet of a closed month", _books("closed_month")),
}


def engine_for(on: Subjects) -> Engine:
    """The books as a service opens them."""
    return open_engine(Path(on.directory), on.url)


def ask(engine: Engine, on: Subjects, name: str) -> tuple[float, float, int]:
    """Milliseconds by the clock and of this process's CPU, and the rows found; one snapshot, as a page reads it."""
    question = QUESTIONS[name][1]
    began, spent = time.perf_counter(), time.process_time()
    with engine.connect().execution_options(**READ) as connection:
        rows = question(connection, on)
    return (time.perf_counter() - began) * 1e3, (time.process_time() - spent) * 1e3, rows


def main() -> None:
    """Ask once, and print the milliseconds by the clock."""
    on = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Subjects)
    engine = engine_for(on)
    print(ask(engine, on, sys.argv[2])[0])
    engine.dispose()


if __name__ == "__main__":
    main()
