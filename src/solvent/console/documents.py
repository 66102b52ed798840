"""Operations that print: an invoice, a credit note or a statement as PDF, in Korean or English."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from solvent.app.http import Download
from solvent.app.printing import PDF, printed_invoice, printed_statement
from solvent.console.invoices import find
from solvent.console.members import CURRENCY
from solvent.console.operation import Asked, Nothing, reading, whole
from solvent.invoicing.profile import Language
from solvent.values.ids import CustomerId
from solvent.values.period import read_month


class DocumentQuery(msgspec.Struct, forbid_unknown_fields=True):
    """In which language."""

    language: Annotated[Language | None, Meta(description="ko or en; the customer's own when left out")] = None


class StatementQuery(DocumentQuery, forbid_unknown_fields=True, kw_only=True):
    """Which statement of the month."""

    currency: Annotated[str, CURRENCY, Meta(description="of the statement; the books' own when left out")] = ""


async def invoice(asked: Asked[DocumentQuery, Nothing]) -> Download:
    """Print an invoice or credit note as PDF."""
    business = asked.business
    found, _ = await business.database.read(lambda connection: find(connection, asked.path["invoice"]))
    name, made = await printed_invoice(business, found.id, asked.query.language)
    return Download(PDF, name, whole(made))


async def statement(asked: Asked[StatementQuery, Nothing]) -> Download:
    """Print a customer's statement of a closed month as PDF."""
    business, query = asked.business, asked.query
    id, month = CustomerId(asked.path["customer"]), read_month(asked.path["month"])
    name, made = await printed_statement(business, id, month, query.currency or business.currency, query.language)
    return Download(PDF, name, whole(made))


INVOICE = reading("/v1/invoices/{invoice}/pdf", "invoices.read", invoice, DocumentQuery, Download, PDF)
STATEMENT = reading(
    "/v1/customers/{customer}/statements/{month}/pdf", "wallets.read", statement, StatementQuery, Download, PDF
)
OPERATIONS = (INVOICE, STATEMENT)
