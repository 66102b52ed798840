"""BILLING_CASES, "Concurrency", for one process: many questions at once, and a wallet that is nearly empty."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.doors.books import check, read_books
from tests.doors.server import Answer, Solvent, question

from solvent.db.engine import open_engine
from solvent.db.group_commit import GroupCommit
from solvent.ledger import store
from solvent.ledger.account import CUSTOMER_GRANTS, REVENUE_ANSWERS, wallet
from solvent.ledger.transfer import hold, posting
from solvent.ledger.void_lost_holds import void_lost_holds
from solvent.values.ids import CustomerId, TransferId, new_id
from solvent.values.instant import US_PER_S
from solvent.values.limits import HOLD_S_MAX
from solvent.values.money import Money, money

pytestmark = pytest.mark.xdist_group("stories_of_concurrency")

AT_ONCE = 40


def ask_at_once(solvent: Solvent, key: str, times: int = AT_ONCE, **script: object) -> list[Answer]:
    body = question({"words": 3, "head_s": 0.2, **script}, max_tokens=20)
    with ThreadPoolExecutor(times) as crowd:
        asked = [crowd.submit(solvent.send, "POST", "/v1/chat/completions", body, key) for _ in range(times)]
        return [future.result() for future in asked]


def test_parallel_questions_at_the_last_cent_never_overdraw(solvent: Solvent) -> None:
    """And nobody is falsely refused once the holds are released."""
    id, key = solvent.customer(grant="0.0005")
    answers = ask_at_once(solvent, key)
    outcomes = Counter(answer.status for answer in answers)
    assert set(outcomes) == {200, 402}, outcomes
    refused = [answer for answer in answers if answer.status == 402]
    assert {answer.error["code"] for answer in refused} == {"balance_held"}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused), "only holds stood in the way"
    wallet_now = solvent.wallet(key)
    assert money(wallet_now["balance"], "USD").grains > 0
    assert wallet_now["held"] == "0"
    assert solvent.send("POST", "/v1/chat/completions", question(max_tokens=20), key).status == 200
    spent = sum(money(answer.headers["x-solvent-charge"], "USD").grains for answer in answers if answer.status == 200)
    last = money("0.0000093", "USD").grains
    assert read_books(solvent.data).balance(id) == money("0.0005", "USD").grains - spent - last


def test_the_first_questions_of_a_new_customer_see_one_budget(solvent: Solvent) -> None:
    """Eight at once with money for about two: what is promised never exceeds what is there."""
    id, key = solvent.customer(grant="0.00022")
    answers = ask_at_once(solvent, key, 8)
    assert 1 <= sum(answer.status == 200 for answer in answers) <= 3
    assert read_books(solvent.data).balance(id) >= 0


def test_a_wallet_is_spent_to_its_end_and_then_says_so(solvent: Solvent) -> None:
    """Questions one by one until nothing affords another: the last is clamped, and then 402 without Retry-After."""
    id, key = solvent.customer(grant="0.0004")
    limits = []
    for _ in range(200):
        answer = solvent.send("POST", "/v1/chat/completions", question({"words": 20}, max_tokens=20), key)
        if answer.status != 200:
            break
        limits.append(int(answer.headers.get("x-solvent-output-tokens-max", 20)))
    assert (answer.status, answer.error["code"]) == (402, "request_exceeds_balance")
    assert answer.headers["x-should-retry"] == "false"
    assert "retry-after" not in answer.headers
    assert limits == sorted(limits, reverse=True)
    assert read_books(solvent.data).balance(id) >= 0


def test_an_upstream_that_writes_more_than_its_limit_costs_the_house_and_not_the_customer(solvent: Solvent) -> None:
    user = uuid.uuid4().hex
    body = question({"words": 50, "usage": {"prompt_tokens": 11, "completion_tokens": 5000}}, user=user, max_tokens=2)
    answer = solvent.send("POST", "/v1/chat/completions", body)
    receipt = solvent.receipt_for(user)
    assert answer.status == 200
    assert "overrun" in receipt["alarms"]
    assert receipt["overrun"] != "0"
    assert money(receipt["charge"], "USD").grains <= (len(str(body)) + 200) * 300 + 2 * 1200


def test_counters_in_memory_equal_counters_rebuilt_from_rows(solvent: Solvent) -> None:
    id, key = solvent.customer(grant="1")
    ask_at_once(solvent, key, 10)
    books = read_books(solvent.data)
    check(books)
    assert books.balance(id) == money(solvent.wallet(key)["balance"], "USD").grains


def test_a_leaked_hold_expires_by_its_own_row(tmp_path: Path) -> None:
    """Whoever made it and forgot it: the row says until when, and any process may void it then."""
    customer, now_us = CustomerId("cus_1"), 1_800_000_000 * US_PER_S
    expires_us = now_us + HOLD_S_MAX * US_PER_S
    answer = new_id("ans", now_us, 7)
    leaked = hold(
        TransferId(f"{answer}.hold"), now_us, wallet(customer), REVENUE_ANSWERS, Money(100, "USD"),
        expires_us, answer,
    )  # fmt: skip
    gift = posting(TransferId("gift"), now_us, CUSTOMER_GRANTS, wallet(customer), Money(500, "USD"), "gift")

    async def live() -> None:
        database = GroupCommit(open_engine(tmp_path))
        try:
            await database.append([(store.append, gift), (store.append, leaked)])
            assert await void_lost_holds(database, expires_us - 1, lambda _: True) == []
            assert read_books(tmp_path).open_holds == [leaked]
            assert await void_lost_holds(database, expires_us, lambda _: True) == [leaked]
            assert await void_lost_holds(database, expires_us, lambda _: True) == []
        finally:
            await database.close()

    asyncio.run(live())
    check(read_books(tmp_path))
