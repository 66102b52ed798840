"""What tests of the office share: instants, acts and secrets."""

from __future__ import annotations

from typing import Any

from solvent.audit.act import Act
from solvent.billing.included import Included
from solvent.billing.plan import Plan
from solvent.billing.publish_plans import publish_plans
from solvent.db.group_commit import GroupCommit
from solvent.identity.key import SECRET_BYTES, secret
from solvent.ledger.store import mark
from solvent.office.open_customer import Opened, open_customer
from solvent.office.opening import Opening
from solvent.values.money import Money

NOW_US = 1_795_521_600_000_000
PLANS = (
    Plan(name="plain", price=Money(0, "KRW")),
    Plan(name="plus", price=Money(29_000 * 10**7, "KRW"), included=(Included("answers", 300),)),
)
SECRETS = [secret("customer", bytes([n]) * SECRET_BYTES) for n in range(9)]


def act(key: str, fingerprint: str = "", at_us: int = NOW_US) -> Act:
    return Act("key_owner", key, fingerprint, at_us)


def opening(n: int = 0, name: str = "Kim", plan: str = "plain", **members: Any) -> Opening:
    return Opening(name=name, plan=plan, secret=SECRETS[n], currency="KRW", **members)


async def on_sale(database: GroupCommit) -> None:
    """Publish the plans."""
    await publish_plans({plan.name: plan for plan in PLANS}, frozenset(), (), database, NOW_US)


async def opened_customer(database: GroupCommit, n: int = 0, name: str = "Kim") -> Opened:
    await on_sale(database)
    made, is_new = await open_customer(opening(n, name), act(f"open {n}"), database, n)
    assert is_new
    return made


async def callers_mark(database: GroupCommit) -> int:
    return int(await database.read(lambda connection: mark(connection, "callers")) or 0)
