"""An invoice and its postings are one: numbered without gaps, balanced, paid at most once, mirrored exactly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest
from sqlalchemy import Connection, func, select
from tests.db.opened import Place
from tests.invoicing.drafts import CUSTOMER, DAY_US, draft, line

from solvent.billing import invoice_store, recognition_store
from solvent.billing.on_account import on_account_lines
from solvent.db.port import Database
from solvent.invoicing import store
from solvent.invoicing.credit import Part
from solvent.invoicing.invoice import Invoice, InvoiceId, due_grains, state_of
from solvent.invoicing.number import number_text, read_number
from solvent.invoicing.profile import EVERYBODY, Profile
from solvent.invoicing.tax import Tax
from solvent.ledger import store as ledger_store
from solvent.ledger.account import BAD_DEBT, REVENUE_OVERAGE, VAT_PAYABLE, invoiced, unbilled
from solvent.ledger.transfer import posting
from solvent.pricing.exchange import exchange
from solvent.pricing.exchange_store import keep_exchanges
from solvent.values.errors import Conflict, Invalid, NotFound
from solvent.values.ids import TransferId
from solvent.values.instant import instant
from solvent.values.money import Money

T = TypeVar("T")
NOW_US = instant("2026-11-27T09:00:00+09:00", "now")
BANK = "cash:bank"


def won(amount: int) -> Money:
    return Money(amount * 10**7, "KRW")


def balance(connection: Connection, account: str, currency: str = "KRW") -> int:
    """Debits less credits, in grains."""
    moved = ledger_store.balances_at(connection, (account,)).get((account, currency))
    return moved.debits - moved.credits if moved else 0


def living(place: Place, story: Callable[[Connection], T]) -> T:
    """Run a story in one transaction on this place's books."""

    def told(connection: Connection) -> T:
        try:
            return story(connection)
        except pytest.fail.Exception as wrong:  # not an Exception: it would end the writer's thread
            raise AssertionError(str(wrong)) from wrong

    async def live() -> T:
        async with place.opened() as database:
            return await database.write(told)

    return asyncio.run(live())


def test_issuing_books_the_total_against_each_line_and_the_vat(place: Place) -> None:
    def story(connection: Connection) -> None:
        invoice = invoice_store.issue(connection, draft(line(29_000), line(11_000, "usage", "revenue:answers")), NOW_US)
        assert number_text(invoice.number) == "2026-000001"
        assert balance(connection, invoiced(CUSTOMER)) == 40_000 * 10**7
        assert balance(connection, "deferred:sub_1") == -26_364 * 10**7
        assert balance(connection, "revenue:answers") == -10_000 * 10**7
        assert balance(connection, VAT_PAYABLE) == -3_636 * 10**7
        (schedule,) = recognition_store.schedules_of(connection, "deferred:sub_1")
        assert (schedule.grains, schedule.from_us, schedule.until_us) == (26_364 * 10**7, 0, 30 * DAY_US)
        assert store.invoice_by_number(connection, read_number("2026-000001")) == store.invoice_by_id(
            connection, invoice.id
        )

    living(place, story)


def test_the_same_reference_is_invoiced_once(place: Place) -> None:
    def story(connection: Connection) -> None:
        first = invoice_store.issue(connection, draft(line(29_000)), NOW_US)
        again = invoice_store.issue(connection, draft(line(29_000)), NOW_US + 5)
        assert first == again
        assert balance(connection, invoiced(CUSTOMER)) == 29_000 * 10**7

    living(place, story)


def test_numbers_have_no_gaps_whatever_fails_in_between_and_begin_anew_each_year(place: Place) -> None:
    def one(reference: str, now_us: int, *, fails: bool = False) -> Callable[[Connection], str]:
        def work(connection: Connection) -> str:
            invoice = invoice_store.issue(connection, draft(line(10), reference=reference), now_us)
            if fails:
                raise RuntimeError("the power goes")
            return number_text(invoice.number)

        return work

    async def live() -> list[str]:
        async with place.opened() as database:
            numbers = []
            for at in range(6):
                if at % 2:
                    with pytest.raises(RuntimeError):
                        await database.write(one(f"lost_{at}", NOW_US, fails=True))
                    with pytest.raises(Invalid):
                        await database.write(lambda c: invoice_store.issue(c, draft(line(-1)), NOW_US))
                numbers.append(await database.write(one(f"kept_{at}", NOW_US)))
            new_year_us = instant("2027-01-01T00:00:00+09:00", "now")
            numbers.append(await database.write(one("old", new_year_us - 1)))
            numbers.append(await database.write(one("new", new_year_us)))
            return numbers

    expected = [f"2026-{number:06d}" for number in range(1, 8)]
    assert asyncio.run(live()) == [*expected, "2027-000001"]


def test_parallel_issues_get_a_number_each(place: Place) -> None:
    async def live() -> set[str]:
        async with place.opened() as database, place.opened() as other:

            def issue(database: Database, at: int) -> asyncio.Future[Invoice]:
                wanted = draft(line(10), reference=f"r{at}")
                work = database.write(lambda connection: invoice_store.issue(connection, wanted, NOW_US))
                return asyncio.ensure_future(work)

            invoices = await asyncio.gather(*(issue(database if at % 2 else other, at) for at in range(20)))
            return {number_text(invoice.number) for invoice in invoices}

    assert asyncio.run(live()) == {f"2026-{number:06d}" for number in range(1, 21)}


def test_an_invoice_is_paid_in_parts_and_each_reference_once(place: Place) -> None:
    def story(connection: Connection) -> None:
        invoice = invoice_store.issue(connection, draft(line(29_000)), NOW_US)
        for _ in range(2):
            invoice_store.pay(connection, invoice.id, won(20_000), BANK, NOW_US, "bank/1")
        _, standing = store.invoice_by_id(connection, invoice.id)
        assert due_grains(invoice.total.grains, standing) == 9_000 * 10**7
        with pytest.raises(Conflict, match="more than 0 and at most"):
            invoice_store.pay(connection, invoice.id, won(9_001), BANK, NOW_US, "bank/2")
        with pytest.raises(Invalid, match="exchange it first"):
            invoice_store.pay(connection, invoice.id, Money(9, "USD"), BANK, NOW_US, "bank/2")
        invoice_store.pay(connection, invoice.id, won(9_000), "receivable:processor:toss", NOW_US, "toss/1")
        _, standing = store.invoice_by_id(connection, invoice.id)
        assert state_of(invoice.total.grains, standing) == "paid"
        assert balance(connection, invoiced(CUSTOMER)) == 0
        assert (balance(connection, BANK), balance(connection, "receivable:processor:toss")) == (2 * 10**11, 9 * 10**10)
        with pytest.raises(NotFound):
            invoice_store.pay(connection, InvoiceId("inv_0"), won(1), BANK, NOW_US, "x")

    living(place, story)


def test_a_chargeback_makes_an_invoice_due_again(place: Place) -> None:
    def story(connection: Connection) -> None:
        invoice = invoice_store.issue(connection, draft(line(29_000)), NOW_US)
        invoice_store.pay(connection, invoice.id, won(29_000), BANK, NOW_US, "bank/1")
        assert store.overdue(connection, NOW_US + 99 * DAY_US, 10) == []
        for _ in range(2):
            invoice_store.give_back(connection, invoice.id, won(29_000), BANK, NOW_US, "chargeback/1")
        assert [found.id for found, _ in store.overdue(connection, NOW_US + 99 * DAY_US, 10)] == [invoice.id]
        assert balance(connection, invoiced(CUSTOMER)) == 29_000 * 10**7
        with pytest.raises(Conflict, match="is still here"):
            invoice_store.give_back(connection, invoice.id, won(1), BANK, NOW_US, "chargeback/2")

    living(place, story)


def test_a_full_credit_note_reverses_every_balance(place: Place) -> None:
    def story(connection: Connection) -> None:
        lines = (line(29_000), line(-2_900, "coupon"), line(1_234, "usage", "revenue:answers", tax="outside"))
        invoice = invoice_store.issue(connection, draft(*lines), NOW_US)
        invoice_store.credit(connection, invoice.id, [Part(1, won(777))], NOW_US, "credit/1", "한 부분")
        rest = invoice_store.credit(connection, invoice.id, None, NOW_US, "credit/2")
        assert invoice_store.credit(connection, invoice.id, None, NOW_US, "credit/2") == rest
        assert number_text(rest.number) == "CN-2026-000002"
        assert [note.remark for note in store.credit_notes_of(connection, invoice.id)] == ["한 부분", ""]
        for account in (invoiced(CUSTOMER), "deferred:sub_1", "revenue:answers", VAT_PAYABLE):
            assert balance(connection, account) == 0, account
        _, standing = store.invoice_by_id(connection, invoice.id)
        assert state_of(invoice.total.grains, standing) == "void"
        assert sum(one.grains for one in recognition_store.schedules_of(connection, "deferred:sub_1")) == 0
        with pytest.raises(Conflict, match="given back already"):
            invoice_store.credit(connection, invoice.id, None, NOW_US, "credit/3")

    living(place, story)


def test_what_was_paid_and_is_credited_waits_to_be_given_back(place: Place) -> None:
    def story(connection: Connection) -> None:
        invoice = invoice_store.issue(connection, draft(line(29_000)), NOW_US)
        invoice_store.pay(connection, invoice.id, won(29_000), BANK, NOW_US, "bank/1")
        invoice_store.credit(connection, invoice.id, [Part(1, won(9_000))], NOW_US, "credit/1")
        assert balance(connection, invoiced(CUSTOMER)) == -9_000 * 10**7
        invoice_store.give_back(connection, invoice.id, won(9_000), BANK, NOW_US, "refund/1")
        assert balance(connection, invoiced(CUSTOMER)) == 0
        _, standing = store.invoice_by_id(connection, invoice.id)
        assert (state_of(invoice.total.grains, standing), standing.paid, standing.returned) == (
            "paid", 29_000 * 10**7, 9_000 * 10**7,
        )  # fmt: skip

    living(place, story)


def test_what_is_written_off_is_our_loss_until_it_is_paid_or_credited_after_all(place: Place) -> None:
    def stands(connection: Connection, invoice: Invoice) -> str:
        return state_of(invoice.total.grains, store.invoice_by_id(connection, invoice.id)[1])

    def story(connection: Connection) -> None:
        invoice = invoice_store.issue(connection, draft(line(29_000)), NOW_US)
        invoice_store.pay(connection, invoice.id, won(4_000), BANK, NOW_US, "bank/1")
        assert invoice_store.write_off(connection, invoice.id, NOW_US, "off/1") == won(25_000)
        assert stands(connection, invoice) == "written_off"
        assert (balance(connection, BAD_DEBT), balance(connection, invoiced(CUSTOMER))) == (25_000 * 10**7, 0)
        assert store.overdue(connection, NOW_US + 99 * DAY_US, 10) == []
        with pytest.raises(Conflict, match="nothing to write off"):
            invoice_store.write_off(connection, invoice.id, NOW_US, "off/2")
        for _ in range(2):
            invoice_store.pay(connection, invoice.id, won(5_000), BANK, NOW_US, "bank/2")
        assert (balance(connection, BAD_DEBT), balance(connection, BANK)) == (20_000 * 10**7, 9_000 * 10**7)
        invoice_store.credit(connection, invoice.id, [Part(1, won(12_000))], NOW_US, "credit/1")
        assert (stands(connection, invoice), balance(connection, BAD_DEBT)) == ("written_off", 8_000 * 10**7)
        invoice_store.give_back(connection, invoice.id, won(9_000), BANK, NOW_US, "chargeback/1")
        assert (stands(connection, invoice), balance(connection, invoiced(CUSTOMER))) == ("issued", 9_000 * 10**7)
        with pytest.raises(Conflict, match="more than 0 and at most"):
            invoice_store.pay(connection, invoice.id, won(17_001), BANK, NOW_US, "bank/3")
        invoice_store.pay(connection, invoice.id, won(17_000), BANK, NOW_US, "bank/3")
        assert (stands(connection, invoice), balance(connection, BAD_DEBT)) == ("paid", 0)
        assert balance(connection, invoiced(CUSTOMER)) == 0

    living(place, story)


@pytest.mark.parametrize("treatment", ["inclusive", "exclusive", "reverse_charge", "none"])
def test_usage_on_account_is_invoiced_in_whole_won_and_never_drifts(place: Place, treatment: str) -> None:
    used = [1_234_567_8, 999_999, 5, 71_234_567_891, 4_999_999, 33_333_333]

    def story(connection: Connection) -> None:
        tax = Tax(treatment, 100)  # type: ignore[arg-type]
        store.set_profile(connection, Profile(customer=CUSTOMER, tax=tax))
        asked = 0
        for at, grains in enumerate(used):
            row = posting(
                TransferId(f"ans_{at}"), NOW_US, unbilled(CUSTOMER), REVENUE_OVERAGE, Money(grains, "KRW"), ""
            )
            ledger_store.append(connection, [row])
            waiting = Money(invoice_store.unbilled_grains(connection, CUSTOMER, "KRW"), "KRW")
            lines = on_account_lines(CUSTOMER, waiting, [("전문가", 3, grains // 3)], 0, 1)
            if lines:
                invoice = invoice_store.issue(connection, draft(*lines, reference=f"usage/{at}"), NOW_US)
                asked += (invoice.total if treatment == "inclusive" else invoice.supply).grains
            left = balance(connection, unbilled(CUSTOMER))
            assert left == sum(used[: at + 1]) - asked
            assert 2 * abs(left) <= 10**7
        vat = -balance(connection, VAT_PAYABLE)
        assert vat % 10**7 == 0
        assert (vat > 0) == (treatment in ("inclusive", "exclusive"))
        assert -balance(connection, REVENUE_OVERAGE) == sum(used) - (vat if treatment == "inclusive" else 0)
        total = balance(connection, invoiced(CUSTOMER))
        assert total == asked + (vat if treatment == "exclusive" else 0)

    living(place, story)


def test_debits_equal_credits_after_everything(place: Place) -> None:
    def story(connection: Connection) -> None:
        invoice = invoice_store.issue(connection, draft(line(29_000), line(333, account="revenue:packs")), NOW_US)
        invoice_store.pay(connection, invoice.id, won(29_000), BANK, NOW_US, "bank/1")
        invoice_store.credit(connection, invoice.id, [Part(2, won(333))], NOW_US, "credit/1")
        moved = ledger_store.balances_of(connection).values()
        assert sum(one.debits for one in moved) == sum(one.credits for one in moved)
        assert ledger_store.balances_rebuilt(connection) == ledger_store.balances_by_month(connection)

    living(place, story)


def test_an_invoice_over_nothing_is_paid_at_once_and_keeps_its_number(place: Place) -> None:
    def story(connection: Connection) -> None:
        free = invoice_store.issue(connection, draft(line(29_000), line(-29_000, "coupon")), NOW_US)
        assert store.invoices_between(connection, 0, NOW_US + 1, state="paid")[0][0] == free
        assert balance(connection, invoiced(CUSTOMER)) == 0
        assert connection.execute(select(func.count()).select_from(store.invoices)).scalar() == 1

    living(place, story)


def test_a_document_holds_the_profile_of_its_day(place: Place) -> None:
    def story(connection: Connection) -> None:
        assert store.profile_at(connection, CUSTOMER, NOW_US).tax == Tax("inclusive", 100)
        store.set_profile(connection, Profile(customer=EVERYBODY, tax=Tax("exclusive", 190), vat_currency="EUR"))
        store.set_profile(connection, Profile(customer=CUSTOMER, since_us=NOW_US + 9, legal_name="새 이름"))
        before = store.profile_at(connection, CUSTOMER, NOW_US + 8)
        assert (before.customer, before.tax, before.vat_currency) == (CUSTOMER, Tax("exclusive", 190), "EUR")
        after = store.profile_at(connection, CUSTOMER, NOW_US + 9)
        assert (after.legal_name, after.tax) == ("새 이름", Tax())
        with pytest.raises(Invalid, match="exchange rate of the day"):
            invoice_store.issue(connection, draft(line(10_000)), NOW_US)
        rate = exchange("KRW", "EUR", "0.00062", "2026-11-01", "ECB", "here")
        keep_exchanges(connection, [rate])
        invoice = invoice_store.issue(connection, draft(line(10_000)), NOW_US)
        assert invoice.vat_home == Money(118 * 10**7, "EUR")  # 1,900 won
        assert invoice.rate is not None
        assert invoice.rate.source == "ECB"

    living(place, story)
