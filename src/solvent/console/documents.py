"""Operations that print: an invoice, a credit note or a statement as PDF, in Korean or English."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from solvent.app.http import Download
from solvent.billing import close_store
from solvent.billing.close import Closing
from solvent.console.document_pdf import invoice_pdf, statement_pdf
from solvent.console.document_words import Words
from solvent.console.invoices import find
from solvent.console.members import CURRENCY
from solvent.console.months import month_text, read_month
from solvent.console.operation import Asked, Nothing, reading, whole
from solvent.db.port import Connection
from solvent.identity.caller import Customer
from solvent.identity.store import known_customer
from solvent.invoicing import statement_store
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.invoice import Invoice, Standing
from solvent.invoicing.number import Number, number_text
from solvent.invoicing.profile import Language, Profile
from solvent.invoicing.statement import Statement
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId

PDF = "application/pdf"


class DocumentQuery(msgspec.Struct, forbid_unknown_fields=True):
    """In which language."""

    language: Annotated[Language | None, Meta(description="ko or en; the customer's own when left out")] = None


class StatementQuery(DocumentQuery, forbid_unknown_fields=True, kw_only=True):
    """Which statement of the month."""

    currency: Annotated[str, CURRENCY, Meta(description="of the statement; the books' own when left out")] = ""


async def invoice(asked: Asked[DocumentQuery, Nothing]) -> Download:
    """Print an invoice or credit note as PDF."""
    business = asked.business

    def look(connection: Connection) -> tuple[Invoice, Standing, Number | None]:
        found, standing = find(connection, asked.path["invoice"])
        corrects = invoicing_store.invoice_by_id(connection, found.corrects)[0].number if found.corrects else None
        return found, standing, corrects

    found, standing, corrects = await business.database.read(look)
    words = Words(asked.query.language or found.profile.language, business.time_zone)
    made = await asyncio.to_thread(
        partial(invoice_pdf, found, standing, business.config.invoice, words, corrects=corrects)
    )
    return Download(PDF, f"{number_text(found.number)}.pdf", whole(made))


async def statement(asked: Asked[StatementQuery, Nothing]) -> Download:
    """Print a customer's statement of a closed month as PDF."""
    business = asked.business
    id, month = CustomerId(asked.path["customer"]), read_month(asked.path["month"])
    currency = asked.query.currency or business.currency

    def look(connection: Connection) -> tuple[Customer, Profile, Statement, Closing]:
        customer = known_customer(connection, id)
        made = [one for one in statement_store.statement_of(connection, id, month) if one.currency == currency]
        closing = close_store.closing_of(connection, month)
        if not made or closing is None:
            message = f"there is no statement of {month_text(month)} in {currency}; it is made when the month is closed"
            raise NotFound("no_such_statement", message, param="month")
        return customer, invoicing_store.profile_at(connection, id, closing.closed_us), made[0], closing

    customer, profile, found, closing = await business.database.read(look)
    words = Words(asked.query.language or profile.language, business.time_zone)
    settings = business.config.invoice
    made = await asyncio.to_thread(
        partial(statement_pdf, found, profile, customer.name, settings, words, closing.closed_us)
    )
    return Download(PDF, f"{id}-{month_text(month)}.pdf", whole(made))


INVOICE = reading("/v1/invoices/{invoice}/pdf", "invoices.read", invoice, DocumentQuery, Download, PDF)
STATEMENT = reading(
    "/v1/customers/{customer}/statements/{month}/pdf", "wallets.read", statement, StatementQuery, Download, PDF
)
OPERATIONS = (INVOICE, STATEMENT)
