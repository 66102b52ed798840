"""Books with a year of answers, made through the store functions that answers are booked by; months close as they end.

Only the making is spared the waits for the disk: one synchronous commit holds thousands of answers, where a
service's holds tens. Rows, chain, balances and roll-ups are those of a service.
"""

import random
from collections.abc import Iterator
from typing import Final

import msgspec
from bench.load.made_people import CURRENCY, VIA, People, Person
from sqlalchemy import Connection

from solvent.answering import store as receipts_store
from solvent.answering.fold_store import fold
from solvent.answering.receipt import Outcome, Receipt
from solvent.ledger import store as ledger_store
from solvent.ledger.account import MEMO_USED, REVENUE_ANSWERS, api_cost, api_payable
from solvent.ledger.transfer import Transfer, hold, post, posting, void
from solvent.ledger.unit import included
from solvent.values.ids import AnswerId, KeyId, TransferId, new_id
from solvent.values.limits import HOLD_S_MAX
from solvent.values.money import Money
from solvent.values.period import start_of_day, zone

SEOUL: Final = zone("Asia/Seoul")
ANSWERS_A_COMMIT: Final = 4_000
PROVIDER: Final = "openai_compatible"
TOP_UP_GRAINS: Final = 10_000 * 10**7
LONGEST_US: Final = 2_000_000  # an answer
HOLD_TIMES: Final = 2  # a hold is so many times what the answer comes to
RARE_KEY_SHARE: Final = 0.0001
INCLUDED: Final = included(CURRENCY)
REPORT: Final = (
    '{{"prompt_tokens":{0},"completion_tokens":{1},"total_tokens":{2},"prompt_tokens_details":{{"cached_tokens":0}}}}'
)


class Model(msgspec.Struct, frozen=True):
    """A model on sale: grains for a token read and written, as sold and as bought."""

    name: str
    price: tuple[int, int]
    cost: tuple[int, int]


# The last sells below its cost, so that there are losers.
MODELS: Final = (
    Model("quick", (20_000, 80_000), (10_000, 40_000)),
    Model("expert", (200_000, 1_000_000), (140_000, 700_000)),
    Model("scholar", (600_000, 3_000_000), (750_000, 3_800_000)),
)
MODEL_SHARES: Final = (60, 30, 10)


class Batch(msgspec.Struct):
    """What one commit writes."""

    transfers: list[Transfer]
    receipts: list[Receipt]


def days_answers(
    day: int,
    count: int,
    people: People,
    random_: random.Random,
    regulars: Iterator[Person],
    at_once: int = ANSWERS_A_COMMIT,
) -> Iterator[Batch]:
    """The answers of one day, in the order of time, so many at once. regulars: ask before all others, once each."""
    start_us, end_us = start_of_day(day, SEOUL), start_of_day(day + 1, SEOUL)
    start_us += LONGEST_US  # the first was asked for on this day too
    step_us = (end_us - start_us) // (count + 1)
    at_us = start_us + step_us // 2
    for first in range(0, count, at_once):
        size = min(at_once, count - first)
        chosen = random_.choices(people.everybody, cum_weights=people.cumulative, k=size)
        models = random_.choices(MODELS, MODEL_SHARES, k=size)
        batch = Batch([], [])
        for person, model in zip(chosen, models, strict=True):
            _answer(batch, next(regulars, person), model, day, at_us, random_)
            at_us += step_us
        yield batch


def write(connection: Connection, batch: Batch) -> None:
    """Book the answers, as the desk's commits do."""
    ledger_store.append(connection, batch.transfers)
    receipts_store.append(connection, batch.receipts)
    fold(connection)


def _answer(batch: Batch, person: Person, model: Model, day: int, at_us: int, random_: random.Random) -> None:
    chance = random_.random()
    read, written = 40 + int(random_.expovariate(1 / 600)), 4 + int(random_.expovariate(1 / 250))
    outcome: Outcome = "failed" if chance < 0.005 else "abandoned" if chance < 0.015 else "answered"
    due = read * model.price[0] + written * model.price[1]
    cost = read * model.cost[0] + written * model.cost[1]
    if outcome == "failed":
        read = written = due = cost = 0
    asked_us = at_us - min(300_000 + 12_000 * written, LONGEST_US)
    id = AnswerId(new_id("ans", asked_us, random_.getrandbits(50)))
    on_plan = _book(batch, person, id, asked_us, at_us, due)
    if cost:
        spent = Money(cost, CURRENCY)
        row = posting(TransferId(f"{id}.cost"), at_us, api_cost(PROVIDER), api_payable(PROVIDER), spent, id)
        batch.transfers.append(row)
    end_user = f"user-{random_.randrange(person.end_users)}" if person.end_users else ""
    receipt = _receipt(
        id, at_us, person, _key(person, random_), end_user, model, outcome, read, written, 0 if on_plan else due,
        due if on_plan else 0, cost, at_us - asked_us,
    )  # fmt: skip
    batch.receipts.append(receipt)


def _key(person: Person, random_: random.Random) -> KeyId:
    """The first is used most, the last hardly ever."""
    if random_.random() < RARE_KEY_SHARE:
        return KeyId(person.keys[-1])
    return KeyId(person.keys[int(random_.random() ** 2 * max(1, len(person.keys) - 1))])


def _book(batch: Batch, person: Person, id: AnswerId, asked_us: int, at_us: int, due: int) -> bool:
    """The hold and its end, after a top-up where the wallet is short. Returns whether the plan covers the answer."""
    most = max(due * HOLD_TIMES, 10**7)
    on_plan = person.quota_left >= most
    if on_plan:
        account, to, unit = person.quota, MEMO_USED, INCLUDED
        person.quota_left -= due
    else:
        account, to, unit = person.wallet, REVENUE_ANSWERS, CURRENCY
        if person.wallet_left < most:
            paid = Money(max(TOP_UP_GRAINS, most * 20), CURRENCY)
            top_up = posting(TransferId(f"order_{id}.paid"), asked_us, VIA, person.wallet, paid, f"order_{id}")
            batch.transfers.append(top_up)
            person.wallet_left += paid.grains
        person.wallet_left -= due
    expires_us = asked_us + HOLD_S_MAX * 1_000_000
    held = hold(TransferId(f"{id}.hold"), asked_us, account, to, Money(most, unit), expires_us, id, "prc_made")
    batch.transfers.append(held)
    batch.transfers.append(post(held, Money(due, unit), at_us) if due else void(held, at_us))
    return on_plan


def _receipt(
    id: AnswerId, at_us: int, person: Person, key: KeyId, end_user: str, model: Model, outcome: Outcome, read: int,
    written: int, charge: int, covered: int, cost: int, total_us: int,
) -> Receipt:  # fmt: skip
    source = "allowance" if covered else "wallet" if charge else ""
    fault, finish = ("upstream_unreachable", "") if outcome == "failed" else ("", "stop")
    report = REPORT.format(read, written, read + written) if read else ""
    return Receipt(
        id, at_us, person.id, person.plan, key, end_user, model.name, PROVIDER, f"{model.name}-2026-01", "asked",
        outcome, finish, fault, 1, 4_096, read, 0, 0, 0, written, 0, 0, 0, 0, 0, read, CURRENCY, cost, charge, 0,
        CURRENCY, cost, "openai-2026-01-15", "list-2026-01-15", "", 300_000, total_us, "", report, 0, 0, 0, 0, 0, 0, 0,
        source, 0, covered,
    )  # fmt: skip
