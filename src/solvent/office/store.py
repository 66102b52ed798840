"""What several acts of the office do to the tables of other rooms, inside a transaction they share."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from solvent.billing import grant_store, proposal_store
from solvent.billing.proposal_store import Outcome
from solvent.billing.subscription import Wish
from solvent.identity import store as identity_store
from solvent.identity.caller import Customer
from solvent.identity.key import Key, NewKey, clean_name, issue
from solvent.ledger.account import wallet
from solvent.ledger.pot import Pot
from solvent.ledger.pot_store import open_pots
from solvent.ledger.store import mark, set_mark
from solvent.office.opening import Opening
from solvent.values.ids import CustomerId
from solvent.values.instant import NEVER_US

CALLERS: Final = "callers"  # the mark that counts changes of who may call


def touch_callers(connection: Connection) -> None:
    """Let every process look again at who may call."""
    set_mark(connection, CALLERS, str(int(mark(connection, CALLERS) or 0) + 1))


def add_key(connection: Connection, new: NewKey, now_us: int) -> Key:
    """Issue a key. Raises Invalid for a bad name, model, address or expiry."""
    key, digest = issue(new, now_us)
    identity_store.add_key(connection, key, digest)
    touch_callers(connection)
    return key


def open_customer(connection: Connection, id: CustomerId, opening: Opening, at_us: int) -> Outcome:
    """Open a customer on a plan, without a key yet. Raises what the verb does."""
    name = clean_name(opening.name, "a customer's name")
    identity_store.add_customer(connection, Customer(id, name, "", at_us))
    open_pots(connection, [Pot(wallet(id), opening.currency, id, "wallet", "", 0, NEVER_US)])
    if opening.gift is not None and opening.gift.grains:
        grant_store.give(connection, id, opening.gift, "welcome", NEVER_US, at_us)
    wish = Wish(customer=id, plan=opening.plan, seats=opening.seats, pays=opening.pays, coupon=opening.coupon)
    return proposal_store.start(connection, wish, at_us)
