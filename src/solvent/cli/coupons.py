"""`solvent coupons`: what takes something off a price, or is a gift."""

from __future__ import annotations

import click

from solvent.cli.here import Here, Screen, changes, looks, paged
from solvent.console import coupons
from solvent.console.coupons import CouponBody

_COUPONS = {"code": "left", "gives": "left", "periods": "left", "until": "left", "taken": "right", "plans": "left"}
_PERMILLE_PER_PERCENT = 10


@click.group("coupons")
def command() -> None:
    """Add coupons, and take them for customers."""


@command.command("list")
@paged
@looks
def list_(here: Here, limit: int, cursor: str) -> None:
    """List coupons, by their codes."""
    found = here.ask(coupons.LIST, query={"limit": limit, "cursor": cursor})
    here.show(found, lambda screen: screen.page(found, _COUPONS, lambda one: _row(one, screen), "no_coupons"))


@command.command("add")
@click.argument("code")
@click.option("--permille", type=int, help="Thousandths off a plan's price; 100 is ten percent.")
@click.option("--amount", help="An amount off a plan's price.")
@click.option("--gift", help="An amount to spend on answers.")
@click.option(
    "--periods", default="1", show_default=True, help='For how many periods it takes something off; or "all".'
)
@click.option("--valid-days", type=int, help="A gift: how long it may be spent  [default: for ever].")
@click.option("--from", "since", metavar="DATE", help="From when on it can be taken (UTC)  [default: now].")
@click.option("--until", metavar="DATE", help="Until when it can be taken (UTC)  [default: for ever].")
@click.option("--most", "redemptions_most", type=int, help="By how many customers  [default: any number].")
@click.option("--plan", "plans", multiple=True, help="For this plan only; may be repeated.")
@changes
def add(
    here: Here, code: str, permille: int | None, amount: str | None, gift: str | None, periods: str,
    valid_days: int | None, since: str | None, until: str | None, redemptions_most: int | None,
    plans: tuple[str, ...],
) -> None:  # fmt: skip
    """Add a coupon: one of --permille, --amount and --gift."""
    ways = {"percent": permille, "amount": amount, "gift": gift}
    given = [what for what, value in ways.items() if value is not None]
    if len(given) != 1:
        raise click.UsageError("say one of --permille, --amount and --gift")
    body = {
        "code": code, "what": given[0], "permille": permille, "amount": amount if amount is not None else gift,
        "periods": int(periods) if periods.isascii() and periods.isdigit() else periods, "valid_days": valid_days,
        "from": since, "until": until, "redemptions_most": redemptions_most, "plans": list(plans),
    }  # fmt: skip
    made = here.ask(coupons.ADD, body=body)
    here.show(made, lambda screen: screen.word("coupon_added", code=made.code))


@command.command("take")
@click.argument("customer")
@click.argument("code")
@changes
def take(here: Here, customer: str, code: str) -> None:
    """Take a coupon for a customer. Once for each customer."""
    made = here.ask(coupons.TAKE, {"customer": customer}, body={"code": code})
    here.show(made, lambda screen: screen.word("coupon_taken", code=made.code, customer=made.customer))


def _row(one: CouponBody, screen: Screen) -> list[str]:
    gives = screen.money(one.amount, one.currency) if one.amount and one.currency else ""
    if one.permille is not None:
        whole, part = divmod(one.permille, _PERMILLE_PER_PERCENT)
        gives = f"{whole}.{part} %" if part else f"{whole} %"
    periods = "" if one.what == "gift" else str(one.periods) if one.periods else screen.say("all_periods")
    taken = f"{one.taken:,}" + (f" / {one.redemptions_most:,}" if one.redemptions_most else "")
    return [one.code, gives, periods, screen.day(one.valid_until), taken, ", ".join(one.plans)]
