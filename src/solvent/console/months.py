"""Operations on months: closing one, its two statements, and what each customer used in it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from solvent.answering.fold_store import fold
from solvent.app.closing import usage
from solvent.billing import close_store
from solvent.billing.close import Closing, WalletTotals
from solvent.billing.close_month import close_month
from solvent.console.operation import Asked, Nothing, Operation, reading
from solvent.db.port import Connection
from solvent.identity.store import known_customer
from solvent.invoicing import statement_store
from solvent.invoicing.statement import PotUse, Statement
from solvent.ledger.beancount import amount as written
from solvent.ledger.books import Books, BooksLine, Section, books_of
from solvent.margin.earned_store import add_earned
from solvent.values.ids import CustomerId
from solvent.values.instant import iso
from solvent.values.limits import PAGE_ROWS_MAX
from solvent.values.money import Money, plain
from solvent.values.period import month_text, read_month


class WalletTotalsBody(msgspec.Struct):
    """All customers' statements of a month in one currency, added up. vat: on what was used of paid money."""

    currency: str
    statements: int
    opening: str
    paid_in: str
    gifts: str
    used: str
    paid_out: str
    expired: str
    gifts_used: str
    on_account: str
    vat: str


class ClosingBody(msgspec.Struct, kw_only=True):
    """A closed month. proof: over its statements and accounts, the same whenever it is closed; chain: of the ledger."""

    object: Literal["month.closing"] = "month.closing"
    month: str
    closed_at: str
    wallets: list[WalletTotalsBody]
    proof: str
    chain: str


class MonthsBody(msgspec.Struct, kw_only=True):
    """next: the month whose turn it is to be closed; null while nothing was ever booked. closed: newest first."""

    object: Literal["list"] = "list"
    next: str | None
    data: list[ClosingBody]


class BooksLineBody(msgspec.Struct):
    """A line of a statement. section: earned, spent or between; owned or owed."""

    section: Section
    account: str
    amount: str


class BooksBody(msgspec.Struct, kw_only=True):
    """Both statements of a month in one currency. profit: in the month; profit_so_far: since the beginning."""

    object: Literal["month.books"] = "month.books"
    month: str
    currency: str
    is_closed: bool
    profit_and_loss: list[BooksLineBody]
    balance_sheet: list[BooksLineBody]
    profit: str
    profit_so_far: str


class MonthBody(msgspec.Struct, kw_only=True):
    """The books of a month, for each currency; the closing is null while it is open."""

    object: Literal["month"] = "month"
    month: str
    closing: ClosingBody | None
    books: list[BooksBody]


class ModelUseBody(msgspec.Struct):
    """Answers of one model. included: at list price, covered by a plan."""

    model: str
    answers: int
    input_tokens: int
    output_tokens: int
    charge: str
    included: str


class PotUseBody(msgspec.Struct):
    """Allowances, or gifts that expire, of one unit."""

    kind: Literal["allowance", "grant"]
    unit: str
    given: str
    used: str
    expired: str
    left: str


class StatementBody(msgspec.Struct, kw_only=True):
    """A customer's month in one currency: how the wallet went from one balance to the next, and what was used."""

    object: Literal["statement"] = "statement"
    customer: str
    month: str
    currency: str
    opening: str
    paid_in: str
    gifts: str
    used: str
    paid_out: str
    expired: str
    closing: str
    gifts_used: str
    gifts_left: str
    on_account: str
    vat: str
    models: list[ModelUseBody]
    pots: list[PotUseBody]


class StatementsBody(msgspec.Struct, kw_only=True):
    """A customer's statements of closed months, newest first."""

    object: Literal["list"] = "list"
    data: list[StatementBody]


class StatementsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Which statements."""

    limit: Annotated[int, Meta(ge=1, le=PAGE_ROWS_MAX, description="how many at most")] = 12


def closing_body(closing: Closing) -> ClosingBody:
    """A closed month as JSON."""
    return ClosingBody(
        month=month_text(closing.month), closed_at=iso(closing.closed_us),
        wallets=[_totals(one) for one in closing.wallets], proof=closing.hash, chain=closing.chain,
    )  # fmt: skip


def _totals(one: WalletTotals) -> WalletTotalsBody:
    names = WalletTotals.__struct_fields__[2:]
    texts = {name: plain(Money(getattr(one, name), one.currency)) for name in names}
    return WalletTotalsBody(currency=one.currency, statements=one.statements, **texts)


def books_body(books: Books) -> BooksBody:
    """Both statements of a month as JSON."""

    def text(grains: int) -> str:
        return plain(Money(grains, books.currency))

    def lines(of: tuple[BooksLine, ...]) -> list[BooksLineBody]:
        return [BooksLineBody(line.section, line.account, text(line.grains)) for line in of]

    return BooksBody(
        month=month_text(books.month), currency=books.currency, is_closed=books.is_closed,
        profit_and_loss=lines(books.profit_and_loss), balance_sheet=lines(books.balance_sheet),
        profit=text(books.profit), profit_so_far=text(books.profit_so_far),
    )  # fmt: skip


def statement_body(one: Statement) -> StatementBody:
    """A customer's month as JSON."""

    def text(grains: int) -> str:
        return plain(Money(grains, one.currency))

    w = one.wallet
    return StatementBody(
        customer=one.customer, month=month_text(one.month), currency=one.currency, opening=text(w.opening),
        paid_in=text(w.paid_in), gifts=text(w.gifts), used=text(w.used), paid_out=text(w.paid_out),
        expired=text(w.expired), closing=text(w.closing), gifts_used=text(w.gifts_used),
        gifts_left=text(w.gifts_left), on_account=text(one.on_account), vat=text(one.vat),
        models=[
            ModelUseBody(
                use.model, use.answers, use.input_tokens, use.output_tokens, text(use.charge_grains),
                text(use.included_grains),
            )
            for use in one.models
        ],
        pots=[_pot(use) for use in one.pots],
    )  # fmt: skip


def _pot(use: PotUse) -> PotUseBody:
    given, used, expired, left = (
        written(grains, use.unit).partition(" ")[0] for grains in (use.given, use.used, use.expired, use.left)
    )
    return PotUseBody(use.kind, use.unit, given, used, expired, left)


async def months(asked: Asked[Nothing, Nothing]) -> MonthsBody:
    """List the closed months, newest first, and say which is next."""

    def look(connection: Connection) -> tuple[int | None, list[Closing]]:
        return close_store.next_to_close(connection), close_store.closings(connection)

    following, closed = await asked.business.database.read(look)
    return MonthsBody(
        next=None if following is None else month_text(following), data=[closing_body(one) for one in closed]
    )


async def show(asked: Asked[Nothing, Nothing]) -> MonthBody:
    """Show the profit and loss and the balance sheet of a month, closed or not."""
    month = read_month(asked.path["month"])

    def look(connection: Connection) -> tuple[Closing | None, list[Books]]:
        closing = close_store.closing_of(connection, month)
        sums = closing.accounts if closing else close_store.accounts_until(connection, month)
        return closing, books_of(month, sums, is_closed=closing is not None)

    closing, books = await asked.business.database.read(look)
    return MonthBody(
        month=month_text(month), closing=closing_body(closing) if closing else None,
        books=[books_body(one) for one in books],
    )  # fmt: skip


async def close(asked: Asked[Nothing, Nothing]) -> ClosingBody:
    """Close a month that is over: earn what is earned, state to each customer what they used, set the VAT aside.

    From then on nothing is booked into it. Closing it again gives the same.
    """
    business = asked.business
    month = read_month(asked.path["month"])
    due_days = business.config.invoice.due_days
    made = await close_month(
        month, business.currency, usage, business.database, asked.act, due_days=due_days, add_earned=add_earned,
        fold=fold,
    )  # fmt: skip
    return closing_body(made)


async def statements(asked: Asked[StatementsQuery, Nothing]) -> StatementsBody:
    """List a customer's statements of closed months, newest first."""
    id, limit = CustomerId(asked.path["customer"]), asked.query.limit

    def look(connection: Connection) -> list[Statement]:
        known_customer(connection, id)
        return statement_store.statements_of(connection, id, limit)

    return StatementsBody(data=[statement_body(one) for one in await asked.business.database.read(look)])


_ONE: Final = "/v1/months/{month}"
LIST = reading("/v1/months", "ledger.read", months, Nothing, MonthsBody)
SHOW = reading(_ONE, "ledger.read", show, Nothing, MonthBody)
CLOSE = Operation("POST", f"{_ONE}/close", "ledger.write", close, Nothing, Nothing, ClosingBody, is_money=True)
STATEMENTS = reading("/v1/customers/{customer}/statements", "wallets.read", statements, StatementsQuery, StatementsBody)
OPERATIONS = (LIST, SHOW, CLOSE, STATEMENTS)
