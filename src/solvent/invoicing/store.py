"""The tables of documents, their numbers, and the profiles they are made out to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Table,
    Text,
    and_,
    func,
    select,
    text,
    tuple_,
    update,
)

from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.invoicing.invoice import Invoice, InvoiceId, Standing, State, state_of
from solvent.invoicing.number import Number, number_text
from solvent.invoicing.profile import EVERYBODY, Language, Profile
from solvent.invoicing.tax import Tax
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId

profiles = Table(
    "profiles",
    metadata,
    Column("customer", Text, primary_key=True),
    Column("since_us", BigInteger, primary_key=True),
    Column("legal_name", Text, nullable=False),
    Column("registration_number", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("treatment", Text, nullable=False),
    Column("rate_permille", BigInteger, nullable=False),
    Column("rounding", Text, nullable=False),
    Column("vat_currency", Text, nullable=False),
)
# What the people of a customer without a profile read, so that theirs is not cut off from everybody's changes.
spoken = Table(
    "spoken",
    metadata,
    Column("customer", Text, primary_key=True),
    Column("language", Text, nullable=False),
)
numbers = Table(
    "numbers",
    metadata,
    Column("series", Text, primary_key=True),
    Column("year", BigInteger, primary_key=True),
    Column("last", BigInteger, nullable=False),
)
# What one looks for stands in columns, the rest of the document in `document`, as JSON.
invoices = Table(
    "invoices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("customer", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("issued_us", BigInteger, nullable=False),
    Column("due_us", BigInteger, nullable=False),
    Column("reference", Text, nullable=False),
    Column("corrects", Text, nullable=False),
    Column("supply_grains", BigInteger, nullable=False),
    Column("vat_grains", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("paid_grains", BigInteger, nullable=False),
    Column("returned_grains", BigInteger, nullable=False),
    Column("credited_grains", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("written_off_grains", BigInteger, nullable=False, server_default="0"),
    Index("uq_invoices_number", "number", unique=True),
    Index("uq_invoices_reference", "reference", unique=True),
    Index("ix_invoices_customer_issued_us", "customer", "issued_us"),
    Index("ix_invoices_issued_us", "issued_us"),
    Index("ix_invoices_state_due_us", "state", "due_us"),
    Index("ix_invoices_corrects", "corrects"),
)

_NEXT = text(
    "INSERT INTO numbers (series, year, last) VALUES (:series, :year, :count) "
    "ON CONFLICT (series, year) DO UPDATE SET last = numbers.last + excluded.last RETURNING last"
)
_COUNTED: Final = ("paid_grains", "returned_grains", "credited_grains", "written_off_grains")
_PROFILE: Final = "ON CONFLICT (customer, since_us) DO UPDATE SET " + ", ".join(
    f"{column.name} = excluded.{column.name}" for column in profiles.columns if not column.primary_key
)


def next_numbers(connection: Connection, series: str, year: int, count: int) -> list[Number]:
    """Take the next numbers. A transaction that is rolled back gives them back, so that none is ever missing."""
    if not count:
        return []
    last = int(connection.execute(_NEXT, {"series": series, "year": year, "count": count}).scalar_one())
    return [Number(series, year, last - count + at) for at in range(1, count + 1)]


def add_invoices(connection: Connection, added: Iterable[Invoice]) -> None:
    """Add documents. Fails when the number or reference of one is there already."""
    append_rows(connection, invoices, map(_row, added))


def _row(invoice: Invoice) -> tuple[Any, ...]:
    settled: State = "issued" if invoice.total.grains > 0 else "paid"
    return (
        invoice.id, invoice.kind, number_text(invoice.number), invoice.customer, invoice.currency, invoice.issued_us,
        invoice.due_us, invoice.reference, invoice.corrects or "", invoice.supply.grains, invoice.vat.grains, settled,
        0, 0, 0, msgspec.json.encode(invoice), 0,
    )  # fmt: skip


def invoice_by_id(connection: Connection, id: InvoiceId) -> tuple[Invoice, Standing]:
    """A document and how it stands. Raises NotFound."""
    row = connection.execute(select(invoices).where(invoices.c.id == id)).first()
    if row is None:
        raise NotFound("no_such_invoice", f"there is no invoice {id[:60]!r}", param="invoice")
    return _read(row)


def invoice_by_number(connection: Connection, number: Number) -> tuple[Invoice, Standing]:
    """A document by its printed number. Raises NotFound."""
    written = number_text(number)
    row = connection.execute(select(invoices).where(invoices.c.number == written)).first()
    if row is None:
        raise NotFound("no_such_invoice", f"there is no invoice {written}", param="invoice")
    return _read(row)


def invoices_for(connection: Connection, references: Sequence[str]) -> dict[str, Invoice]:
    """The documents that were issued for these references, by reference."""
    rows = connection.execute(select(invoices).where(invoices.c.reference.in_(references)))
    return {row.reference: _read(row)[0] for row in rows}


def invoices_between(
    connection: Connection, from_us: int, until_us: int, *, customer: str = "", state: str = "", count: int = 200,
    before: tuple[int, str] | None = None,
) -> list[tuple[Invoice, Standing]]:  # fmt: skip
    """Documents issued in [from_us, until_us), newest first; of one customer or in one state when named.

    before: instant and printed number of a document; only those that come after it in this order.
    """
    chosen = and_(invoices.c.issued_us >= from_us, invoices.c.issued_us < until_us)
    if customer:
        chosen = and_(chosen, invoices.c.customer == customer)
    if state:
        chosen = and_(chosen, invoices.c.state == state)
    if before is not None:
        chosen = and_(chosen, tuple_(invoices.c.issued_us, invoices.c.number) < before)
    order = (invoices.c.issued_us.desc(), invoices.c.number.desc())
    return [_read(row) for row in connection.execute(select(invoices).where(chosen).order_by(*order).limit(count))]


class Owed(msgspec.Struct, frozen=True):
    """What one customer owes in one currency, of every invoice that is not paid."""

    customer: str
    currency: str
    grains: int


def owed_by_customers(connection: Connection, count: int) -> tuple[list[Owed], int, list[tuple[str, int]]]:
    """Who owes most, up to so many; how many owe at all; and what all of them owe, by currency."""
    of = invoices.c
    due = of.supply_grains + of.vat_grains - of.credited_grains - of.paid_grains + of.returned_grains
    mine = (
        select(of.customer, of.currency, func.sum(due - of.written_off_grains).label("due"))
        .where(of.state == "issued", of.kind == "invoice")
        .group_by(of.customer, of.currency)
        .cte("owed")
    )
    rows = connection.execute(select(mine).order_by(mine.c.due.desc(), mine.c.customer).limit(count))
    most = [Owed(row[0], row[1], int(row[2])) for row in rows]
    whole = select(mine.c.currency, func.sum(mine.c.due)).group_by(mine.c.currency).order_by(mine.c.currency)
    sums = [(row[0], int(row[1])) for row in connection.execute(whole)]
    debtors = connection.execute(select(func.count(mine.c.customer.distinct()))).scalar_one()
    return most, int(debtors), sums


def overdue(connection: Connection, now_us: int, count: int) -> list[tuple[Invoice, Standing]]:
    """Invoices that should have been paid by now, the longest first."""
    chosen = and_(invoices.c.state == "issued", invoices.c.due_us <= now_us)
    order = (invoices.c.due_us, invoices.c.number)
    return [_read(row) for row in connection.execute(select(invoices).where(chosen).order_by(*order).limit(count))]


def credit_notes_of(connection: Connection, id: InvoiceId) -> list[Invoice]:
    """What corrected an invoice, oldest first."""
    chosen = select(invoices).where(invoices.c.corrects == id).order_by(invoices.c.number)
    return [_read(row)[0] for row in connection.execute(chosen)]


def set_standing(connection: Connection, invoice: Invoice, standing: Standing) -> State:
    """Note how an invoice stands now; the document stays as it is."""
    state = state_of(invoice.total.grains, standing)
    values = dict(zip(_COUNTED, msgspec.structs.astuple(standing), strict=True))
    connection.execute(update(invoices).where(invoices.c.id == invoice.id).values(state=state, **values))
    return state


def set_profile(connection: Connection, profile: Profile) -> None:
    """Put a profile in force from its instant on. The customer EVERYBODY stands for all that have none."""
    tax = profile.tax
    row = (
        profile.customer, profile.since_us, profile.legal_name, profile.registration_number, profile.address,
        profile.country, profile.language, profile.email, tax.treatment, tax.rate_permille, tax.rounding,
        profile.vat_currency,
    )  # fmt: skip
    append_rows(connection, profiles, [row], _PROFILE)


def profile_at(connection: Connection, customer: CustomerId, at_us: int) -> Profile:
    """The profile of a customer as of an instant: their own, else everybody's in their language, else Korea's."""
    return profiles_at(connection, (customer,), at_us)[customer]


def profiles_at(connection: Connection, customers: Sequence[CustomerId], at_us: int) -> dict[CustomerId, Profile]:
    """The profiles of some customers as of an instant."""
    wanted = (*customers, EVERYBODY)
    chosen = and_(profiles.c.customer.in_(wanted), profiles.c.since_us <= at_us)
    rows = connection.execute(select(profiles).where(chosen).order_by(profiles.c.since_us))
    known = {CustomerId(row.customer): _profile(row) for row in rows}
    fallback = known.get(EVERYBODY, Profile())
    without = [customer for customer in customers if customer not in known]
    languages = _spoken_by(connection, without) if without else {}
    for customer in without:
        language = languages.get(customer, fallback.language)
        known[customer] = msgspec.structs.replace(fallback, customer=customer, language=language)
    return {customer: known[customer] for customer in customers}


def speak(connection: Connection, customer: CustomerId, language: Language) -> None:
    """Write documents in that language from now on, for a customer who has no profile of their own."""
    latest = "ON CONFLICT (customer) DO UPDATE SET language = excluded.language"
    append_rows(connection, spoken, [(customer, language)], latest)


def _spoken_by(connection: Connection, customers: Sequence[CustomerId]) -> dict[str, Language]:
    rows = connection.execute(select(spoken).where(spoken.c.customer.in_(customers)))
    return {row.customer: row.language for row in rows}


def _profile(row: Any) -> Profile:
    return Profile(
        customer=row.customer, since_us=row.since_us, legal_name=row.legal_name,
        registration_number=row.registration_number, address=row.address, country=row.country,
        language=row.language, email=row.email, tax=Tax(row.treatment, row.rate_permille, row.rounding),
        vat_currency=row.vat_currency,
    )  # fmt: skip


def _read(row: Any) -> tuple[Invoice, Standing]:
    return msgspec.json.decode(bytes(row.document), type=Invoice), Standing(*(getattr(row, name) for name in _COUNTED))
