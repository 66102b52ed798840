"""My invoices: what was asked for and paid, as pages and as files, the statements of months, and whom they are for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from solvent.app.build import App
from solvent.app.business import business_of
from solvent.app.document_words import Words
from solvent.app.printing import PDF, printed_invoice, printed_statement
from solvent.chat.plan_page import rails_of, whom_to_ask
from solvent.db.port import Connection
from solvent.invoicing import statement_store
from solvent.invoicing import store as invoicing_store
from solvent.invoicing.invoice import Invoice, InvoiceId, Standing, due_grains, state_of
from solvent.invoicing.number import number_text, place_text, read_place
from solvent.invoicing.profile import Profile, registration_text
from solvent.office.change_profile import change_profile
from solvent.pages.once import act_of
from solvent.pages.place import Place
from solvent.pages.visit import Visit
from solvent.till.pay_invoice import pay_invoice
from solvent.values.errors import Invalid, NotFound, SolventError
from solvent.values.instant import NEVER_US
from solvent.values.misfit import misfit
from solvent.values.money import Money
from solvent.values.period import month_text, read_month

_ROWS = 20
_MONTHS = 24
_FIELDS = ("legal_name", "registration_number", "address", "country", "language", "email")


class Invoices:
    """The places under /invoices and /statements."""

    def __init__(self, app: App) -> None:
        self._app = app

    def places(self) -> list[Place]:
        """Where they are."""
        return [
            Place("GET", "/invoices", "customer", self.list),
            Place("GET", "/invoices/profile", "customer", self.show_profile),
            Place("POST", "/invoices/profile", "customer", self.put_profile),
            Place("GET", "/invoices/{invoice}", "customer", self.show),
            Place("GET", "/invoices/{invoice}/pdf", "customer", self.print),
            Place("POST", "/invoices/{invoice}/pay", "customer", self.pay),
            Place("GET", "/statements/{month}/pdf", "customer", self.print_statement),
        ]

    async def list(self, visit: Visit) -> Response:
        """Newest first, a page at a time."""
        id, now_us = visit.customer.id, self._app.desk.now_us()
        before = read_place(visit.query["before"]) if visit.query.get("before") else None

        def look(connection: Connection) -> dict[str, Any]:
            found = invoicing_store.invoices_between(
                connection, 0, NEVER_US, customer=id, count=_ROWS + 1, before=before
            )
            last = found[_ROWS - 1][0] if len(found) > _ROWS else None
            return {
                "rows": [_row(*one) for one in found[:_ROWS]],
                "next": place_text(last.issued_us, last.number) if last is not None else "",
                "months": statement_store.statements_of(connection, id, _MONTHS) if before is None else [],
                "profile": invoicing_store.profile_at(connection, id, now_us),
            }

        about = await self._app.database.read(look)
        words = Words(visit.visitor.language, self._app.desk.time_zone)
        return visit.page(
            "chat/invoices.html", month=words.month, month_text=month_text, money_of=Money, is_first=before is None,
            registration=registration_text, **about,
        )  # fmt: skip

    async def show(self, visit: Visit) -> Response:
        """One, with its lines."""
        return await self._page(visit)

    async def _page(self, visit: Visit, problem: SolventError | None = None) -> Response:
        invoice, standing = await self._own(visit)
        language = visit.visitor.language
        words = Words(language, self._app.desk.time_zone)
        notes = await self._app.database.read(lambda c: invoicing_store.credit_notes_of(c, invoice.id))
        return visit.page(
            "chat/invoice.html", 200 if problem is None else 422, one=_row(invoice, standing), invoice=invoice,
            standing=standing, notes=[_row(note, Standing()) for note in notes], words=words, money_of=Money,
            registration=registration_text(invoice.profile), rails=rails_of(self._app),
            whom_to_ask=whom_to_ask(self._app), problem=visit.said(problem) if problem is not None else "",
        )  # fmt: skip

    async def print(self, visit: Visit) -> Response:
        """One, as PDF in the visitor's language."""
        invoice, _ = await self._own(visit)
        return _file(*await printed_invoice(business_of(self._app), invoice.id, visit.visitor.language))

    async def print_statement(self, visit: Visit) -> Response:
        """A month, as PDF."""
        business, month = business_of(self._app), read_month(visit.path["month"])
        made = await printed_statement(business, visit.customer.id, month, business.currency, visit.visitor.language)
        return _file(*made)

    async def pay(self, visit: Visit) -> Response:
        """Make the order that pays what is due."""
        invoice, _ = await self._own(visit)
        business, rail = business_of(self._app), visit.form.get("rail", "")
        try:
            opened = await pay_invoice(
                visit.customer.id, invoice.id, rail, business.payments.rails, business.database,
                act_of(visit, business.now_us()), business.entropy(), name=number_text(invoice.number),
                return_url=business.payments.return_url(rail),
            )  # fmt: skip
        except SolventError as problem:
            return await self._page(visit, problem)
        return visit.go(f"/plan/pay/{opened.order.id}")

    async def show_profile(self, visit: Visit) -> Response:
        """Whom documents are made out to."""
        known = await self._profile(visit)
        return visit.page("chat/profile.html", asked=_texts(known), problem="", at_fault="")

    async def put_profile(self, visit: Visit) -> Response:
        """Change that, from now on; what was issued stays as it is."""
        known = await self._profile(visit)
        try:
            wished = _wished(known, visit.form)
            wished = msgspec.structs.replace(wished, customer=visit.customer.id)
            await change_profile(wished, act_of(visit, self._app.desk.now_us()), self._app.database)
        except SolventError as problem:
            asked = _texts(known) | {name: visit.form[name] for name in _FIELDS if name in visit.form}
            about = {"problem": visit.said(problem), "at_fault": problem.param or ""}
            return visit.page("chat/profile.html", 422, asked=asked, **about)
        return visit.go("/invoices")

    async def _profile(self, visit: Visit) -> Profile:
        id, now_us = visit.customer.id, self._app.desk.now_us()
        return await self._app.database.read(lambda connection: invoicing_store.profile_at(connection, id, now_us))

    async def _own(self, visit: Visit) -> tuple[Invoice, Standing]:
        """Raises NotFound for another customer's as for one that does not exist."""
        id = InvoiceId(visit.path["invoice"])
        found = await self._app.database.read(lambda connection: invoicing_store.invoice_by_id(connection, id))
        if found[0].customer != visit.customer.id:
            raise NotFound("no_such_invoice", "there is no such invoice of yours", param="invoice")
        return found


def _row(invoice: Invoice, standing: Standing) -> dict[str, object]:
    """A document as lists show it. due: what is still to be paid."""
    is_invoice = invoice.kind == "invoice"
    total = invoice.total
    due = due_grains(total.grains, standing) if is_invoice else 0
    return {
        "id": invoice.id, "number": number_text(invoice.number), "kind": invoice.kind, "issued_us": invoice.issued_us,
        "due_us": invoice.due_us, "total": total, "due": Money(max(0, due), total.currency),
        "state": state_of(total.grains, standing) if is_invoice else "credit",
    }  # fmt: skip


def _file(name: str, made: bytes) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(made, media_type=PDF, headers=headers)


def _texts(profile: Profile) -> dict[str, str]:
    return {name: getattr(profile, name) for name in _FIELDS}


def _wished(known: Profile, form: Mapping[str, str]) -> Profile:
    """The profile as a form has it. Raises Invalid naming the field."""
    given = {name: " ".join(form[name].split()) for name in _FIELDS if name in form}
    for name, text in given.items():
        if not text.isprintable():
            message = f"{name}: it has a character that cannot be printed; leave it out"
            raise Invalid("bad_request", message, param=name)
    if "country" in given:
        given["country"] = given["country"].upper()
    try:
        return msgspec.convert(msgspec.to_builtins(known) | given, Profile)
    except msgspec.ValidationError as wrong:
        raise misfit(str(wrong)) from None
