"""An invoice or a credit note. The document never changes; what was paid and credited is kept beside it."""

from __future__ import annotations

from typing import Literal, NewType

import msgspec

from solvent.invoicing.line import DraftLine, Line, check_lines
from solvent.invoicing.number import Number
from solvent.invoicing.profile import Profile
from solvent.invoicing.tax import Split, round_half_away, split_lines
from solvent.values.errors import Conflict, Invalid
from solvent.values.ids import CustomerId
from solvent.values.limits import GRAINS_MAX
from solvent.values.money import GRAINS_PER_MINOR_UNIT, Money, grains_per_unit, minor_digits

InvoiceId = NewType("InvoiceId", str)
DocumentKind = Literal["invoice", "credit_note"]
# issued: something is still to be paid. void: credited before anything was paid. credited: credited in full.
# written_off: nobody expects that it is ever paid.
State = Literal["issued", "paid", "void", "credited", "written_off"]


class DatedRate(msgspec.Struct, frozen=True):
    """What one unit of the invoice's currency is in the currency its VAT is owed in, and who says so."""

    quote: str
    numerator: int
    denominator: int
    valid_from_us: int
    source: str


class InvoiceDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be invoiced. reference: what it is for: never invoiced twice. remark: printed under the lines."""

    customer: CustomerId
    currency: str
    lines: tuple[DraftLine, ...]
    reference: str
    from_us: int
    until_us: int
    due_us: int
    remark: str = ""


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """A document as issued. Sums are whole minor units; below zero on a credit note, which `corrects` an invoice.

    customer_name: as it was on that day. vat_home: the VAT in the currency it is owed in, by `rate`.
    """

    id: InvoiceId
    kind: DocumentKind
    number: Number
    customer: CustomerId
    customer_name: str
    profile: Profile
    currency: str
    issued_us: int
    due_us: int
    from_us: int
    until_us: int
    reference: str
    lines: tuple[Line, ...]
    supply: Money
    vat: Money
    vat_home: Money
    rate: DatedRate | None = None
    corrects: InvoiceId | None = None
    remark: str = ""

    @property
    def total(self) -> Money:
        """What the document asks for, or gives back."""
        return self.supply + self.vat


class Standing(msgspec.Struct, frozen=True):
    """How an invoice stands, in grains of its currency.

    returned: given back of what was paid; less again when that comes back to us after all.
    written_off: what is not expected any more; less again when it is paid or credited after all.
    """

    paid: int = 0
    returned: int = 0
    credited: int = 0
    written_off: int = 0


def made_out(
    draft: InvoiceDraft,
    id: InvoiceId,
    number: Number,
    profile: Profile,
    customer_name: str,
    issued_us: int,
    rate: DatedRate | None,
) -> Invoice:
    """The document that a draft becomes. Raises Invalid for lines that make none, or a rate that is missing."""
    check_lines(draft.lines, draft.currency)
    minor_digits(draft.currency)
    splits = _splits(draft.lines, profile)
    lines = tuple(_line(line, split, draft.currency) for line, split in zip(draft.lines, splits, strict=True))
    supply = sum(split.supply for split in splits) * GRAINS_PER_MINOR_UNIT
    vat = sum(split.vat for split in splits) * GRAINS_PER_MINOR_UNIT
    if supply + vat < 0:
        message = "the lines come to less than nothing; correct an earlier invoice by a credit note instead"
        raise Invalid("negative_invoice", message, param="lines")
    if supply + vat > GRAINS_MAX:
        raise Invalid("amount_too_large", "the invoice does not fit the books; split it", param="lines")
    return Invoice(
        id=id, kind="invoice", number=number, customer=draft.customer, customer_name=customer_name, profile=profile,
        currency=draft.currency, issued_us=issued_us, due_us=draft.due_us, from_us=draft.from_us,
        until_us=draft.until_us, reference=draft.reference, lines=lines, supply=Money(supply, draft.currency),
        vat=Money(vat, draft.currency), vat_home=vat_home(Money(vat, draft.currency), profile, rate), rate=rate,
        remark=" ".join(draft.remark.split()),
    )  # fmt: skip


def _splits(lines: tuple[DraftLine, ...], profile: Profile) -> list[Split]:
    """What VAT does not touch is rounded by itself, so that it never moves a won of what it does."""
    outside = msgspec.structs.replace(profile.tax, treatment="none")
    split: dict[int, Split] = {}
    for kind, tax in (("taxed", profile.tax), ("outside", outside)):
        at = [number for number, line in enumerate(lines) if line.tax == kind]
        split.update(zip(at, split_lines([lines[number].amount.grains for number in at], tax), strict=True))
    return [split[number] for number in range(len(lines))]


def _line(line: DraftLine, split: Split, currency: str) -> Line:
    return Line(
        kind=line.kind, text=" ".join(line.text.split()), quantity=line.quantity, unit=line.unit,
        from_us=line.from_us, until_us=line.until_us, tax=line.tax,
        supply=Money(split.supply * GRAINS_PER_MINOR_UNIT, currency),
        vat=Money(split.vat * GRAINS_PER_MINOR_UNIT, currency), credit_account=line.credit_account,
        vat_from=line.vat_from, revenue_account=line.revenue_account, plan=line.plan, pot=line.pot,
    )  # fmt: skip


def vat_home(vat: Money, profile: Profile, rate: DatedRate | None) -> Money:
    """VAT in the currency it is owed in, in whole minor units. Raises Invalid when a rate is needed and missing."""
    if vat.currency == profile.vat_currency or not vat.grains:
        return Money(vat.grains, profile.vat_currency)
    if rate is None or rate.quote != profile.vat_currency:
        message = (
            f"VAT on an invoice in {vat.currency} is owed in {profile.vat_currency}: give the exchange rate of the day"
        )
        raise Invalid("exchange_needed", message, param="exchange")
    unit = grains_per_unit(profile.vat_currency)
    numerator = vat.grains * rate.numerator * unit
    minor = round_half_away(numerator, rate.denominator * grains_per_unit(vat.currency) * GRAINS_PER_MINOR_UNIT)
    return Money(minor * GRAINS_PER_MINOR_UNIT, profile.vat_currency)


def state_of(total: int, standing: Standing) -> State:
    """How an invoice over `total` grains stands."""
    if standing.credited and standing.credited >= total:
        return "credited" if standing.paid else "void"
    if due_grains(total, standing) > 0:
        return "issued"
    return "written_off" if standing.written_off else "paid"


def due_grains(total: int, standing: Standing) -> int:
    """What is still expected to be paid; below zero, what is to be given back."""
    return payable_grains(total, standing) - standing.written_off


def payable_grains(total: int, standing: Standing) -> int:
    """What can still be paid, whether anybody expects it or not; below zero, what is to be given back."""
    return total - standing.credited - standing.paid + standing.returned


def written_off_with(total: int, standing: Standing) -> Standing:
    """After all that is due is given up. Raises Conflict when nothing is due."""
    due = due_grains(total, standing)
    if due <= 0:
        message = "nothing of this invoice is still to be paid, so there is nothing to write off"
        raise Conflict("invoice_not_due", message, param="invoice")
    return msgspec.structs.replace(standing, written_off=standing.written_off + due)


def expected_again(total: int, standing: Standing, grains: int) -> Standing:
    """Before `grains` are paid or credited: what of them was written off and is due again."""
    lacking = max(0, grains - max(0, due_grains(total, standing)))
    return msgspec.structs.replace(standing, written_off=standing.written_off - min(lacking, standing.written_off))


def paid_with(total: int, standing: Standing, grains: int) -> Standing:
    """After a payment. Raises Conflict for more than is due."""
    if not 0 < grains <= due_grains(total, standing):
        message = "a payment is more than 0 and at most what the invoice still asks for; book what is more to suspense"
        raise Conflict("invoice_not_due", message, param="amount")
    return msgspec.structs.replace(standing, paid=standing.paid + grains)


def returned_with(standing: Standing, grains: int) -> Standing:
    """After money was given back or charged back. Raises Conflict for more than was paid and is still here."""
    if not 0 < grains <= standing.paid - standing.returned:
        message = "what goes back is more than 0 and at most what was paid of the invoice and is still here"
        raise Conflict("invoice_not_paid", message, param="amount")
    return msgspec.structs.replace(standing, returned=standing.returned + grains)


def returned_less(standing: Standing, grains: int) -> Standing:
    """After money that was given back came to us again."""
    assert 0 < grains <= standing.returned, "no more comes back than was given back"
    return msgspec.structs.replace(standing, returned=standing.returned - grains)
