"""Operations on invoices: the documents, what corrects them, what was paid, and whom they are made out to."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from solvent.console.checkouts import PaymentBody, payment_of
from solvent.console.members import ADDRESS, COUNTRY, CURRENCY, DATE, NOTE, REGISTRATION, WORD
from solvent.console.operation import Asked, Nothing, Operation, Page, PageQuery, page_of, reading
from solvent.console.wallets import Amount
from solvent.db.port import Connection
from solvent.identity.store import known_customer
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.credit import Part
from solvent.invoicing.invoice import DocumentKind, Invoice, InvoiceId, Standing, State, due_grains, state_of
from solvent.invoicing.line import Kind, Line
from solvent.invoicing.number import number_text, place_text, read_number, read_place
from solvent.invoicing.profile import Language, Profile
from solvent.invoicing.tax import RATE_PERMILLE_MAX, Rounding, Tax, Treatment
from solvent.office.change_profile import change_profile
from solvent.office.credit_invoice import credit_invoice
from solvent.office.receive_payment import receive_payment
from solvent.office.return_payment import return_payment
from solvent.office.write_off_invoice import write_off_invoice
from solvent.till.pay_invoice import pay_invoice
from solvent.values.errors import Invalid
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US, instant, iso
from solvent.values.limits import INVOICE_LINES_MAX
from solvent.values.money import Money, money, plain
from solvent.values.period import first_day, start_of_day


class TaxBody(msgspec.Struct):
    """How VAT is worked out. rate_permille: 100 is ten percent. rounding: once a document, or once a line."""

    treatment: Treatment
    rate_permille: int
    rounding: Rounding


class ProfileBody(msgspec.Struct, kw_only=True):
    """Whom documents are made out to, and how they are taxed. since: null where it is everybody's."""

    object: Literal["profile"] = "profile"
    customer: str
    legal_name: str
    registration_number: str
    address: str
    country: str
    language: Language
    email: str
    tax: TaxBody
    vat_currency: str
    since: str | None


class NewProfile(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be different from now on; what is left out stays."""

    legal_name: Annotated[str, NOTE] | None = None
    registration_number: Annotated[str, REGISTRATION] | None = None
    address: Annotated[str, ADDRESS] | None = None
    country: Annotated[str, COUNTRY, Meta(description="ISO 3166: KR")] | None = None
    language: Language | None = None
    email: Annotated[str, NOTE] | None = None
    treatment: Treatment | None = None
    rate_permille: Annotated[int, Meta(ge=0, le=RATE_PERMILLE_MAX)] | None = None
    rounding: Rounding | None = None
    vat_currency: Annotated[str, CURRENCY] | None = None


class InvoiceLine(msgspec.Struct):
    """One line. amount: supply and VAT together. quantity: whole pieces of a unit; where that is a currency, money."""

    line: int
    kind: Kind
    text: str
    quantity: str
    unit: str
    start: str | None
    end: str | None
    supply: str
    vat: str
    amount: str
    corrects_line: int | None


class InvoiceBody(msgspec.Struct, kw_only=True):
    """A document and how it stands. due: still expected; below zero, to be given back. corrects: on a credit note.

    vat_home: the VAT in the currency it is owed in, `vat_currency`.
    """

    object: Literal["invoice"] = "invoice"
    id: str
    number: str
    kind: DocumentKind
    state: State
    customer: str
    customer_name: str
    currency: str
    supply: str
    vat: str
    total: str
    vat_home: str
    vat_currency: str
    paid: str
    returned: str
    credited: str
    written_off: str
    due: str
    issued_at: str
    due_at: str
    start: str | None
    end: str | None
    corrects: str | None
    reference: str
    remark: str


class InvoiceDetail(msgspec.Struct, kw_only=True):
    """A document with its lines, whom it is made out to, and what corrected it."""

    object: Literal["invoice.detail"] = "invoice.detail"
    invoice: InvoiceBody
    lines: list[InvoiceLine]
    profile: ProfileBody
    credit_notes: list[InvoiceBody]


class InvoicesQuery(PageQuery, forbid_unknown_fields=True, kw_only=True):
    """Which documents."""

    customer: Annotated[str, WORD, Meta(description="only those of this customer")] = ""
    state: Annotated[State | None, Meta(description="only those in this state")] = None
    since: Annotated[str, WORD, Meta(description="days like 7d (today counts), or a date in the books' zone")] = ""


class CreditPart(msgspec.Struct, forbid_unknown_fields=True, rename={"since": "from"}):
    """How much of one line goes back."""

    line: Annotated[int, Meta(description="its place on the invoice, from 1", ge=1)]
    amount: Amount
    since: Annotated[str, DATE, Meta(description="of what is earned by time: from when on it is not")] | None = None


class NewCredit(msgspec.Struct, forbid_unknown_fields=True):
    """What a credit note gives back."""

    parts: Annotated[
        list[CreditPart], Meta(description="which lines; all that is left when empty", max_length=INVOICE_LINES_MAX)
    ] = []
    remark: Annotated[str, NOTE, Meta(description="printed under the lines")] = ""


class Received(msgspec.Struct, forbid_unknown_fields=True):
    """A payment that came without an order of ours."""

    amount: Amount
    into: Annotated[str, Meta(description="where it is: the account cash:bank", pattern="^[a-z0-9_-]{1,40}$")] = "bank"


class GivenBack(msgspec.Struct, forbid_unknown_fields=True):
    """Money that was sent back without an order of ours."""

    amount: Amount
    out_of: Annotated[str, Meta(description="where it was: the account cash:bank", pattern="^[a-z0-9_-]{1,40}$")] = (
        "bank"
    )


class NewPayment(msgspec.Struct, forbid_unknown_fields=True):
    """How a customer is to pay."""

    rail: Annotated[str, WORD, Meta(description="over which rail")]
    saves_method: Annotated[bool, Meta(description="also keep what they pay with, for renewals")] = False


def invoice_body(invoice: Invoice, standing: Standing) -> InvoiceBody:
    """A document as JSON."""
    i = invoice

    def text(grains: int) -> str:
        return plain(Money(grains, i.currency))

    total = i.total.grains
    return InvoiceBody(
        id=i.id, number=number_text(i.number), kind=i.kind, state=_state(i, standing), customer=i.customer,
        customer_name=i.customer_name, currency=i.currency, supply=plain(i.supply), vat=plain(i.vat),
        total=plain(i.total), vat_home=plain(i.vat_home), vat_currency=i.vat_home.currency, paid=text(standing.paid),
        returned=text(standing.returned), credited=text(standing.credited), written_off=text(standing.written_off),
        due=text(due_grains(total, standing) if i.kind == "invoice" else 0), issued_at=iso(i.issued_us),
        due_at=iso(i.due_us), start=iso(i.from_us) if i.from_us else None, end=iso(i.until_us) if i.until_us else None,
        corrects=i.corrects, reference=i.reference, remark=i.remark,
    )  # fmt: skip


def _state(invoice: Invoice, standing: Standing) -> State:
    return state_of(invoice.total.grains, standing) if invoice.kind == "invoice" else "paid"


def line_body(number: int, line: Line) -> InvoiceLine:
    """A line as JSON."""
    start, end = (iso(at_us) if at_us else None for at_us in (line.from_us, line.until_us))
    quantity, unit = str(line.quantity), line.unit
    if unit == "money":
        quantity, unit = plain(Money(line.quantity, line.supply.currency)), line.supply.currency
    return InvoiceLine(
        number, line.kind, line.text, quantity, unit, start, end, plain(line.supply), plain(line.vat),
        plain(line.total), line.corrects or None,
    )  # fmt: skip


def profile_body(profile: Profile) -> ProfileBody:
    """A profile as JSON."""
    p = profile
    return ProfileBody(
        customer=p.customer, legal_name=p.legal_name, registration_number=p.registration_number,
        address=p.address, country=p.country, language=p.language, email=p.email,
        tax=TaxBody(p.tax.treatment, p.tax.rate_permille, p.tax.rounding), vat_currency=p.vat_currency,
        since=iso(p.since_us) if p.since_us else None,
    )  # fmt: skip


async def invoices(asked: Asked[InvoicesQuery, Nothing]) -> Page[InvoiceBody]:
    """List invoices and credit notes, newest first."""
    query, business = asked.query, asked.business
    from_us = 0
    if query.since:
        from_us = start_of_day(first_day(query.since, business.now_us(), business.time_zone), business.time_zone)
    before = read_place(query.cursor) if query.cursor else None
    found = await business.database.read(
        lambda connection: invoicing_store.invoices_between(
            connection, from_us, NEVER_US, customer=query.customer, state=query.state or "", count=query.limit + 1,
            before=before,
        )
    )  # fmt: skip
    rows, cursor = page_of(found, query.limit, lambda row: place_text(row[0].issued_us, row[0].number))
    return Page([invoice_body(*row) for row in rows], cursor)


async def show(asked: Asked[Nothing, Nothing]) -> InvoiceDetail:
    """Show one document, by its id or its printed number, with its lines and what corrected it."""

    def look(connection: Connection) -> InvoiceDetail:
        invoice, standing = find(connection, asked.path["invoice"])
        notes = invoicing_store.credit_notes_of(connection, invoice.id)
        return InvoiceDetail(
            invoice=invoice_body(invoice, standing),
            lines=[line_body(number, line) for number, line in enumerate(invoice.lines, start=1)],
            profile=profile_body(invoice.profile),
            credit_notes=[invoice_body(note, Standing()) for note in notes],
        )

    return await asked.business.database.read(look)


def find(connection: Connection, name: str) -> tuple[Invoice, Standing]:
    """The document of an id or a printed number. Raises NotFound."""
    if name.startswith("inv_"):
        return invoicing_store.invoice_by_id(connection, InvoiceId(name))
    try:
        number = read_number(name)
    except Invalid:
        return invoicing_store.invoice_by_id(connection, InvoiceId(name))
    return invoicing_store.invoice_by_number(connection, number)


async def _invoice(asked: Asked[Nothing, Any]) -> Invoice:
    return (await asked.business.database.read(lambda connection: find(connection, asked.path["invoice"])))[0]


async def _standing(asked: Asked[Nothing, Any], id: InvoiceId) -> InvoiceBody:
    found = await asked.business.database.read(lambda connection: invoicing_store.invoice_by_id(connection, id))
    return invoice_body(*found)


async def credit(asked: Asked[Nothing, NewCredit]) -> InvoiceBody:
    """Issue a credit note for parts of an invoice, or for all that is left of it. What was paid can be refunded."""
    invoice, body = await _invoice(asked), asked.body
    parts = [
        Part(
            part.line, money(part.amount, invoice.currency, f"parts.{n}.amount"),
            instant(part.since, f"parts.{n}.from") if part.since else 0,
        )
        for n, part in enumerate(body.parts)
    ]  # fmt: skip
    note, _ = await credit_invoice(
        invoice.id, parts or None, asked.act, asked.business.database, remark=body.remark
    )  # fmt: skip
    return invoice_body(note, Standing())


async def receive(asked: Asked[Nothing, Received]) -> InvoiceBody:
    """Mark an invoice paid, whole or in part, by money that came without an order of ours."""
    invoice, body = await _invoice(asked), asked.body
    amount = money(body.amount, invoice.currency)
    await receive_payment(invoice.id, amount, body.into, asked.act, asked.business.database)
    return await _standing(asked, invoice.id)


async def give_back(asked: Asked[Nothing, GivenBack]) -> InvoiceBody:
    """Send back what came without an order of ours and is too much: the invoice was credited, or paid twice."""
    invoice, body = await _invoice(asked), asked.body
    amount = money(body.amount, invoice.currency)
    await return_payment(invoice.id, amount, body.out_of, asked.act, asked.business.database)
    return await _standing(asked, invoice.id)


async def write_off(asked: Asked[Nothing, Nothing]) -> InvoiceBody:
    """Write off what an invoice still asks for: nobody expects it any more. Paid after all, it is booked as ever."""
    invoice = await _invoice(asked)
    await write_off_invoice(invoice.id, asked.act, asked.business.database)
    return await _standing(asked, invoice.id)


async def pay(asked: Asked[Nothing, NewPayment]) -> PaymentBody:
    """Ask a customer to pay an invoice. The answer says how they pay; it is paid once they have."""
    business, body = asked.business, asked.body
    invoice = await _invoice(asked)
    opened = await pay_invoice(
        invoice.customer, invoice.id, body.rail, business.payments.rails, business.database, asked.act,
        business.entropy(), return_url=business.payments.return_url(body.rail), saves=body.saves_method,
    )  # fmt: skip
    return payment_of(opened)


async def profile(asked: Asked[Nothing, Nothing]) -> ProfileBody:
    """Show whom a customer's documents are made out to, and how they are taxed."""
    id, now_us = CustomerId(asked.path["customer"]), asked.business.now_us()

    def look(connection: Connection) -> Profile:
        known_customer(connection, id)
        return invoicing_store.profile_at(connection, id, now_us)

    return profile_body(await asked.business.database.read(look))


async def put_profile(asked: Asked[Nothing, NewProfile]) -> ProfileBody:
    """Change whom a customer's documents are made out to, and how they are taxed: from now on."""
    customer, at_us = CustomerId(asked.path["customer"]), asked.act.at_us
    known = await asked.business.database.read(lambda c: invoicing_store.profile_at(c, customer, at_us))
    changes = {name: value for name, value in msgspec.structs.asdict(asked.body).items() if value is not None}
    tax_changes = {name: changes.pop(name) for name in Tax.__struct_fields__ if name in changes}
    tax = msgspec.structs.replace(known.tax, **tax_changes)
    wished = msgspec.structs.replace(known, customer=customer, tax=tax, **changes)
    made, _ = await change_profile(wished, asked.act, asked.business.database)
    return profile_body(made)


_ONE: Final = "/v1/invoices/{invoice}"
_PROFILE: Final = "/v1/customers/{customer}/profile"
LIST = reading("/v1/invoices", "invoices.read", invoices, InvoicesQuery, Page[InvoiceBody])
SHOW = reading(_ONE, "invoices.read", show, Nothing, InvoiceDetail)
CREDIT = Operation("POST", f"{_ONE}/credit", "invoices.write", credit, Nothing, NewCredit, InvoiceBody, is_money=True)
RECEIVE = Operation(
    "POST", f"{_ONE}/received", "payments.write", receive, Nothing, Received, InvoiceBody, is_money=True
)
GIVE_BACK = Operation(
    "POST", f"{_ONE}/returned", "payments.write", give_back, Nothing, GivenBack, InvoiceBody, is_money=True
)
WRITE_OFF = Operation(
    "POST", f"{_ONE}/write-off", "invoices.write", write_off, Nothing, Nothing, InvoiceBody, is_money=True
)
PAY = Operation("POST", f"{_ONE}/payments", "payments.write", pay, Nothing, NewPayment, PaymentBody, is_money=True)
PROFILE = reading(_PROFILE, "customers.read", profile, Nothing, ProfileBody)
PUT_PROFILE = Operation(
    "POST", _PROFILE, "invoices.write", put_profile, Nothing, NewProfile, ProfileBody, is_money=True
)
OPERATIONS = (LIST, SHOW, CREDIT, RECEIVE, GIVE_BACK, WRITE_OFF, PAY, PROFILE, PUT_PROFILE)
