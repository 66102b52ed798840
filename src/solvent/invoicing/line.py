"""A line of an invoice: drafted in exact grains, printed in whole minor units with the VAT beside it."""

from __future__ import annotations

from typing import Literal

import msgspec

from solvent.values.errors import Invalid
from solvent.values.limits import GRAINS_MAX, INVOICE_LINES_MAX, NAME_CHARACTERS_MAX
from solvent.values.money import Money

Kind = Literal["subscription", "seats", "proration", "usage", "overage", "pack", "coupon", "top_up", "adjustment"]
Taxed = Literal["taxed", "outside"]  # outside: VAT is due elsewhere, such as on the use of what is topped up


class DraftLine(msgspec.Struct, frozen=True, kw_only=True):
    """What billing asks for. Amounts are in the terms of the customer's treatment: with VAT when it is inclusive.

    text: what the kind does not say, as printed: a plan, a class of models. quantity: whole pieces, of `unit`.
    credit_account: where the supply goes. vat_from: on a line that stands on the books already, with its VAT inside
    (on account), where that VAT is now; then `credit_account` is what it stands on and is paid off by the line.
    from_us, until_us: what it is for. On an account `deferred:*` the supply is recognised over that time, into
    `revenue_account`; or, when `pot` is set, as that pot's `quantity` pieces are used.
    """

    kind: Kind
    amount: Money
    credit_account: str
    text: str = ""
    quantity: int = 1
    unit: str = ""
    from_us: int = 0
    until_us: int = 0
    tax: Taxed = "taxed"
    vat_from: str = ""
    revenue_account: str = "revenue:subscriptions"
    plan: str = ""
    pot: str = ""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it was issued. supply, vat: whole minor units, held as money.

    corrects: on a credit note, the line of the invoice that it mirrors; its amounts have the other sign.
    """

    kind: Kind
    text: str
    quantity: int
    unit: str
    from_us: int
    until_us: int
    tax: Taxed
    supply: Money
    vat: Money
    credit_account: str
    vat_from: str
    revenue_account: str
    plan: str
    pot: str
    corrects: int = 0

    @property
    def total(self) -> Money:
        """What the line asks for."""
        return self.supply + self.vat


def check_lines(lines: tuple[DraftLine, ...], currency: str) -> None:
    """Raises Invalid for no lines, too many, or one that cannot stand on an invoice in this currency."""
    if not 0 < len(lines) <= INVOICE_LINES_MAX:
        message = f"an invoice has 1 to {INVOICE_LINES_MAX} lines; this has {len(lines)}"
        raise Invalid("bad_invoice", message, param="lines")
    for number, line in enumerate(lines, start=1):
        if wrong := _wrong(line, currency):
            raise Invalid("bad_invoice", f"line {number} ({line.kind}): {wrong}", param="lines")


def _wrong(line: DraftLine, currency: str) -> str:
    if line.amount.currency != currency:
        return f"it is in {line.amount.currency}, the invoice in {currency}"
    if abs(line.amount.grains) > GRAINS_MAX:
        return "its amount does not fit the books"
    if len(line.text) > NAME_CHARACTERS_MAX:
        return f"its text has {len(line.text)} characters, at most {NAME_CHARACTERS_MAX}"
    if line.quantity < 0 or not line.credit_account:
        return "it needs a quantity of 0 or more and an account to credit"
    if is_deferred(line) and not line.pot and line.until_us <= line.from_us:
        return "what is deferred is recognised over a time, and this one ends before it begins"
    return ""


def is_deferred(line: DraftLine | Line) -> bool:
    """Whether what the line asks for is earned later."""
    return line.credit_account.startswith("deferred:")
