"""Try a coupon before taking it: what it would take off or give. Codes are guessed in vain only so often."""

from __future__ import annotations

import msgspec

from solvent.billing import plan_store, redemption_store, subscription_store
from solvent.billing.coupon import Coupon, discount
from solvent.billing.plan import Plan, fee
from solvent.db.port import Connection, Database
from solvent.identity import attempt_store
from solvent.values.errors import Conflict, Refused, SolventError
from solvent.values.ids import CustomerId
from solvent.values.limits import COUPON_FAILURES_MAX, COUPON_PLACE_FAILURES_MAX, SIGN_IN_WAIT_S
from solvent.values.money import Money


class Tried(msgspec.Struct, frozen=True):
    """What a coupon would do. plan: whose price it lowers; None for a gift, or where the customer is on none.

    price, off: of a whole period, before and what comes off it. is_running: it lowers the periods after the present.
    """

    coupon: Coupon
    plan: Plan | None
    price: Money | None
    off: Money | None
    is_running: bool


async def try_coupon(
    customer: CustomerId, code: str, plan: str, place: str, database: Database, now_us: int
) -> Tried:  # fmt: skip
    """plan: the one they are about to be on; "" for the one they are on. place: the address it is asked from.

    Raises what `redeem` raises, and Refused for whoever tried too often in vain.
    """
    counted = ((f"{customer} coupon", COUPON_FAILURES_MAX), (f"coupon {place}", COUPON_PLACE_FAILURES_MAX))

    def look(connection: Connection) -> Tried | SolventError:
        for who, most in counted:
            count, _, _ = attempt_store.failures(connection, who, now_us - attempt_store.WAIT_US)
            if count >= most:
                message = "too many codes were tried in vain; try again in a quarter of an hour"
                raise Refused("too_many_coupons", message, retry_after_s=SIGN_IN_WAIT_S)
        try:
            coupon = redemption_store.look(connection, customer, code, plan, now_us)
            return _effect(connection, customer, coupon, plan)
        except Conflict:
            raise
        except SolventError as problem:  # counted where it was looked at: no crash and no race is worth a guess
            attempt_store.fail(connection, tuple(who for who, _ in counted), now_us)
            return problem

    tried = await database.write(look)
    if isinstance(tried, SolventError):
        raise tried
    return tried


def _effect(connection: Connection, customer: CustomerId, coupon: Coupon, name: str) -> Tried:
    now = subscription_store.current(connection, customer)
    if coupon.what == "gift" or (now is None and not name):
        return Tried(coupon, None, None, None, is_running=False)
    if now is not None and name in ("", now.plan):
        plan, seats = plan_store.plan_at(connection, now.plan, now.version), now.seats
    else:
        plan, seats = plan_store.demand_on_sale(connection, name), 0
    price = fee(plan, seats)
    is_running = now is not None and name in ("", now.plan) and now.state != "trialing"
    return Tried(coupon, plan, price, discount(coupon, price), is_running=is_running)
