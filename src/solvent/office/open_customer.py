"""Open a customer: with their first key, on a plan, with what they are given, all at once or not at all."""

from __future__ import annotations

import msgspec

from solvent.audit.act import Act
from solvent.audit.store import once
from solvent.billing import grant_store, proposal_store
from solvent.billing.proposal_store import Outcome
from solvent.billing.subscription import Pays, Wish
from solvent.db.port import Connection, Database
from solvent.identity import store as identity_store
from solvent.identity.caller import Customer
from solvent.identity.key import Key, NewKey, clean_name
from solvent.ledger.account import wallet
from solvent.ledger.pot import Pot
from solvent.ledger.pot_store import open_pots
from solvent.office import store
from solvent.values.ids import CustomerId, new_id
from solvent.values.instant import NEVER_US
from solvent.values.money import Money


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to open, with the secret of their first key.

    plan: the name of one on sale. seats: 0 for those included. pays: see `billing.subscription`. coupon: "" for none.
    currency: of the wallet. gift: money for it; None for none.
    """

    name: str
    plan: str
    secret: str
    currency: str
    seats: int = 0
    pays: Pays = "invoice"
    coupon: str = ""
    gift: Money | None = None

    def __repr__(self) -> str:
        return f"Opening({self.name!r}, {self.plan!r})"


class Opened(msgspec.Struct, frozen=True):
    """A customer, what may be told of their first key, and what became of their plan."""

    customer: Customer
    key: Key
    outcome: Outcome


async def open_customer(opening: Opening, act: Act, database: Database, entropy: int) -> tuple[Opened, bool]:
    """Returns the customer, and whether they are new. entropy: for the ids.

    Who pays by card and owes something for the plan has no plan until that is paid; see `billing.subscribe`.
    Raises Invalid for a bad name, plan, gift or number of seats, and what a coupon raises.
    """
    return await database.write(lambda connection: _open(connection, opening, act, entropy))


def _open(connection: Connection, opening: Opening, act: Act, entropy: int) -> tuple[Opened, bool]:
    id = CustomerId(new_id("cus", act.at_us, entropy))

    def effect() -> Opened:
        name = clean_name(opening.name, "a customer's name")
        identity_store.add_customer(connection, Customer(id, name, "", act.at_us))
        key = store.add_key(connection, NewKey("customer", id, opening.secret, entropy), act.at_us)
        open_pots(connection, [Pot(wallet(id), opening.currency, id, "wallet", "", 0, NEVER_US)])
        if opening.gift is not None and opening.gift.grains:
            grant_store.give(connection, id, opening.gift, "welcome", NEVER_US, act.at_us)
        wish = Wish(customer=id, plan=opening.plan, seats=opening.seats, pays=opening.pays, coupon=opening.coupon)
        outcome = proposal_store.start(connection, wish, act.at_us)
        return Opened(identity_store.known_customer(connection, id), key, outcome)

    return once(connection, act, "customer.open", id, effect, Opened)
