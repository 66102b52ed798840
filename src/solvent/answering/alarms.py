"""The alarms that one answer raises: where the customer stands after it, what the house bore, what cannot be."""

from __future__ import annotations

from solvent.answering.receipt import Receipt
from solvent.answering.settlement import Opened
from solvent.audit.alarm import Alarm, Kind, alarm
from solvent.billing.standing import crossing
from solvent.values.money import Money, plain


def alarms_after(opened: Opened, receipt: Receipt) -> list[Alarm]:
    """Called once the answer counts where the customer stands. Each is raised once for what it is about."""
    found = []
    if receipt.alarms:
        found += _of_receipt(receipt)
    standing = opened.funds.standing
    if standing is None or standing.told == "crossed":
        return found
    now = crossing(standing, standing.next_cost_grains)
    if now and now != standing.told:
        standing.told = now
        kind: Kind = "break_even_near" if now == "near" else "break_even_crossed"
        period = f"{standing.period.start_us}"
        currency = receipt.currency
        found.append(
            alarm(
                kind, receipt.customer, period, receipt.at_us, plan=receipt.plan, currency=currency,
                paid=plain(Money(standing.paid_grains, currency)), cost=plain(Money(standing.cost_grains, currency)),
                answers=standing.answers, then=standing.plan.at_break_even,
            )
        )  # fmt: skip
    return found


def _of_receipt(receipt: Receipt) -> list[Alarm]:
    """What the receipt itself says is amiss: an overrun, a report that cannot be, a bucket without a price."""
    found = []
    for word in receipt.alarms.split():
        if word == "overrun":
            overrun = plain(Money(receipt.overrun_grains, receipt.currency))
            words = {"amount": overrun, "currency": receipt.currency, "model": receipt.model}
            found.append(alarm("house_loss", receipt.customer, receipt.id, receipt.at_us, answer=receipt.id, **words))
        elif word == "bad_usage":
            words = {"answer": receipt.id, "model": receipt.model}
            found.append(alarm("usage_refused", receipt.provider, receipt.id, receipt.at_us, **words))
        elif word.startswith("unpriced"):
            day = receipt.at_us // (86_400 * 1_000_000)
            found.append(alarm("unpriced", receipt.model, f"{word}/{day}", receipt.at_us, bucket=word))
    return found
