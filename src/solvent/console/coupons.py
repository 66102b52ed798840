"""Operations on coupons and packs: what takes something off a price, and what is bought beside a plan."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from solvent.app.checkouts import begin_if_due
from solvent.billing import coupon_store, pack_store
from solvent.billing.add_coupon import add_coupon
from solvent.billing.buy_pack import buy_pack
from solvent.billing.coupon import FOR_EVER, Coupon, What
from solvent.billing.pack import Purchase, PurchaseState
from solvent.billing.redeem import redeem
from solvent.billing.return_pack import return_pack
from solvent.billing.subscription import Pays
from solvent.console.checkouts import PaymentBody, Rail, payment_of
from solvent.console.members import AMOUNT, COUNT, DATE, DAYS, PERMILLE, WORD
from solvent.console.operation import Asked, Nothing, Operation, Page, PageQuery, page_of, reading
from solvent.console.subscriptions import pays_of
from solvent.console.whose import whose
from solvent.db.port import Connection
from solvent.identity.store import known_customer
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US, instant, iso
from solvent.values.limits import PLAN_LIST_MAX
from solvent.values.money import Money, money, plain


class CouponBody(msgspec.Struct, kw_only=True):
    """A coupon. periods: for how many it takes something off; null for all. taken: by how many customers.

    amount: off a period's price, or given; null for a percentage. plans: for which; empty for all.
    """

    object: Literal["coupon"] = "coupon"
    code: str
    what: What
    permille: int | None
    amount: str | None
    currency: str | None
    periods: int | None
    valid_days: int | None
    valid_from: str | None
    valid_until: str | None
    redemptions_most: int | None
    plans: list[str]
    taken: int


class NewCoupon(msgspec.Struct, forbid_unknown_fields=True, rename={"since": "from"}):
    """A coupon customers may take."""

    code: Annotated[str, Meta(description="what customers type: 3 to 40 letters, digits and '-'"), WORD]
    what: Annotated[What, Meta(description="percent or amount off a plan's price, or a gift to spend on answers")]
    permille: Annotated[int, PERMILLE, Meta(description="percent: thousandths off; 100 is ten percent")] = 0
    amount: Annotated[str, AMOUNT, Meta(description="amount, gift: how much")] = "0"
    periods: Annotated[
        int | Literal["all"], Meta(description="for how many periods it takes something off; all for ever")
    ] = 1
    valid_days: Annotated[int, DAYS, Meta(description="gift: how long it may be spent; 0 for ever")] = 0
    since: Annotated[str, DATE, Meta(description="from when on it can be taken; now when left out")] | None = None
    until: Annotated[str, DATE, Meta(description="until when it can be taken; for ever when left out")] | None = None
    redemptions_most: Annotated[int, COUNT, Meta(description="by how many customers; 0 for any number")] = 0
    plans: Annotated[
        list[Annotated[str, WORD]], Meta(description="for which plans; all when empty", max_length=PLAN_LIST_MAX)
    ] = []


class Code(msgspec.Struct, forbid_unknown_fields=True):
    """What a customer types."""

    code: Annotated[str, Meta(description="a coupon's code"), WORD]


class RedemptionBody(msgspec.Struct, kw_only=True):
    """A coupon in a customer's hand. periods_left: null for all."""

    object: Literal["coupon.redemption"] = "coupon.redemption"
    code: str
    customer: str
    taken_at: str
    periods_left: int | None


class NewPurchase(msgspec.Struct, forbid_unknown_fields=True):
    """A pack of a customer's plan."""

    pack: Annotated[str, Meta(description="the pack's name"), WORD]
    pays: Annotated[
        Pays | None, Meta(description="card: given when it is paid; invoice: at once; null: card with a rail")
    ] = None
    rail: Rail = ""


class PurchaseBody(msgspec.Struct, kw_only=True):
    """A pack that was bought, or waits to be paid. account: its pot in the ledger."""

    object: Literal["pack"] = "pack"
    id: str
    customer: str
    plan: str
    version: int
    pack: str
    state: PurchaseState
    account: str | None
    invoice: str | None
    asked_at: str
    expires_at: str | None


class BoughtBody(msgspec.Struct, kw_only=True):
    """What came of it. due: to be paid before a waiting pack is given, or for its invoice."""

    object: Literal["pack.outcome"] = "pack.outcome"
    pack: PurchaseBody
    due: str
    currency: str
    payment: PaymentBody | None


class PacksBody(msgspec.Struct, kw_only=True):
    """A customer's packs, newest first."""

    object: Literal["list"] = "list"
    data: list[PurchaseBody]


class ReturnedBody(msgspec.Struct, kw_only=True):
    """What was credited for a pack, VAT included."""

    object: Literal["pack.returned"] = "pack.returned"
    id: str
    credited: str
    currency: str


def coupon_body(coupon: Coupon, taken: int) -> CouponBody:
    """A coupon as JSON."""
    c = coupon
    is_percent = c.what == "percent"
    periods = None if c.what == "gift" or c.periods == FOR_EVER else c.periods
    return CouponBody(
        code=c.code, what=c.what, permille=c.permille if is_percent else None,
        amount=None if is_percent else plain(Money(c.grains, c.currency)), currency=None if is_percent else c.currency,
        periods=periods, valid_days=c.valid_days or None, valid_from=iso(c.from_us) if c.from_us else None,
        valid_until=iso(c.until_us) if c.until_us < NEVER_US else None, redemptions_most=c.redemptions_most or None,
        plans=c.plans.split(), taken=taken,
    )  # fmt: skip


def purchase_body(one: Purchase) -> PurchaseBody:
    """A pack as JSON."""
    return PurchaseBody(
        id=one.id, customer=one.customer, plan=one.plan, version=one.version, pack=one.pack, state=one.state,
        account=one.account or None, invoice=one.invoice or None, asked_at=iso(one.asked_us),
        expires_at=iso(one.expires_us) if 0 < one.expires_us < NEVER_US else None,
    )  # fmt: skip


async def coupons(asked: Asked[PageQuery, Nothing]) -> Page[CouponBody]:
    """List coupons, by their codes."""
    query = asked.query
    look = partial(coupon_store.coupons_page, after=query.cursor, count=query.limit + 1)
    rows, cursor = page_of(await asked.business.database.read(look), query.limit, lambda row: row[0].code)
    return Page([coupon_body(coupon, taken) for coupon, taken in rows], cursor)


async def add(asked: Asked[Nothing, NewCoupon]) -> CouponBody:
    """Add a coupon that customers may take."""
    business, body = asked.business, asked.body
    is_percent = body.what == "percent"
    coupon = Coupon(
        code=body.code, what=body.what, permille=body.permille, grains=money(body.amount, business.currency).grains,
        currency="" if is_percent else business.currency, periods=FOR_EVER if body.periods == "all" else body.periods,
        valid_days=body.valid_days, from_us=instant(body.since, "from") if body.since else 0,
        until_us=instant(body.until, "until") if body.until else NEVER_US, redemptions_most=body.redemptions_most,
        plans=" ".join(body.plans),
    )  # fmt: skip
    made, _ = await add_coupon(coupon, asked.act, business.database)
    return coupon_body(made, 0)


async def take(asked: Asked[Nothing, Code]) -> RedemptionBody:
    """Take a coupon for a customer: something off the next periods, or a gift. Once for each customer."""
    id = await whose(asked)
    made, _ = await redeem(id, asked.body.code, asked.act, asked.business.database)
    left = None if made.periods_left == FOR_EVER else made.periods_left
    return RedemptionBody(code=made.coupon, customer=made.customer, taken_at=iso(made.at_us), periods_left=left)


async def packs(asked: Asked[Nothing, Nothing]) -> PacksBody:
    """List the packs a customer bought."""
    id = CustomerId(asked.path["customer"])

    def look(connection: Connection) -> list[Purchase]:
        known_customer(connection, id)
        return pack_store.of_customer(connection, id)

    return PacksBody(data=[purchase_body(one) for one in await asked.business.database.read(look)])


async def buy(asked: Asked[Nothing, NewPurchase]) -> BoughtBody:
    """Buy a pack of a customer's plan. Who pays by card has it with the payment: name a rail, to hear how they pay."""
    business, body = asked.business, asked.body
    id = await whose(asked)
    made, _ = await buy_pack(id, body.pack, pays_of(business, body.pays, body.rail), asked.act, business.database)
    opened = None
    if made.purchase.state == "waiting":
        purpose = f"pack:{made.purchase.id}"
        opened = await begin_if_due(business, asked.act, id, purpose, made.due, body.rail, body.pack)
    return BoughtBody(
        pack=purchase_body(made.purchase), due=plain(made.due), currency=made.due.currency,
        payment=payment_of(opened) if opened else None,
    )  # fmt: skip


async def give_back(asked: Asked[Nothing, Nothing]) -> ReturnedBody:
    """Take a pack back: what is left of it goes, and its share of the price is credited."""
    id = asked.path["pack"]
    credited, _ = await return_pack(id, asked.act, asked.business.database)
    return ReturnedBody(id=id, credited=plain(credited), currency=credited.currency)


LIST = reading("/v1/coupons", "coupons.read", coupons, PageQuery, Page[CouponBody])
ADD = Operation("POST", "/v1/coupons", "coupons.write", add, Nothing, NewCoupon, CouponBody, is_money=True)
TAKE = Operation(
    "POST", "/v1/customers/{customer}/coupons", "subscriptions.write", take, Nothing, Code, RedemptionBody,
    is_money=True,
)  # fmt: skip
PACKS = reading("/v1/customers/{customer}/packs", "subscriptions.read", packs, Nothing, PacksBody)
BUY = Operation(
    "POST", "/v1/customers/{customer}/packs", "subscriptions.write", buy, Nothing, NewPurchase, BoughtBody,
    is_money=True,
)  # fmt: skip
RETURN = Operation(
    "POST", "/v1/packs/{pack}/return", "invoices.write", give_back, Nothing, Nothing, ReturnedBody, is_money=True
)
OPERATIONS = (LIST, ADD, TAKE, PACKS, BUY, RETURN)
