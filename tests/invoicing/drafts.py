"""Drafts for tests: any lines, in won and in dollars."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from solvent.invoicing.invoice import DatedRate, Invoice, InvoiceDraft, InvoiceId, made_out
from solvent.invoicing.line import DraftLine, Taxed
from solvent.invoicing.number import Number
from solvent.invoicing.profile import Profile
from solvent.invoicing.tax import Tax
from solvent.values.ids import CustomerId
from solvent.values.money import Money

DAY_US = 86_400_000_000
CUSTOMER = CustomerId("cus_1")
RATE = DatedRate("KRW", 138_550, 100, 0, "서울외국환중개 매매기준율")
TAXED: st.SearchStrategy[Taxed] = st.sampled_from(["taxed", "outside"])
TAXES = st.builds(
    Tax,
    st.sampled_from(["inclusive", "exclusive", "reverse_charge", "none"]),
    st.sampled_from([0, 100, 190]),
    st.sampled_from(["document", "line"]),
)


def line(won: str | int, kind: str = "subscription", account: str = "deferred:sub_1", **more: object) -> DraftLine:
    """One line of so many won, over 30 days."""
    grains = round(float(won) * 10**7)
    fields = {"from_us": 0, "until_us": 30 * DAY_US, "text": "Pro", "plan": "pro", **more}
    return DraftLine(kind=kind, amount=Money(grains, "KRW"), credit_account=account, **fields)  # type: ignore[arg-type]


def draft(*lines: DraftLine, reference: str = "ref_1", customer: CustomerId = CUSTOMER) -> InvoiceDraft:
    """A draft of one month."""
    currency = lines[0].amount.currency if lines else "KRW"
    return InvoiceDraft(
        customer=customer, currency=currency, lines=lines, reference=reference, from_us=0, until_us=30 * DAY_US,
        due_us=14 * DAY_US,
    )  # fmt: skip


def issued(wanted: InvoiceDraft, tax: Tax | None = None, rate: DatedRate | None = RATE) -> Invoice:
    """The invoice of a draft, without a database."""
    profile = Profile(customer=wanted.customer, legal_name="주식회사 다리", tax=tax or Tax())
    return made_out(wanted, InvoiceId("inv_1"), Number("", 2026, 1), profile, "다리", 0, rate)


@st.composite
def drafts(draw: st.DrawFn) -> InvoiceDraft:
    """Lines that come to something, of either sign, taxed and not, deferred and not."""
    currency = draw(st.sampled_from(["KRW", "USD"]))
    lines = []
    for number in range(draw(st.integers(1, 6))):
        grains = draw(st.integers(0, 10**14))
        account = draw(st.sampled_from([f"deferred:sub_{number}", "revenue:packs", "wallet:cus_1"]))
        start = draw(st.integers(0, 10**12))
        taxed: Taxed = draw(TAXED)
        whole = DraftLine(
            kind="subscription",
            amount=Money(grains, currency),
            credit_account=account,
            tax=taxed,
            from_us=start,
            until_us=start + draw(st.integers(1, 10**12)),
        )
        lines.append(whole)
        if draw(st.booleans()):  # a discount, never more than its line
            less = Money(-draw(st.integers(0, max(0, grains - 10**7))), currency)
            lines.append(msgspec.structs.replace(whole, kind="coupon", amount=less))
    return draft(*lines)
