"""What is set aside for an answer as the books have it: a hold for each draw, made where it is written or ended.

Most answers are over before their holds were written (docs/decisions/0034): what they come to is posted at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from solvent.answering.question import Question
from solvent.billing.admission import Draw
from solvent.ledger.account import MEMO_USED, REVENUE_ANSWERS
from solvent.ledger.transfer import Transfer, hold
from solvent.ledger.unit import is_money
from solvent.values.errors import Conflict
from solvent.values.ids import AnswerId, TransferId
from solvent.values.instant import US_PER_S
from solvent.values.limits import HOLD_S_MAX
from solvent.values.money import Money

_HOLD_US_MAX: Final = HOLD_S_MAX * US_PER_S


def holds_of(question: Question, draws: Sequence[Draw], holder: str = "") -> list[Transfer]:
    """holder: the process that will end them."""
    id, at_us = question.id, question.received_us
    return [
        hold(
            _hold_id(id, n), at_us, draw.pot.account, _earned_as(draw), Money(draw.grains, draw.pot.unit),
            at_us + _HOLD_US_MAX, id, holder,
        )
        for n, draw in enumerate(draws)
    ]  # fmt: skip


def posted_at_once(id: AnswerId, n: int, draw: Draw, spent: int, at_us: int) -> Transfer:
    """What was spent of a draw whose hold was never written, under the id that the hold's end would have.

    n: which of the answer's draws. Raises Conflict for more than was set aside.
    """
    pot = draw.pot
    if not 0 <= spent <= draw.grains:
        message = f"{spent} {pot.unit} is outside the {draw.grains} that were set aside for {id}"
        raise Conflict("exceeds_hold", message)
    return Transfer(
        TransferId(_hold_id(id, n) + ".posted"), at_us, "posted", pot.account, _earned_as(draw), spent, pot.unit,
        None, 0, None, id,
    )  # fmt: skip


def _hold_id(id: AnswerId, n: int) -> TransferId:
    return TransferId(f"{id}.hold{n + 1}" if n else id + ".hold")


def _earned_as(draw: Draw) -> str:
    return REVENUE_ANSWERS if is_money(draw.pot.unit) else MEMO_USED
