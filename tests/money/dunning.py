"""What is done about unpaid invoices and when, as the reference sees it: once a run, one step for each subscription."""

from __future__ import annotations

from tests.money.arithmetic import DAY
from tests.money.paying import Paying


def collect(shop: Paying, cards: dict[str, str], now: int) -> None:
    """cards: of each customer, "good" or "bad"; who has none is not there."""
    for sub in [sub for sub in shop.subs if sub.invoice is not None and sub.state in ("active", "past_due")]:
        shop.look(sub)
        invoice, is_late = sub.invoice, sub.state == "past_due"
        if invoice is None or now < invoice.due:
            continue
        retries = [day * DAY for day in sub.plan.retry_days]
        is_over = now >= invoice.due + (retries[-1] if retries else 0)
        if sub.pays == "invoice":
            if is_over:
                shop.give_up(sub, now)
            elif not is_late:
                shop.fall_behind(sub, now)
        elif len(invoice.failed) > len(retries) or (not invoice.failed and is_late and is_over):
            shop.give_up(sub, now)
        elif invoice.failed and now < invoice.failed[0] + retries[len(invoice.failed) - 1]:
            shop.fall_behind(sub, now)
        elif cards.get(sub.owner) == "good":
            shop.settle_invoice(invoice, shop.asks(invoice), "receivable:processor:fake")
        else:
            invoice.failed += [now] if cards.get(sub.owner) == "bad" else []
            shop.fall_behind(sub, now)
