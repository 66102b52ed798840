"""What every payment processor must keep to, as checks that the author of a plug-in runs too.

Supply a `Stage`: your processor before something that plays the customer and the bank. Then run every check:
`for check in CHECKS: await check(stage)`. One that fails raises AssertionError; one that the stage cannot play,
`NotPlayed`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal, Protocol

from solvent.payments.port import Due, Event, Method, Payment, PaymentProcessor
from solvent.values.errors import Invalid, Refused, SolventError, Unavailable
from solvent.values.ids import CustomerId
from solvent.values.money import Money, of_minor_units

# What a stage can play. A bank account that people look after has neither cards nor webhooks.
Ability = Literal["checkout", "cards", "saving", "refunds", "webhooks", "signatures", "breakdown"]
Webhook = tuple[Mapping[str, str], bytes]


class NotPlayed(Exception):
    """The stage cannot play this: the check says nothing."""


class Stage(Protocol):
    """One processor and the world behind it. secrets: what no error and no repr may show."""

    @property
    def processor(self) -> PaymentProcessor:
        """The processor under test."""
        ...

    @property
    def abilities(self) -> frozenset[Ability]:
        """What can be played."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """Our keys there."""
        ...

    @property
    def now_us(self) -> int:
        """The instant at which webhooks are signed here."""
        ...

    def due(self, amount: Money, *, save_method: bool = False) -> Due:
        """A new order of that amount."""
        ...

    async def pay(self, due: Due, reference: str) -> Mapping[str, str]:
        """The customer pays in the checkout; what their browser brings back."""
        ...

    async def card(self, *, is_good: bool) -> Method:
        """A card saved before; one that is not good has no funds."""
        ...

    def webhook(self, due: Due) -> Webhook:
        """The last webhook about the payment of this order."""
        ...

    def forged(self, webhook: Webhook) -> Webhook:
        """The same words, signed by somebody else."""
        ...

    def charged(self, due: Due) -> list[Money]:
        """What was really taken from the customer for an order, by the other side's own count."""
        ...

    def breaks_down(self) -> None:
        """The next requests do what they ask for, and are not answered."""
        ...


Check = Callable[[Stage], Awaitable[None]]


async def begins_the_same_checkout_again(stage: Stage) -> None:
    """An order has one checkout, however often it is begun."""
    for amount in _amounts(stage):
        due = stage.due(amount)
        first, again = await stage.processor.begin(due), await stage.processor.begin(due)
        assert first == again, "one order, one checkout"
        assert first.url or first.parameters, "a customer is told where or how to pay"


async def refuses_what_cannot_be_paid(stage: Stage) -> None:
    """An amount finer than a minor unit is refused, never rounded."""
    currency = _currency(stage)
    try:
        await stage.processor.begin(stage.due(Money(of_minor_units(5_000, currency).grains + 1, currency)))
    except Invalid:
        return
    raise AssertionError("a fraction of a minor unit was rounded away")


async def knows_nothing_of_a_new_order(stage: Stage) -> None:
    """What nobody paid is not paid."""
    due = stage.due(_amounts(stage)[0])
    assert (await stage.processor.look_up(due.order, "")).state in ("none", "open")


async def takes_exactly_what_was_asked(stage: Stage) -> None:
    """A paid checkout says so, of this order, to the minor unit."""
    _demand(stage, "checkout")
    for amount in _amounts(stage):
        due, payment, _ = await _paid(stage, amount)
        _is_paid(payment, due)
        assert stage.charged(due) == [amount], "the customer paid exactly that, once"


async def confirms_twice_and_charges_once(stage: Stage) -> None:
    """A browser that comes back twice pays once."""
    _demand(stage, "checkout")
    due, payment, given = await _paid(stage, _amounts(stage)[0])
    checkout = await stage.processor.begin(due)
    again = await stage.processor.confirm(due, checkout.reference, given)
    assert again.payment == payment.payment, "the same payment"
    assert len(stage.charged(due)) == 1, "the customer paid once"


async def sees_through_a_changed_address(stage: Stage) -> None:
    """What the browser brings back is not believed: another amount or order in it is refused, or has no effect."""
    _demand(stage, "checkout")
    due = stage.due(_amounts(stage)[0])
    checkout = await stage.processor.begin(due)
    given = await stage.pay(due, checkout.reference)
    for name in given:
        changed = dict(given) | {name: "1" if name == "amount" else f"{given[name]}x"}
        try:
            payment = await stage.processor.confirm(due, checkout.reference, changed)
        except SolventError:
            continue
        assert payment.state != "paid" or payment.amount == due.amount, f"a changed {name} was believed"


async def charges_a_card_once(stage: Stage) -> None:
    """One order is one charge, however often it is asked."""
    _demand(stage, "cards")
    card = await stage.card(is_good=True)
    for amount in _amounts(stage):
        due = stage.due(amount)
        first, again = await stage.processor.charge(due, card), await stage.processor.charge(due, card)
        _is_paid(first, due)
        assert again.payment == first.payment, "the same payment"
        assert stage.charged(due) == [amount], "the card was charged once"
        assert (await stage.processor.look_up(due.order, first.payment)).payment == first.payment


async def tells_a_refusal_from_a_breakdown(stage: Stage) -> None:
    """A card without funds is a state with a reason, and stays one."""
    _demand(stage, "cards")
    due, card = stage.due(_amounts(stage)[0]), await stage.card(is_good=False)
    for _ in range(2):
        payment = await stage.processor.charge(due, card)
        assert payment.state == "failed", f"a declined card is failed, not {payment.state}"
        assert payment.why, "a failure has a reason"
    assert stage.charged(due) == [], "nothing was charged"


async def finds_out_after_a_breakdown(stage: Stage) -> None:
    """When the answer to a charge is lost, asking again tells what came of it, and charges nothing more."""
    _demand(stage, "cards", "breakdown")
    due, card = stage.due(_amounts(stage)[0]), await stage.card(is_good=True)
    stage.breaks_down()
    try:
        payment = await stage.processor.charge(due, card)
    except Unavailable:
        payment = await stage.processor.charge(due, card)
    _is_paid(payment, due)
    assert len(stage.charged(due)) == 1, "the card was charged once"


async def saves_what_was_paid_with(stage: Stage) -> None:
    """Paid with leave to keep it, a card can be charged later."""
    _demand(stage, "checkout", "saving")
    due, payment, _ = await _paid(stage, _amounts(stage)[0], save_method=True)
    _is_paid(payment, due)
    assert payment.method is not None, "the method is told"
    assert payment.method.handle not in repr(payment.method), "its repr does not show the handle"
    later = stage.due(_amounts(stage)[0])
    _is_paid(await stage.processor.charge(later, payment.method), later)


async def saves_without_paying(stage: Stage) -> None:
    """An order over nothing leaves a method and takes nothing."""
    _demand(stage, "checkout", "saving")
    due, payment, _ = await _paid(stage, Money(0, _currency(stage)), save_method=True)
    assert payment.state == "paid"
    assert payment.method is not None, "the method is told"
    assert not any(amount.grains for amount in stage.charged(due)), "nothing was taken"
    later = stage.due(_amounts(stage)[0])
    _is_paid(await stage.processor.charge(later, payment.method), later)


async def forgets_what_was_saved(stage: Stage) -> None:
    """A method that was forgotten is charged no more; told twice, or cut off on the way, it stays forgotten."""
    _demand(stage, "cards")
    card, due = await stage.card(is_good=True), stage.due(_amounts(stage)[0])
    for _ in range(2):
        await stage.processor.forget(card)
    try:
        payment = await stage.processor.charge(due, card)
    except SolventError:
        payment = None
    assert payment is None or payment.state != "paid", "a forgotten card was charged"
    assert stage.charged(due) == [], "nothing was taken"


async def refunds_in_parts_once_each(stage: Stage) -> None:
    """Parts go back once for each key, and the payment tells of each with its key."""
    _demand(stage, "refunds")
    due, payment = await _settled(stage)
    whole = payment.amount
    assert whole is not None, "a paid payment has an amount"
    part = of_minor_units(whole.grains // 10**7 // 4, whole.currency)
    first = await stage.processor.refund(payment.payment, part, "rfd_one", "test")
    assert first == await stage.processor.refund(payment.payment, part, "rfd_one", "test"), "one key, one refund"
    await stage.processor.refund(payment.payment, whole - part, "rfd_two", "test")
    known = (await stage.processor.look_up(due.order, payment.payment)).refunds
    assert {refund.key: refund.amount for refund in known} == {"rfd_one": part, "rfd_two": whole - part}
    assert all(refund.state != "failed" for refund in known)


async def never_refunds_more_than_was_paid(stage: Stage) -> None:
    """More than is left is refused for good."""
    _demand(stage, "refunds")
    _, payment = await _settled(stage)
    assert payment.amount is not None, "a paid payment has an amount"
    try:
        await stage.processor.refund(payment.payment, payment.amount + payment.amount, "rfd_much", "test")
    except Refused:
        return
    raise AssertionError("more was refunded than was paid")


async def reads_its_webhooks(stage: Stage) -> None:
    """A webhook names the order or the payment it is about; what it says is a hint only."""
    _demand(stage, "webhooks")
    due, payment = await _settled(stage)
    headers, body = stage.webhook(due)
    event = stage.processor.read_event(headers, body, stage.now_us)
    assert event.kind != "ignored", "it is about a payment"
    assert event.order == due.order or event.payment == payment.payment, "it says which"
    assert event == stage.processor.read_event(headers, body, stage.now_us), "each time the same"
    known = await stage.processor.look_up(event.order, event.payment or event.order)
    assert known.order == due.order, "asked about it, the processor tells the rest"


async def believes_no_forged_webhook(stage: Stage) -> None:
    """Signed by somebody else, too old, or not at all: refused; where nothing is signed, the event says so."""
    _demand(stage, "webhooks")
    due, _ = await _settled(stage)
    headers, body = stage.webhook(due)
    if "signatures" not in stage.abilities:
        assert not stage.processor.read_event(headers, body, stage.now_us).signed, "unsigned, and it says so"
        return
    late_us = stage.now_us + 3_600_000_000
    for told, at_us in ((stage.forged((headers, body)), stage.now_us), (({}, body), stage.now_us),
                        ((headers, body + b" "), stage.now_us), ((headers, body), late_us)):  # fmt: skip
        try:
            event = stage.processor.read_event(told[0], told[1], at_us)
        except Refused as refusal:
            _shows_no_secret(stage, refusal)
        else:
            raise AssertionError(f"a forged webhook was believed: {event}")


async def reads_nonsense_without_breaking(stage: Stage) -> None:
    """What is no webhook is refused in words, whatever it is."""
    _demand(stage, "webhooks")
    for body in (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"id":1}', b'{"data":{"object":[]}}', b"[" * 10_000):
        try:
            event: Event = stage.processor.read_event({}, body, stage.now_us)
        except (Refused, Invalid) as refusal:
            _shows_no_secret(stage, refusal)
        else:
            assert event.kind == "ignored", f"{body[:20]!r} became {event}"


async def takes_many_orders_at_once(stage: Stage) -> None:
    """Orders do not mix."""
    _demand(stage, "cards")
    card = await stage.card(is_good=True)
    dues = [stage.due(_amounts(stage)[0]) for _ in range(10)]
    payments = await asyncio.gather(*(stage.processor.charge(due, card) for due in dues))
    assert [payment.order for payment in payments] == [due.order for due in dues]
    assert len({payment.payment for payment in payments}) == len(dues)


async def shows_no_secret_and_closes(stage: Stage) -> None:
    """The last check: no repr has our keys; once closed, it asks nobody any more, and a second `close` does nothing."""
    for secret in stage.secrets:
        assert secret not in repr(stage.processor), "the repr has a secret"
    await stage.processor.close()
    await stage.processor.close()
    if "cards" in stage.abilities:
        try:
            await stage.processor.charge(stage.due(_amounts(stage)[0]), Method("handle", "owner", "card"))
        except Unavailable as failure:
            _shows_no_secret(stage, failure)
        else:
            raise AssertionError("a closed processor charged a card")


CHECKS: Final[tuple[Check, ...]] = (
    begins_the_same_checkout_again,
    refuses_what_cannot_be_paid,
    knows_nothing_of_a_new_order,
    takes_exactly_what_was_asked,
    confirms_twice_and_charges_once,
    sees_through_a_changed_address,
    charges_a_card_once,
    tells_a_refusal_from_a_breakdown,
    finds_out_after_a_breakdown,
    saves_what_was_paid_with,
    saves_without_paying,
    forgets_what_was_saved,
    refunds_in_parts_once_each,
    never_refunds_more_than_was_paid,
    reads_its_webhooks,
    believes_no_forged_webhook,
    reads_nonsense_without_breaking,
    takes_many_orders_at_once,
    shows_no_secret_and_closes,
)

CUSTOMER: Final = CustomerId("cus_of_the_contract")


def _demand(stage: Stage, *abilities: Ability) -> None:
    missing = set(abilities) - stage.abilities
    if missing:
        raise NotPlayed(f"this stage has no {', '.join(sorted(missing))}")


def _currency(stage: Stage) -> str:
    return min(stage.processor.currencies)


def _amounts(stage: Stage) -> list[Money]:
    """One of each currency: 10,007 won or 100.07 dollars, so that a factor of 100 would show."""
    return [of_minor_units(10_007, currency) for currency in sorted(stage.processor.currencies)]


async def _paid(stage: Stage, amount: Money, *, save_method: bool = False) -> tuple[Due, Payment, Mapping[str, str]]:
    due = stage.due(amount, save_method=save_method)
    checkout = await stage.processor.begin(due)
    given = await stage.pay(due, checkout.reference)
    return due, await stage.processor.confirm(due, checkout.reference, given), given


async def _settled(stage: Stage) -> tuple[Due, Payment]:
    """A payment that was made, by whatever way the stage can play."""
    if "checkout" in stage.abilities:
        due, payment, _ = await _paid(stage, _amounts(stage)[0])
        return due, payment
    due = stage.due(_amounts(stage)[0])
    return due, await stage.processor.charge(due, await stage.card(is_good=True))


def _is_paid(payment: Payment, due: Due) -> None:
    assert payment.state == "paid", f"it is {payment.state}: {payment.why}"
    assert payment.order == due.order, "the payment is of this order"
    assert payment.amount == due.amount, f"{payment.amount} was paid, not {due.amount}"
    assert payment.payment, "a payment has an id"


def _shows_no_secret(stage: Stage, problem: SolventError) -> None:
    for secret in stage.secrets:
        assert secret not in f"{problem.message} {problem!r} {problem.param}", "an error has a secret"
