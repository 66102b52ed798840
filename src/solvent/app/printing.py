"""Invoices, credit notes and statements as files, for the API and for customers' own pages alike."""

from __future__ import annotations

import asyncio
from functools import partial

from solvent.app.business import Business
from solvent.app.document_pdf import invoice_pdf, statement_pdf
from solvent.app.document_words import Words
from solvent.billing import close_store
from solvent.billing.close import Closing
from solvent.db.port import Connection
from solvent.identity.caller import Customer
from solvent.identity.store import known_customer
from solvent.invoicing import statement_store
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.invoice import Invoice, InvoiceId, Standing
from solvent.invoicing.number import Number, number_text
from solvent.invoicing.profile import Language, Profile
from solvent.invoicing.statement import Statement
from solvent.values.errors import NotFound
from solvent.values.ids import CustomerId
from solvent.values.period import month_text

PDF = "application/pdf"


async def printed_invoice(business: Business, id: InvoiceId, language: Language | None = None) -> tuple[str, bytes]:
    """A file's name, and the file. language: None for the customer's own. Raises NotFound."""

    def look(connection: Connection) -> tuple[Invoice, Standing, Number | None]:
        found, standing = invoicing_store.invoice_by_id(connection, id)
        corrects = invoicing_store.invoice_by_id(connection, found.corrects)[0].number if found.corrects else None
        return found, standing, corrects

    found, standing, corrects = await business.database.read(look)
    words = Words(language or found.profile.language, business.time_zone)
    make = partial(invoice_pdf, found, standing, business.config.invoice, words, corrects=corrects)
    return f"{number_text(found.number)}.pdf", await asyncio.to_thread(make)


async def printed_statement(
    business: Business, id: CustomerId, month: int, currency: str, language: Language | None = None
) -> tuple[str, bytes]:
    """The same of a customer's month. Raises NotFound, also while the month is not closed."""

    def look(connection: Connection) -> tuple[Customer, Profile, Statement, Closing]:
        customer = known_customer(connection, id)
        made = [one for one in statement_store.statement_of(connection, id, month) if one.currency == currency]
        closing = close_store.closing_of(connection, month)
        if not made or closing is None:
            message = f"there is no statement of {month_text(month)} in {currency}; it is made when the month is closed"
            raise NotFound("no_such_statement", message, param="month")
        return customer, invoicing_store.profile_at(connection, id, closing.closed_us), made[0], closing

    customer, profile, found, closing = await business.database.read(look)
    words = Words(language or profile.language, business.time_zone)
    settings = business.config.invoice
    make = partial(statement_pdf, found, profile, customer.name, settings, words, closing.closed_us)
    return f"{id}-{month_text(month)}.pdf", await asyncio.to_thread(make)
