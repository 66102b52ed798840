"""The postings of a document: what it asks for, against what each of its lines stands for."""

from __future__ import annotations

from collections.abc import Iterator

from solvent.billing.recognition import Schedule
from solvent.invoicing.invoice import Invoice
from solvent.invoicing.line import Line, is_deferred
from solvent.ledger.account import VAT_PAYABLE, invoiced
from solvent.ledger.transfer import Transfer, posting
from solvent.values.ids import TransferId
from solvent.values.money import Money


def invoice_postings(invoice: Invoice, cause: str = "") -> list[Transfer]:
    """Transfers that debit the customer with the total and credit each line's account and the VAT.

    A credit note's amounts are below zero, so the same lines make the mirrored transfers.
    cause: what they refer to; the invoice when it is empty.
    """
    owed = invoiced(invoice.customer)
    moves = (
        (f"{number}{name}", debit, credit, amount)
        for number, line in enumerate(invoice.lines, start=1)
        for name, debit, credit, amount in _moves(invoice, line, owed)
    )
    return [
        _directed(TransferId(f"{invoice.id}.{name}"), invoice.issued_us, debit, credit, amount, cause or invoice.id)
        for name, debit, credit, amount in moves
        if amount.grains
    ]


def _moves(invoice: Invoice, line: Line, owed: str) -> Iterator[tuple[str, str, str, Money]]:
    if line.vat_from and invoice.profile.tax.treatment == "inclusive":
        # It stands on the books with its VAT inside, so the line pays it off whole.
        yield "", owed, line.credit_account, line.total
        yield "v", line.vat_from, VAT_PAYABLE, line.vat
    else:
        yield "", owed, line.credit_account, line.supply
        yield "v", owed, VAT_PAYABLE, line.vat


def _directed(id: TransferId, at_us: int, debit: str, credit: str, amount: Money, reference: str) -> Transfer:
    if amount.grains < 0:
        debit, credit, amount = credit, debit, -amount
    return posting(id, at_us, debit, credit, amount, reference)


def schedules_of_invoice(invoice: Invoice) -> list[Schedule]:
    """What is to be recognised later because of a document: one schedule for each deferred line."""
    return [
        _schedule(f"{invoice.id}.{number}", invoice, line)
        for number, line in enumerate(invoice.lines, start=1)
        if is_deferred(line) and line.supply.grains
    ]


def _schedule(id: str, invoice: Invoice, line: Line) -> Schedule:
    return Schedule(
        id=id,
        customer=invoice.customer,
        plan=line.plan,
        account=line.credit_account,
        revenue_account=line.revenue_account,
        currency=invoice.currency,
        grains=line.supply.grains,
        from_us=line.from_us,
        until_us=line.until_us,
        pot=line.pot,
        pieces=line.quantity if line.pot else 0,
        recognised_grains=0,
        attention_us=line.from_us,
        accrued_grains=0,
        accrue_us=line.until_us - 1 if line.pot else line.from_us,
        pot_debits=0,
    )
