"""What is asked of a customer, before there is an order: who pays what, over which rail, and what for."""

from __future__ import annotations

from typing import Final

import msgspec

from solvent.billing.order import METHOD, TOP_UP, PaymentOrder, first_look, money_account
from solvent.values.errors import Invalid
from solvent.values.ids import CustomerId, new_id
from solvent.values.instant import US_PER_S
from solvent.values.limits import CHECKOUT_S_MAX, PAYMENT_KEY_S_MAX, TRANSFER_S_MAX
from solvent.values.money import Money, minor_units, money, plain

PAYMENT_UNITS_MAX: Final = "100000000"
NAME_CHARACTERS: Final = 100  # what processors show of an order's name


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """amount: what the purpose gets. vat: on top of it, where a top-up is taxed when it is paid; None for none.

    name: what the customer reads at the processor. return_url: where their browser comes back to; {order} in it
    becomes the order's id.
    saves: also keep what they pay with. charges: the saved method that is charged, for an order without a checkout.
    """

    customer: CustomerId
    purpose: str
    rail: str
    amount: Money
    name: str
    vat: Money | None = None
    return_url: str = ""
    saves: bool = False
    charges: str = ""


def order_of(asking: Asking, now_us: int, id_entropy: int, *, is_bank: bool) -> PaymentOrder:
    """The order. Raises Invalid for an amount that cannot be paid: nothing, too much, or finer than a minor unit."""
    vat = asking.vat or Money(0, asking.amount.currency)
    total = asking.amount + vat
    _check(asking, total, vat)
    lasts_s = TRANSFER_S_MAX if is_bank else PAYMENT_KEY_S_MAX if asking.charges else CHECKOUT_S_MAX
    id = new_id("ord", now_us, id_entropy)
    order = PaymentOrder(
        id=id,
        customer=asking.customer,
        purpose=asking.purpose,
        rail=asking.rail,
        account=money_account(asking.rail, is_bank=is_bank),
        grains=total.grains,
        vat_grains=vat.grains,
        currency=total.currency,
        name=asking.name[:NAME_CHARACTERS],
        charges=asking.charges,
        saves="method" if asking.saves else "",
        return_url=asking.return_url.replace("{order}", id),
        created_us=now_us,
        expires_us=now_us + lasts_s * US_PER_S,
    )
    return msgspec.structs.replace(order, look_us=first_look(order))


def _check(asking: Asking, total: Money, vat: Money) -> None:
    most = money(PAYMENT_UNITS_MAX, total.currency)
    least = 0 if asking.purpose == METHOD else 1
    if not least <= asking.amount.grains or vat.grains < 0 or most < total:
        message = f"{plain(total)} {total.currency} cannot be paid; it is more than 0 and at most {PAYMENT_UNITS_MAX}"
        raise Invalid("bad_amount", message, param="amount")
    if vat.grains and asking.purpose != TOP_UP:
        raise Invalid("bad_amount", "only a top-up is taxed when it is paid; an invoice has its VAT in it", param="vat")
    minor_units(asking.amount)
    minor_units(vat, "vat")
