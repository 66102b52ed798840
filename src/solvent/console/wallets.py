"""Operations on what customers may spend: their pots, what moved in and out, gifts and top-ups."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from solvent.billing.grant import grant
from solvent.console.checkouts import PaymentBody, payment_of
from solvent.console.ledger import read_seq
from solvent.console.members import AMOUNT, DATE, NOTE, WORD
from solvent.console.operation import Asked, Nothing, Operation, Page, PageQuery, page_of, reading
from solvent.console.whose import whose
from solvent.db.port import Connection
from solvent.identity.store import known_customer
from solvent.ledger import pot_store
from solvent.ledger.account import wallet
from solvent.ledger.beancount import amount as written
from solvent.ledger.journal_store import Row, rows_of_account
from solvent.ledger.pot import Kind, Pot, drawing_order
from solvent.till.top_up import top_up
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US, instant, iso
from solvent.values.money import Money, money, plain

Amount = Annotated[str, AMOUNT, Meta(description="a decimal text in whole units: 12.50")]
CustomerName = Annotated[str, WORD, Meta(description="whose: a customer's id")]


class PotBody(msgspec.Struct, kw_only=True):
    """What answers may be drawn from. left: not used yet, with what answers under way have set aside.

    free: what could be taken out now. classes: of models it pays for; empty for all.
    """

    object: Literal["pot"] = "pot"
    account: str
    kind: Kind
    unit: str
    left: str
    free: str
    classes: list[str]
    opens_at: str | None
    expires_at: str | None


class WalletBody(msgspec.Struct, kw_only=True):
    """What a customer may spend. balance: the prepaid money; pots: that and all else, in the order it is used."""

    object: Literal["wallet"] = "wallet"
    customer: str
    balance: str
    currency: str
    pots: list[PotBody]


class MovementBody(msgspec.Struct, kw_only=True):
    """Money that came into the wallet, or left it (below zero). other: the account it came from or went to."""

    object: Literal["wallet.movement"] = "wallet.movement"
    id: str
    at: str
    amount: str
    currency: str
    other: str
    reference: str


class MovementsQuery(PageQuery, forbid_unknown_fields=True, kw_only=True):
    """Which movements."""

    answers: Annotated[bool, Meta(description="also what each answer was charged; slow in large books")] = False


class GrantBody(msgspec.Struct, kw_only=True):
    """Money given, to be spent on answers."""

    object: Literal["grant"] = "grant"
    id: str
    customer: str
    amount: str
    currency: str
    expires_at: str | None
    granted: bool = True


class NewGrant(msgspec.Struct, forbid_unknown_fields=True):
    """Money to be given."""

    customer: CustomerName
    amount: Amount
    expires: (
        Annotated[str, DATE, Meta(description="until when it may be spent: 2027-01-01; for ever when left out")] | None
    ) = None
    why: Annotated[str, NOTE, Meta(description="for people: it stands in the audit log")] = ""


class NewTopUp(msgspec.Struct, forbid_unknown_fields=True):
    """Money a customer is to pay into their wallet."""

    amount: Amount
    rail: Annotated[str, WORD, Meta(description="over which rail")]
    saves_method: Annotated[bool, Meta(description="also keep what they pay with, to charge it later")] = False


async def show(asked: Asked[Nothing, Nothing]) -> WalletBody:
    """Show what a customer may spend now."""
    id, now_us = CustomerId(asked.path["customer"]), asked.business.now_us()

    def look(connection: Connection) -> tuple[list[Pot], dict[tuple[str, str], tuple[int, int]]]:
        known_customer(connection, id)
        pots = [pot for pot in pot_store.pots_of(connection, id, now_us) if pot.opens_us <= now_us]
        return pots, pot_store.left_of(connection, [pot.account for pot in pots])

    pots, left = await asked.business.database.read(look)
    currency = asked.business.currency
    shown = [_pot(pot, *left.get((pot.account, pot.unit), (0, 0))) for pot in sorted(pots, key=drawing_order)]
    _, balance = left.get((wallet(id), currency), (0, 0))
    return WalletBody(customer=id, balance=plain(Money(balance, currency)), currency=currency, pots=shown)


def _pot(pot: Pot, free: int, left: int) -> PotBody:
    return PotBody(
        account=pot.account, kind=pot.kind, unit=pot.unit, left=_text(left, pot.unit), free=_text(free, pot.unit),
        classes=pot.classes.split(), opens_at=iso(pot.opens_us) if pot.opens_us else None,
        expires_at=iso(pot.expires_us) if pot.expires_us < NEVER_US else None,
    )  # fmt: skip


def _text(grains: int, unit: str) -> str:
    return written(grains, unit).partition(" ")[0]


async def movements(asked: Asked[MovementsQuery, Nothing]) -> Page[MovementBody]:
    """List what came into a wallet and left it, newest first; answers are summed elsewhere unless asked for."""
    id, query = CustomerId(asked.path["customer"]), asked.query
    await asked.business.database.read(lambda connection: known_customer(connection, id))
    look = partial(rows_of_account, account=wallet(id), before_seq=read_seq(query.cursor), count=query.limit + 1)
    found = await asked.business.database.read(partial(look, with_answers=query.answers))
    rows, cursor = page_of(found, query.limit, lambda row: str(row[0]))
    moved = (_movement(row, wallet(id)) for row in rows if row[1].state == "posted")
    return Page(list(moved), cursor)


def _movement(row: Row, account: str) -> MovementBody:
    _, moved = row
    comes = moved.credit == account
    grains = moved.grains if comes else -moved.grains
    return MovementBody(
        id=moved.id, at=iso(moved.at_us), amount=_text(grains, moved.currency), currency=moved.currency,
        other=moved.debit if comes else moved.credit, reference=moved.reference,
    )  # fmt: skip


async def give(asked: Asked[Nothing, NewGrant]) -> GrantBody:
    """Give a customer money to spend on answers: into the wallet, or until it expires."""
    business, body = asked.business, asked.body
    amount = money(body.amount, business.currency)
    expires_us = NEVER_US if body.expires is None else instant(body.expires, "expires")
    customer = await whose(asked, body.customer)
    id, _ = await grant(customer, amount, asked.act, business.database, expires_us=expires_us, why=body.why)
    return GrantBody(
        id=id, customer=customer, amount=plain(amount), currency=amount.currency,
        expires_at=None if expires_us == NEVER_US else iso(expires_us),
    )  # fmt: skip


async def fill(asked: Asked[Nothing, NewTopUp]) -> PaymentBody:
    """Ask a customer for money to fill their wallet. The answer says how they pay; it is theirs once they have."""
    business, body = asked.business, asked.body
    amount = money(body.amount, business.currency)
    opened = await top_up(
        await whose(asked), amount, body.rail, business.payments.rails, business.database, asked.act,
        business.entropy(), return_url=business.payments.return_url(body.rail), saves=body.saves_method,
    )  # fmt: skip
    return payment_of(opened)


_ONE: Final = "/v1/customers/{customer}"
SHOW = reading(f"{_ONE}/wallet", "wallets.read", show, Nothing, WalletBody)
MOVEMENTS = reading(f"{_ONE}/wallet/movements", "wallets.read", movements, MovementsQuery, Page[MovementBody])
GRANT = Operation("POST", "/v1/grants", "wallets.write", give, Nothing, NewGrant, GrantBody, is_money=True)
TOP_UP = Operation("POST", f"{_ONE}/top-ups", "payments.write", fill, Nothing, NewTopUp, PaymentBody, is_money=True)
OPERATIONS = (SHOW, MOVEMENTS, GRANT, TOP_UP)
