"""The whole money core, driven through random steps against a slow independent reference."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.money.drive import Drive
from tests.money.inline import InlineBooks, open_without_waiting, run_without_waiting

SEEDS_ALWAYS, STEPS = 20, 400
SEEDS = int(os.environ.get("MONEY_SEEDS", SEEDS_ALWAYS))
# Beside each kind of step: how it can end, so that no refusal and no success is left out unseen.
ENDS = """answer answered|answer abandoned|answer broken|answer failed|answers lost in a crash
refused: balance_held|refused: budget_exceeded|refused: no_seat_free|refused: plan_quota_exhausted
refused: request_exceeds_balance|refused: wallet_empty|at once: answered|at once: balance_held
at once: budget_exceeded|at once: plan_quota_exhausted|at once: request_exceeds_balance|at once: wallet_empty
plan: begin as_fits|plan: begin now|plan: change as_fits|plan: change now|plan: change period_end
plan: replace as_fits|plan: replace now|plan: replace period_end|plan: already_subscribed
plan: subscription_past_due|plan: subscription_renewing|plan: end|plan: keep|plan: now|plan: back
plan: no_subscription|renewals|ended|pots emptied|coupon: |coupon: coupon_does_not_fit|coupon: coupon_expired
coupon: coupon_taken|packs bought|packs returned|pack: pack_used_up|pack: pack_unpaid|collected: paid|collected: failed
collected: late|collected: ended|order: top_up|order: invoice|order: subscription|order: pack|order: invoice_not_due
paid|paid: what cannot be booked|transfer: |transfer: order_is_paid|transfer: payment_not_booked
transfer: transfer_differs|good cards|bad cards|refunds|refund: order_not_paid|refund: refund_exceeds_payment
refund: wallet_not_free|chargebacks|chargebacks won|chargeback_refused"""


def test_enough_steps_are_driven() -> None:
    assert SEEDS_ALWAYS * STEPS >= 8_000


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_books_say_what_the_reference_says(seed: int, tmp_path: Path, of_this_run: Path) -> None:
    engine = open_without_waiting(tmp_path)
    drive = Drive(lambda: InlineBooks(engine), seed)
    run_without_waiting(drive.run(STEPS))
    engine.dispose()
    assert len(drive.told) == STEPS
    note_ends(seed, drive.weights, drive.world.done, of_this_run)


def note_ends(seed: int, steps: Iterable[str], done: Counter[str], folder: Path) -> None:
    """The last story to be told, in whichever process, sees that together they reached every end there is."""
    written = folder / f"writing-{seed}.json"
    written.write_text(json.dumps(done))
    written.rename(folder / f"money-{seed}.json")
    told = [folder / f"money-{n}.json" for n in range(SEEDS_ALWAYS)]
    if SEEDS >= SEEDS_ALWAYS and all(file.exists() for file in told):
        reached = sum((Counter[str](json.loads(file.read_text())) for file in told), Counter[str]())
        print(reached)
        assert [end for end in (*steps, *ENDS.replace("\n", "|").split("|")) if not reached[end]] == []


@pytest.fixture
def of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the processes of one test run share."""
    mine = tmp_path_factory.getbasetemp()
    return mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine
