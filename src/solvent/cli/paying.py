"""How a payment is shown to whoever asks a customer for it."""

from __future__ import annotations

from solvent.cli.here import Screen
from solvent.console.checkouts import OrderBody, PaymentBody
from solvent.console.subscriptions import OutcomeBody


def print_order(order: OrderBody, screen: Screen) -> None:
    """An order, with what it came to."""
    screen.facts(
        {
            "id": order.id, "purpose": order.purpose, "amount": screen.money(order.amount, order.currency),
            "rail": order.rail, "state": screen.say(f"order_{order.state}"), "why": order.why or "",
        }
    )  # fmt: skip


def print_payment(payment: PaymentBody, screen: Screen) -> None:
    """An order, and where and how the customer pays it."""
    print_order(payment.order, screen)
    if payment.url:
        screen.word("pay_there", url=payment.url)
    for name, value in payment.parameters.items():
        screen.line(f"  {name}: {value}")


def print_due(due: str, currency: str, payment: PaymentBody | None, ask_with: str, screen: Screen) -> None:
    """What is to be paid, and where; or, when nobody has asked for it yet, the command that does."""
    if due != "0":
        screen.word("is_due", amount=screen.money(due, currency))
    if payment:
        print_payment(payment, screen)
    elif due != "0":
        screen.word("ask_with", command=f"solvent {ask_with} --rail RAIL")


def print_due_of_plan(made: OutcomeBody, screen: Screen) -> None:
    """What a plan leaves to be paid, and how; and what a trial will need at its end."""
    one = made.subscription
    waits = f"subscriptions begin {one.customer} {one.plan}"
    print_due(made.due, made.currency, made.payment, f"invoices pay {made.invoice}" if made.invoice else waits, screen)
    if one.state == "trialing" and one.pays == "card" and one.trial_end:
        screen.word("trial_pays", day=screen.day(one.trial_end), customer=one.customer)
