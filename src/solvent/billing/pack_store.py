"""The table of packs that were bought: asked for, paid, given, and given back."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, select

from solvent.billing import credit_store, invoice_store, plan_store, quota_store, subscription_store
from solvent.billing.included import is_unlimited
from solvent.billing.order import INVOICE, PaymentOrder
from solvent.billing.owed_store import demand_packs_paid, lend_again
from solvent.billing.pack import Pack, Purchase
from solvent.billing.plan import net_of, pack_named
from solvent.billing.quota import PACK, Quota, pack_quota
from solvent.billing.subscription import Pays
from solvent.billing.turn import total_of
from solvent.billing.wallet_store import fill_wallet
from solvent.db.append import append_rows
from solvent.db.tables import metadata
from solvent.invoicing.invoice import InvoiceDraft, InvoiceId
from solvent.invoicing.line import DraftLine
from solvent.invoicing.store import profile_at
from solvent.ledger.account import REVENUE_PACKS, deferred
from solvent.ledger.pot_store import left_of
from solvent.values.errors import Conflict, Invalid, NotFound
from solvent.values.ids import CustomerId, new_id
from solvent.values.instant import DAY_US
from solvent.values.limits import INVOICE_DUE_DAYS
from solvent.values.money import Money
from solvent.values.period import Period

_TEXTS: Final = frozenset({"id", "customer", "plan", "pack", "state", "account", "invoice"})

pack_purchases = Table(
    "pack_purchases",
    metadata,
    *(
        Column(name, Text if name in _TEXTS else BigInteger, nullable=False, primary_key=name == "id")
        for name in Purchase.__struct_fields__
    ),
    Index("ix_pack_purchases_customer", "customer"),
)

_PUT: Final = "ON CONFLICT (id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in Purchase.__struct_fields__[1:]
)


class Bought(msgspec.Struct, frozen=True):
    """What came of buying a pack. due: what is to be paid, VAT included: for the invoice, or, while it waits, in an
    order for "pack:<id>" over exactly that."""

    purchase: Purchase
    due: Money


def buy(connection: Connection, customer: CustomerId, name: str, pays: Pays, now_us: int) -> Bought:
    """Raises NotFound for whoever is on no plan, Invalid for a pack that their plan has not, and Conflict for one by
    invoice while another is not paid."""
    current = subscription_store.demand_current(connection, customer)
    plan = plan_store.plan_at(connection, current.plan, current.version)
    pack = pack_named(plan, name)
    if pack is None:
        known = ", ".join(pack.name for pack in plan.packs) or "none"
        message = f"plan {plan.name!r} has no pack {name[:60]!r}; its packs are: {known}"
        raise Invalid("unknown_pack", message, param="pack")
    if pays == "invoice" and pack.price.grains:
        demand_packs_paid(connection, customer)
    cause = f"{customer}/{len(of_customer(connection, customer))}"
    entropy = int.from_bytes(sha256(cause.encode()).digest()[:8], "big")
    purchase = Purchase(
        id=new_id(PACK.removesuffix("_"), now_us, entropy), customer=customer, plan=plan.name,
        version=plan.version, pack=name, state="waiting", account="", invoice="", asked_us=now_us,
        expires_us=now_us + pack.valid_days * DAY_US,
    )  # fmt: skip
    if pays == "invoice" or not pack.price.grains:
        given = _give(connection, purchase, pack, now_us, due_us=now_us + INVOICE_DUE_DAYS * DAY_US)
        return Bought(given, _asked(connection, given))
    put(connection, purchase)
    profile = profile_at(connection, customer, now_us)
    return Bought(purchase, total_of(_lines(purchase, pack, ""), plan.currency, profile))


def give_paid(connection: Connection, order: PaymentOrder, now_us: int) -> PaymentOrder:
    """An order for "pack:<id>" was paid: give the pack. When that cannot be, the money goes into the wallet."""
    purchase = by_id(connection, order.subject)
    plan = plan_store.plan_at(connection, purchase.plan, purchase.version)
    pack = pack_named(plan, purchase.pack)
    assert pack is not None, "a pack that was asked for is on the plan's terms"
    profile = profile_at(connection, purchase.customer, now_us)
    fits = total_of(_lines(purchase, pack, ""), plan.currency, profile) == order.amount
    if purchase.state != "waiting" or not fits:
        return fill_wallet(connection, order, now_us)
    lasts = msgspec.structs.replace(purchase, expires_us=now_us + pack.valid_days * DAY_US)
    given = _give(connection, lasts, pack, now_us, due_us=now_us)
    invoice_store.pay(connection, InvoiceId(given.invoice), order.amount, order.account, now_us, order.id)
    return msgspec.structs.replace(order, purpose=f"{INVOICE}:{given.invoice}")


def give_up_waiting(connection: Connection, id: str) -> None:
    """A pack that waited for a payment that will not come is not to be given."""
    purchase = by_id(connection, id)
    if purchase.state == "waiting":
        put(connection, msgspec.structs.replace(purchase, state="canceled"))


def give_back(connection: Connection, purchase: Purchase, now_us: int) -> Money:
    """Take back what is left of a pack and credit its share of the price; what was paid of it goes into the wallet.

    Returns what was credited, VAT included. Raises Conflict for a pack that was not given, or is used up or over.
    """
    quotas = quota_store.open_of(connection, (purchase.id,))
    free = left_of(connection, [quota.account for quota in quotas])
    left = sum(free.get((quota.account, quota.unit), (0, 0))[0] for quota in quotas)
    if purchase.state != "given" or not left or purchase.expires_us <= now_us:
        message = f"nothing is left of pack {purchase.id}, so nothing can be given back"
        raise Conflict("pack_used_up", message, param="pack")
    quota_store.expire_now(connection, quotas, now_us, now_us)
    put(connection, msgspec.structs.replace(purchase, state="returned"))
    if not purchase.invoice:
        return Money(0, plan_store.plan_at(connection, purchase.plan, purchase.version).currency)
    issued = sum(quota.issued for quota in quotas)
    credited = credit_store.give_back_share(connection, InvoiceId(purchase.invoice), left, issued, now_us)
    lend_again(connection, InvoiceId(purchase.invoice), now_us)
    return credited


def brought_in(connection: Connection, periods: Mapping[CustomerId, Period]) -> dict[CustomerId, int]:
    """What packs that customers bought in a period, each in their own, bring in: net of tax and fee, in grains; not
    those given back. Who bought none is not in it."""
    brought: dict[CustomerId, int] = {}
    mine = pack_purchases.c.customer.in_(list(periods))
    rows = connection.execute(select(pack_purchases).where(mine, pack_purchases.c.state == "given"))
    bought = [Purchase(**dict(zip(Purchase.__struct_fields__, row, strict=True))) for row in rows]
    bought = [one for one in bought if periods[one.customer].holds(one.asked_us)]
    plans = {of: plan_store.plan_at(connection, *of) for of in {(one.plan, one.version) for one in bought}}
    for one in bought:
        plan = plans[one.plan, one.version]
        pack = pack_named(plan, one.pack)
        assert pack is not None, "a pack that was given is on the plan's terms"
        brought[one.customer] = brought.get(one.customer, 0) + net_of(plan, pack.price).grains
    return brought


def put(connection: Connection, purchase: Purchase) -> None:
    """Add a purchase, or change a known one."""
    append_rows(connection, pack_purchases, [msgspec.structs.astuple(purchase)], _PUT)


def by_id(connection: Connection, id: str) -> Purchase:
    """A purchase. Raises NotFound."""
    row = connection.execute(select(pack_purchases).where(pack_purchases.c.id == id)).first()
    if row is None:
        raise NotFound("no_such_pack", f"there is no pack {id[:60]!r}", param="pack")
    return Purchase(**dict(zip(Purchase.__struct_fields__, row, strict=True)))


def of_customer(connection: Connection, customer: CustomerId) -> list[Purchase]:
    """The packs of a customer, newest first."""
    mine = select(pack_purchases).where(pack_purchases.c.customer == customer)
    rows = connection.execute(mine.order_by(pack_purchases.c.id.desc()))
    return [Purchase(**dict(zip(Purchase.__struct_fields__, row, strict=True))) for row in rows]


def _give(connection: Connection, purchase: Purchase, pack: Pack, now_us: int, due_us: int) -> Purchase:
    quota = _quota(purchase, pack, now_us)
    quota_store.open_quotas(connection, [(quota, quota.expires_us)], now_us)
    invoice = ""
    if pack.price.grains:
        draft = InvoiceDraft(
            customer=purchase.customer, currency=pack.price.currency, lines=_lines(purchase, pack, quota.account),
            reference=purchase.id, from_us=now_us, until_us=purchase.expires_us, due_us=due_us,
        )  # fmt: skip
        invoice = invoice_store.issue(connection, draft, now_us).id
    given = msgspec.structs.replace(purchase, state="given", account=quota.account, invoice=invoice)
    put(connection, given)
    return given


def _quota(purchase: Purchase, pack: Pack, now_us: int) -> Quota:
    currency = pack.price.currency
    return pack_quota(purchase.customer, purchase.id, pack.gives, currency, now_us, purchase.expires_us)


def _lines(purchase: Purchase, pack: Pack, account: str) -> tuple[DraftLine, ...]:
    """Earned as it is used; what has no limit, over its time."""
    is_counted = bool(account) and not is_unlimited(pack.gives)
    return (
        DraftLine(
            kind="pack", amount=pack.price, credit_account=deferred(purchase.id), text=pack.name,
            quantity=pack.gives.amount if is_counted else 1, unit=pack.gives.unit if is_counted else "",
            from_us=purchase.asked_us, until_us=purchase.expires_us, revenue_account=REVENUE_PACKS,
            plan=purchase.plan, pot=account if is_counted else "",
        ),
    )  # fmt: skip


def _asked(connection: Connection, given: Purchase) -> Money:
    if not given.invoice:
        return Money(0, plan_store.plan_at(connection, given.plan, given.version).currency)
    return credit_store.total_of_invoice(connection, InvoiceId(given.invoice))


def pots_of(connection: Connection, purchase: Purchase) -> list[tuple[str, str]]:
    """The account and unit of what a pack gave, while it is open."""
    return [(quota.account, quota.unit) for quota in quota_store.open_of(connection, (purchase.id,))]
