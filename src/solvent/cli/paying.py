"""How a payment is shown to whoever asks a customer for it."""

from __future__ import annotations

from solvent.cli.here import Screen
from solvent.console.checkouts import OrderBody, PaymentBody


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
