"""Hold a bill against the books, and write nothing: the preview of one, and the first half of taking it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

from solvent.db.port import Connection, Database
from solvent.ledger import store as ledger_store
from solvent.ledger.account import api_payable
from solvent.pricing.exchange import Exchange
from solvent.pricing.exchange_store import rate_at
from solvent.reconciling.bill import Booked, ReadBill
from solvent.reconciling.compared import Compared, compared, demand_over
from solvent.reconciling.reading import Terms
from solvent.values.errors import NotFound
from solvent.values.period import day_number, start_of_day

# What answers of a provider cost by our books: provider, first day, day after the last, and whose days they are.
CostsOf = Callable[[Connection, str, int, int, ZoneInfo], list[Booked]]
_PAYABLE = "payable:"


async def compare_bill(
    provider: str, read: ReadBill, terms: Terms, rate: Exchange | None, books_currency: str, costs_of: CostsOf,
    database: Database, at_us: int, file_name: str = "", names: Iterable[str] = (),
) -> Compared:  # fmt: skip
    """rate: for all days; None for the rates of the books at the beginning of each. names: of upstreams in the price
    book.

    Raises NotFound for a provider that the books owe nothing and never did, and Invalid for a bill that is not over,
    or in a currency with no rate.
    """
    zone = ZoneInfo(terms.zone)
    demand_over(read, day_number(at_us, zone))

    def look(connection: Connection) -> Compared:
        _demand_known(connection, provider)
        rates: dict[int, Exchange] = {}
        if read.currency != books_currency:
            for day in sorted({day for day, _, _ in read.sums}):
                found = rate or rate_at(connection, read.currency, books_currency, start_of_day(day, zone))
                if found is not None:
                    rates[day] = found
        booked = costs_of(connection, provider, read.first_day, read.until_day, zone)
        return compared(provider, read, terms, booked, books_currency, rates, file_name, at_us, names)

    return await database.read(look)


def _demand_known(connection: Connection, provider: str) -> None:
    if ledger_store.balances_at(connection, (api_payable(provider),)):
        return
    known = sorted({name.removeprefix(_PAYABLE) for name, _ in ledger_store.balances_of(connection, _PAYABLE)})
    listed = f"; there are {', '.join(known)}" if known else ", and of no other: nothing was asked yet"
    message = f"the books have no answers of a provider {provider[:60]!r}{listed}"
    raise NotFound("unknown_provider", message, param="provider")
