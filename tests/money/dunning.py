"""What is done about unpaid invoices and when, as the reference sees it: once a run, one step for each subscription."""

from __future__ import annotations

from tests.money.arithmetic import DAY
from tests.money.paying import Paying


def collect(shop: Paying, cards: dict[str, str], now: int) -> None:
    """cards: of each customer, "good" or "bad"; who has none is not there."""
    shop.collected = now  # what nobody has paid for in 30 days does not wait any more
    for sub in [sub for sub in shop.subs if sub.invoice is not None and sub.state in ("active", "past_due")]:
        shop.look(sub)
        invoice, is_late = sub.invoice, sub.state == "past_due"
        if invoice is None or now < invoice.due:
            if invoice is not None and is_late:  # what was due is paid, and this is not due yet
                sub.state, sub.usable = "active", sub.end
                shop.use_until(sub)
            continue
        retries = [day * DAY for day in sub.plan.retry_days]
        is_over = now >= invoice.due + (retries[-1] if retries else 0)
        if sub.pays == "invoice":
            if is_over:
                shop.give_up(sub, now)
            elif not is_late:
                shop.fall_behind(sub, now)
            elif now >= sub.end:  # no other period begins
                shop.give_up(sub, now)
        elif len(invoice.failed) > len(retries) or (not invoice.failed and is_late and is_over):
            shop.give_up(sub, now)
        elif invoice.failed and now < invoice.failed[0] + retries[len(invoice.failed) - 1]:
            if is_late and now >= sub.end:
                shop.give_up(sub, now)
            shop.fall_behind(sub, now)
        elif cards.get(sub.owner) == "good":
            shop.settle_invoice(invoice, shop.asks(invoice), "receivable:processor:fake")
        else:
            invoice.failed += [now] if cards.get(sub.owner) == "bad" else []
            shop.fall_behind(sub, now)
