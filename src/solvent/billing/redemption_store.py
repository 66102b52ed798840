"""Taking a coupon: the check, the row, and the gift if it is one, in one transaction."""

from __future__ import annotations

from sqlalchemy import Connection

from solvent.billing import coupon_store, grant_store, plan_store, subscription_store
from solvent.billing.coupon import Coupon, Redemption, code_of, demand_good
from solvent.identity.store import known_customer
from solvent.values.errors import Conflict
from solvent.values.ids import CustomerId
from solvent.values.instant import DAY_US, NEVER_US
from solvent.values.money import Money


def look(connection: Connection, customer: CustomerId, code: str, plan: str, now_us: int) -> Coupon:
    """A coupon that this customer can take now. plan: the one they are about to be on; "" for the one they are on.

    Raises what `redeem` raises.
    """
    known_customer(connection, customer)
    coupon = coupon_store.demand_coupon(connection, code_of(code))
    if coupon_store.find_redemption(connection, coupon.code, customer) is not None:
        message = f"coupon {coupon.code} was taken by this customer before; it is taken once"
        raise Conflict("coupon_taken", message, param="code")
    name, currency = _plan(connection, customer, plan)
    demand_good(coupon, name, currency or coupon.currency, coupon_store.count_redeemed(connection, coupon.code), now_us)
    return coupon


def take(connection: Connection, customer: CustomerId, code: str, plan: str, now_us: int) -> Redemption:
    """Take it. plan: see `look`. Raises what `redeem` raises."""
    coupon = look(connection, customer, code, plan, now_us)
    redemption = Redemption(coupon.code, customer, now_us, 0 if coupon.what == "gift" else coupon.periods)
    coupon_store.put_redemptions(connection, [redemption])
    if coupon.what == "gift":
        until_us = now_us + coupon.valid_days * DAY_US if coupon.valid_days else NEVER_US
        amount = Money(coupon.grains, coupon.currency)
        grant_store.give(connection, customer, amount, f"coupon.{coupon.code}", until_us, now_us)
    return redemption


def _plan(connection: Connection, customer: CustomerId, plan: str) -> tuple[str, str]:
    if plan:
        return plan, plan_store.demand_on_sale(connection, plan).currency
    now = subscription_store.current(connection, customer)
    if now is None:
        return "", ""
    return now.plan, plan_store.plan_at(connection, now.plan, now.version).currency
