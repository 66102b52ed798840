"""What the shop of a story sells: plans, packs, coupons and models, drawn at random and small enough to run out."""

from __future__ import annotations

from random import Random

from solvent.billing.coupon import FOR_EVER, Coupon
from solvent.billing.included import Included, unlimited
from solvent.billing.limits import BudgetRule, Limits
from solvent.billing.pack import Pack
from solvent.billing.plan import Beyond, Plan, Seats, Trial
from solvent.pricing.rate_card import RateCard
from solvent.values.money import Money

WON = 10**7
CLASSES = ("quick", "expert")
PICOS_A_WON = 10**12


def won(amount: int) -> Money:
    return Money(amount * WON, "KRW")


def quota(random: Random, *, may_roll: bool = True, has_seats: bool = False) -> Included:
    """So much of a unit that some ten answers use it up."""
    unit = random.choice(("answers", "answers", "tokens", "money"))
    most = {"answers": 15, "tokens": 1_500, "money": 900 * WON}[unit]
    amount = random.randrange(1, most)
    roll = random.choice((0, random.randrange(amount + 1))) if may_roll else 0
    classes = random.choice(((), (), ("quick",), ("expert",), CLASSES))
    each_seat = has_seats and random.random() < 0.5
    return Included(unit, amount, classes, roll, each_seat)  # type: ignore[arg-type]


def quotas(random: Random, count: int, *, has_seats: bool = False) -> tuple[Included, ...]:
    """Quotas that differ in unit or classes."""
    found = {(one.unit, one.classes): one for one in (quota(random, has_seats=has_seats) for _ in range(count))}
    return tuple(found.values())


def budget_amount(random: Random, unit: str) -> int:
    """So much that some tens of answers use it up."""
    return random.randrange({"answers": 40, "tokens": 5_000, "money": 3_000 * WON}[unit])


def limits(random: Random) -> Limits:
    """Perhaps some budgets."""
    if random.random() < 0.6:
        return Limits()
    rules = {}
    for _ in range(random.randrange(1, 3)):
        per, every = random.choice(("key", "user", "customer", "plan")), random.choice(("day", "month", "period"))
        unit = random.choice(("answers", "tokens", "money"))
        if (per, every) != ("plan", "period"):
            amount, is_hard = budget_amount(random, unit), random.random() < 0.7
            rules[per, every, unit] = BudgetRule(per, every, unit, amount, hard=is_hard)  # type: ignore[arg-type]
    return Limits(budgets=tuple(rules.values()))


def plan(random: Random, name: str, *, afterwards: str) -> Plan:
    """A plan that costs something."""
    has_seats = random.random() < 0.3
    seats = Seats(random.randrange(1, 4), won(random.randrange(0, 3_000)), 9) if has_seats else None
    beyond: Beyond = random.choice(("stop", "wallet", "overage"))
    included = list(quotas(random, random.randrange(4), has_seats=has_seats))
    if random.random() < 0.1:
        included.append(Included("answers", unlimited("answers"), ("quick",)))
    packs = tuple(
        Pack(f"pack{n}", won(random.randrange(1, 2_000)), quota(random, may_roll=False), random.randrange(1, 60))
        for n in range(random.randrange(3))
    )
    return Plan(
        name=name, price=won(random.randrange(1, 30_000)), period=random.choice(("month",) * 4 + ("year",)),
        included=tuple(included), beyond=beyond, seats=seats, packs=packs, afterwards=afterwards,
        overage_most=won(random.randrange(1, 2_000)) if beyond == "overage" else None,
        trial=Trial(random.randrange(1, 20), quotas(random, 1)) if random.random() < 0.25 else None,
        retry_days=random.choice(((1, 3, 5, 7), (2,), ())), grace_days=random.randrange(5), limits=limits(random),
    )  # fmt: skip


def plans(random: Random) -> dict[str, Plan]:
    """Two that cost nothing, and some that do."""
    free = Plan(name="free", price=won(0), included=(Included("answers", 5, roll_over=2),), beyond="stop")
    go = Plan(name="go", price=won(0), limits=limits(random))
    priced = [plan(random, f"plan{n}", afterwards=random.choice(("", "free", "go"))) for n in range(5)]
    return {one.name: one for one in (free, go, *priced)}


def coupons(random: Random, until_us: int) -> dict[str, Coupon]:
    """Something off in percent and in money, and two gifts."""
    many = random.choice((1, 2, FOR_EVER))
    made = (
        Coupon("TENTH", "percent", random.randrange(1, 1_000), 0, "", many, 0, 0, until_us, 0, ""),
        Coupon("WHOLE", "percent", 1_000, 0, "", 1, 0, 0, until_us, 3, ""),
        Coupon("OFF", "amount", 0, random.randrange(1, 20_000) * WON, "KRW", 2, 0, 0, until_us, 0, "plan1 plan2"),
        Coupon(
            "GIFT", "gift", 0, random.randrange(1, 900 * WON), "KRW", 1, random.randrange(1, 40), 0, until_us, 0, ""
        ),
        Coupon("STAYS", "gift", 0, random.randrange(1, 900 * WON), "KRW", 1, 0, 0, until_us, 4, ""),
    )
    return {one.code: one for one in made}


def card(random: Random, name: str, from_us: int) -> RateCard:
    """Prices of some won a token, that do not come out even in grains."""
    picos = [random.randrange(1, PICOS_A_WON) for _ in range(4)]
    return RateCard(
        name, "KRW", from_us, "menu", input_picos=picos[0], cached_input_picos=picos[1], output_picos=picos[2] * 2,
        reasoning_picos=picos[3] * 2,
    )  # fmt: skip


def prices_of(card: RateCard) -> dict[str, int]:
    """The same as plain numbers."""
    found = {"input": card.input_picos, "cached": card.cached_input_picos, "output": card.output_picos}
    found["reasoning"] = card.reasoning_picos
    return {name: picos or 0 for name, picos in found.items()}
