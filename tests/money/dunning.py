"""What is done about unpaid invoices and when, as the reference sees it: once a run, one step for each subscription."""

from __future__ import annotations

from tests.money.arithmetic import DAY, Thing
from tests.money.paying import Paying, of_use


def collect(shop: Paying, cards: dict[str, str], now: int) -> None:
    """cards: of each customer, "good" or "bad"; who has none is not there."""
    shop.collected = now  # what nobody has paid for in 30 days does not wait any more
    for sub in [sub for sub in shop.subs if sub.invoice is not None and sub.state in ("active", "past_due")]:
        shop.look(sub)
        while sub.invoice and shop.set_off(sub.invoice):
            shop.look(sub)
        invoice, is_late = sub.invoice, sub.state == "past_due"
        if invoice is None or now < invoice.due:
            if invoice is not None and is_late:  # what was due is paid, and this is not due yet
                sub.state, sub.usable = "active", sub.end
                shop.use_until(sub)
            continue
        retries = [day * DAY for day in sub.plan.retry_days]
        is_over = now >= invoice.due + (retries[-1] if retries else 0)
        if charged_back(shop, invoice):  # never charged again by itself
            if not is_late:
                shop.fall_behind(sub, now)
            elif now >= min(sub.usable, sub.end):
                shop.give_up(sub, now)
        elif sub.pays == "invoice" and not invoice.at_once:
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
            shop.settle_invoice(invoice, shop.asks(invoice), "receivable:processor:fake", now)
        else:
            invoice.failed += [now] if cards.get(sub.owner) == "bad" else []
            shop.fall_behind(sub, now)
    for invoice in shop.owed(now):
        collect_owed(shop, invoice, cards.get(invoice.owner), now)


def collect_owed(shop: Paying, invoice: Thing, card: str | None, now: int) -> None:
    """Use is charged to a card; whoever does not pay in time is lent nothing more."""
    if shop.set_off(invoice):
        shop.lend_again(invoice, now)
        return
    sub = shop.current(invoice.owner)
    retries = [day * DAY for day in (sub.plan.retry_days if sub else (1, 3, 5, 7))]
    by_card = of_use(invoice) and not invoice.returned and (sub is None or sub.pays == "card")
    if by_card and charged_back(shop, invoice):
        return
    tries = len(invoice.failed)
    is_over = tries > len(retries) if tries else now >= invoice.due + (retries[-1] if retries else 0)
    if not by_card or is_over:
        shop.lend_no_more(invoice.owner, now)
    elif not tries or now >= invoice.failed[0] + retries[tries - 1]:
        if card == "good":
            shop.settle_invoice(invoice, shop.asks(invoice), "receivable:processor:fake", now)
        invoice.failed += [now] if card == "bad" else []


def charged_back(shop: Paying, invoice: Thing) -> bool:
    orders = [order for order in shop.orders if order.kind == "invoice" and order.about is invoice]
    backs = [back for order in orders for back in order.backs]
    return any(back.borne_by == "expense:chargebacks" and not back.undone for back in backs)
