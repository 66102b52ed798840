"""Invoices, credit notes and statements as PDF: made to be kept for years (PDF/A-2a) and to be read aloud (PDF/UA-1).

Typst sets the page (data/documents/document.typ); here the document becomes the words and figures on it. The same
document gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import typst

from solvent.app.config import InvoiceSettings
from solvent.app.document_words import Words, decimals_of, figure
from solvent.app.font_cover import displayable
from solvent.invoicing.invoice import Invoice, Standing, payable_grains, state_of
from solvent.invoicing.line import Line
from solvent.invoicing.number import Number, number_text
from solvent.invoicing.profile import Profile, registration_text
from solvent.invoicing.statement import Statement
from solvent.ledger.pot import UNLIMITED
from solvent.values.instant import NEVER_US, US_PER_S
from solvent.values.money import Money

FOLDER: Final = Path(__file__).parents[1] / "data" / "documents"
_STANDARDS: Final = ["a-2a", "ua-1"]
_FONT: Final = "Pretendard-Regular.otf"
_RATE_DIGITS: Final = 8

Cell = dict[str, str]
Row = dict[str, list[Cell]]


def invoice_pdf(
    invoice: Invoice, standing: Standing, settings: InvoiceSettings, words: Words, corrects: Number | None = None
) -> bytes:
    """An invoice as it stands now, or a credit note. corrects: on a credit note, the number of its invoice."""
    return _set(_invoice(invoice, standing, settings, words, corrects), invoice.issued_us)


def statement_pdf(
    statement: Statement, profile: Profile, name: str, settings: InvoiceSettings, words: Words, closed_us: int
) -> bytes:
    """A customer's month. name: theirs, where the profile has none. closed_us: when the month was closed."""
    return _set(_statement(statement, profile, name, settings, words), closed_us)


def _invoice(
    invoice: Invoice, standing: Standing, settings: InvoiceSettings, words: Words, corrects: Number | None
) -> dict[str, Any]:
    number = number_text(invoice.number)
    facts = [[words("issued"), words.short_date(invoice.issued_us)]]
    if corrects is not None:
        facts.append([words("corrects"), number_text(corrects)])
    elif payable_grains(invoice.total.grains, standing) > 0:
        facts.append([words("due"), words.short_date(invoice.due_us)])
    if invoice.until_us:  # a top-up is for no time
        facts.append([words("period"), words.period(invoice.from_us, invoice.until_us)])
    return {
        "title": f"{words(invoice.kind)} {number}",
        "heading": words(invoice.kind),
        "number": number,
        "sentence": _sentence(invoice, standing, words, corrects),
        "facts": facts,
        "tables": [_lines(invoice, standing, words)],
        "notes": _notes(invoice, standing, settings, words),
        **_frame(settings, invoice.profile, invoice.customer_name, words, number),
    }


def _frame(settings: InvoiceSettings, profile: Profile, name: str, words: Words, footer: str) -> dict[str, Any]:
    sold_by = Profile(country=settings.country, registration_number=settings.registration_number)
    return {
        "lang": words.language,
        "author": settings.name,
        "footer": " · ".join(part for part in (settings.name, footer) if part),
        "parties": [
            _party(
                words("supplier"),
                settings.name,
                words("registration", registration_text(sold_by)) if settings.registration_number else "",
                words("representative", settings.representative) if settings.representative else "",
                settings.address,
                settings.email,
            ),
            _party(
                words("customer"),
                profile.legal_name or name,
                words("registration", registration_text(profile)) if profile.registration_number else "",
                profile.address,
                profile.email,
            ),
        ],
    }


def _party(label: str, name: str, *entries: str) -> dict[str, Any]:
    return {"label": label, "name": name, "entries": [entry for entry in entries if entry]}


def _sentence(invoice: Invoice, standing: Standing, words: Words, corrects: Number | None) -> str:
    if invoice.kind == "credit_note":
        of = number_text(corrects) if corrects else ""
        return words("say_credit", number=of, amount=words.money(-invoice.total))
    due = payable_grains(invoice.total.grains, standing)
    if due > 0:
        amount = words.money(Money(due, invoice.currency))
        return words("say_due", amount=amount, due=words.date(invoice.due_us))
    if due < 0:
        return words("say_back", amount=words.money(Money(-due, invoice.currency)))
    if state_of(invoice.total.grains, standing) in ("void", "credited"):
        return words("say_credited")
    return words("say_paid", amount=words.money(invoice.total)) if invoice.total.grains else words("say_nothing")


def _lines(invoice: Invoice, standing: Standing, words: Words) -> dict[str, Any]:
    """The lines with their sums. Where there is no VAT, there is no column for it."""
    currency = invoice.currency
    taxed = invoice.profile.tax.treatment in ("inclusive", "exclusive")
    unit = words.currency(currency)
    heads = [words("what"), words("quantity")]
    heads += [words("in_currency", words(name), unit) for name in (("supply", "vat", "total") if taxed else ("total",))]
    rows = []
    for line in invoice.lines:
        quantity = words.pieces(line.quantity, line.unit, currency) if line.quantity else ""
        cells = [_what(line, invoice, words), _cell(quantity)]
        if taxed:
            vat = words.amount(line.vat.grains, currency) if line.tax == "taxed" else "–"
            cells += [_cell(words.amount(line.supply.grains, currency)), _cell(vat)]
        rows.append({"cells": [*cells, _cell(words.amount(line.total.grains, currency))]})
    return _table("", heads, rows, _sums(invoice, standing, words, taxed=taxed))


def _what(line: Line, invoice: Invoice, words: Words) -> Cell:
    name = " · ".join(part for part in (words(line.kind), line.text) if part)
    is_other = line.until_us and (line.from_us, line.until_us) != (invoice.from_us, invoice.until_us)
    return _cell(name, words.period(line.from_us, line.until_us) if is_other else "")


def _sums(invoice: Invoice, standing: Standing, words: Words, *, taxed: bool) -> list[dict[str, Any]]:
    sums: list[tuple[str, Money]] = []
    if taxed:
        permille = invoice.profile.tax.rate_permille
        rate = figure(permille, 1, 0 if permille % 10 == 0 else 1)
        sums = [(words("supply"), invoice.supply), (words("vat_rate", rate), invoice.vat)]
    sums.append((words("total"), invoice.total))
    if invoice.kind == "invoice":
        currency = invoice.currency
        moves = (("paid", -standing.paid), ("returned", standing.returned), ("credited", -standing.credited))
        after = [(words(name), Money(grains, currency)) for name, grains in moves if grains]
        if after:
            due = payable_grains(invoice.total.grains, standing)
            last = words("still_due" if due >= 0 else "to_return")
            sums += [*after, (last, Money(abs(due), currency))]
    return [
        {"label": label, "amount": words.money(amount), "final": at == len(sums) - 1}
        for at, (label, amount) in enumerate(sums)
    ]


def _notes(invoice: Invoice, standing: Standing, settings: InvoiceSettings, words: Words) -> list[dict[str, str]]:
    notes = []
    treatment = invoice.profile.tax.treatment
    if settings.bank_account and payable_grains(invoice.total.grains, standing) > 0:
        notes.append((words("bank"), settings.bank_account))
    if treatment == "reverse_charge":
        notes.append(("", words("reverse_charge")))
    elif treatment == "none":
        notes.append(("", words("no_vat")))
    elif any(line.tax == "outside" for line in invoice.lines):
        notes.append(("", words("outside")))
    rate = invoice.rate
    if rate is not None and invoice.vat.grains and invoice.vat_home.currency != invoice.currency:
        said = _decimal(Fraction(rate.numerator, rate.denominator))
        notes.append(
            ("", words("rate", vat=words.money(invoice.vat_home), base=invoice.currency, rate=said, quote=rate.quote,
                       source=rate.source, date=words.short_date(rate.valid_from_us)))
        )  # fmt: skip
    if invoice.remark:
        notes.append((words("remark"), invoice.remark))
    if settings.remark:
        notes.append(("", settings.remark))
    return [{"label": label, "text": text} for label, text in notes]


def _decimal(ratio: Fraction) -> str:
    """An exchange rate as people write it; exact up to eight decimals."""
    whole = figure(ratio.numerator * 10**_RATE_DIGITS // ratio.denominator, _RATE_DIGITS, _RATE_DIGITS)
    return whole.rstrip("0").rstrip(".")


def _statement(
    statement: Statement, profile: Profile, name: str, settings: InvoiceSettings, words: Words
) -> dict[str, Any]:
    month, currency = words.month(statement.month), statement.currency
    moved = statement.wallet
    sentence = words(
        "say_statement",
        month=month,
        answers=f"{sum(use.answers for use in statement.models):,}",
        used=words.money(Money(moved.used, currency)),
        left=words.money(Money(moved.closing, currency)),
    )
    if statement.on_account:
        sentence += f" {words('say_on_account', amount=words.money(Money(statement.on_account, currency)))}"
    tables = [_wallet_table(statement, words)]
    if statement.models:
        tables.insert(0, _models_table(statement, words))
    if statement.pots:
        tables.append(_pots_table(statement, words))
    return {
        "title": f"{words('statement')} {month}",
        "heading": words("statement"),
        "number": month,
        "sentence": sentence,
        "facts": [],
        "tables": tables,
        "notes": [{"label": "", "text": settings.remark}] if settings.remark else [],
        **_frame(settings, profile, name, words, month),
    }


def _models_table(statement: Statement, words: Words) -> dict[str, Any]:
    currency = statement.currency
    charges = [use.charge_grains for use in statement.models]
    covered = [use.included_grains for use in statement.models]
    digits = decimals_of([*charges, *covered], currency)
    unit = words.currency(currency)
    heads = [words("model"), words("answers_head"), words("read"), words("written")]
    heads += [words("in_currency", words(head), unit) for head in ("covered", "charge")]
    rows = [
        {
            "cells": [
                _cell(use.model),
                *(_cell(f"{count:,}") for count in (use.answers, use.input_tokens, use.output_tokens)),
                _cell(words.amount(use.included_grains, currency, digits)),
                _cell(words.amount(use.charge_grains, currency, digits)),
            ]
        }
        for use in statement.models
    ]
    total = f"{words.amount(sum(charges), currency, digits)}"
    return _table(words("models"), heads, rows, [{"label": words("charge"), "amount": total, "final": True}])


def _wallet_table(statement: Statement, words: Words) -> dict[str, Any]:
    moved, currency = statement.wallet, statement.currency
    signed = (
        ("opening", moved.opening), ("paid_in", moved.paid_in), ("gifts", moved.gifts), ("used", -moved.used),
        ("paid_out", -moved.paid_out), ("expired", -moved.expired),
    )  # fmt: skip
    beside = (("of_it_gifts", moved.gifts_used), ("of_it_vat", statement.vat), ("on_account", statement.on_account))
    digits = decimals_of([grains for _, grains in (*signed, *beside)] + [moved.closing], currency)
    unit = words.currency(currency)
    shown = [(name, grains) for name, grains in signed if grains or name == "opening"]
    rows = [{"cells": [_cell(words(name)), _cell(words.amount(grains, currency, digits))]} for name, grains in shown]
    sums = [{"label": words("closing"), "amount": words.amount(moved.closing, currency, digits), "final": True}]
    sums += [
        {"label": words(name), "amount": words.amount(grains, currency, digits), "final": False}
        for name, grains in beside
        if grains
    ]
    return _table(words("wallet"), [words("move"), words("in_currency", words("amount"), unit)], rows, sums)


def _pots_table(statement: Statement, words: Words) -> dict[str, Any]:
    heads = [words(head) for head in ("pot", "given", "used", "expired", "left")]
    rows = []
    for pot in statement.pots:
        currency = pot.unit.partition(".")[0]
        unit = words("answers" if pot.unit == "ANSWERS" else "tokens") if currency in ("ANSWERS", "TOKENS") else ""
        unit = unit or words.currency(currency)
        counts = [words.counted(count, pot.unit) for count in (pot.given, pot.used, pot.expired, pot.left)]
        if pot.used + pot.expired + pot.left >= UNLIMITED.get(pot.unit, NEVER_US):
            counts = [words("no_limit"), counts[1], "", words("no_limit") if pot.left else ""]
        rows.append({"cells": list(map(_cell, (words("in_currency", words(pot.kind), unit), *counts)))})
    return _table(words("pots"), heads, rows, [])


def _cell(text: str, note: str = "") -> Cell:
    return {"text": text, "note": note}


def _table(title: str, heads: Sequence[str], rows: Iterable[Row], sums: list[dict[str, Any]]) -> dict[str, Any]:
    columns = [{"text": head, "side": "left" if at == 0 else "right", "wide": at == 0} for at, head in enumerate(heads)]
    return {"title": title, "columns": columns, "rows": list(rows), "sums": sums}


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FOLDER / "fonts")])


def _displayable(value: Any) -> Any:
    """The same data, with nothing in it that the font could not show."""
    if isinstance(value, str):
        return displayable(value, FOLDER / "fonts" / _FONT)
    if isinstance(value, dict):
        return {key: _displayable(part) for key, part in value.items()}
    return [_displayable(part) for part in value] if isinstance(value, list) else value


def _set(data: dict[str, Any], at_us: int) -> bytes:
    """Set the page. Nothing of a customer's text is markup: it travels as JSON."""
    made = typst.compile(
        FOLDER / "document.typ",
        root=FOLDER,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": msgspec.json.encode(_displayable(data)).decode()},
        pdf_standards=cast(Any, _STANDARDS),
        timestamp=at_us // US_PER_S,
    )
    assert isinstance(made, bytes), "one document is one file"
    return made
